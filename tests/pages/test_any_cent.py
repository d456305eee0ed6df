"""For any cent of a document its cause: the parts add up to it, and what rounding did to each is said."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.entities import Invoice, InvoiceLine, InvoiceStatus, LineTax, Refund, TaxRate
from core.kinds import Kind
from core.store.reading.story import Story
from web.pages import cent
from web.pages.cent import Part

TIMES = "\N{MULTIPLICATION SIGN}"
AT = datetime(2026, 4, 1, tzinfo=UTC)
NOTHING = Story((), (), (), (), (), (), (), {})


def rate(percentage, inclusive=False):
    return TaxRate("VAT", Decimal(percentage), inclusive)


def invoice(*lines, due=0, **changed):
    net, tax = sum(line.net_minor for line in lines), sum(line.tax_minor for line in lines)
    made = Invoice("cus", InvoiceStatus.OPEN, "EUR", "A-1", AT, AT, lines, net + tax, tax, due)
    return replace(made, **changed)


def line(net, *taxes, quantity="1", unit=None, discount=0):
    unit_amount = None if unit is None else Decimal(unit)
    return InvoiceLine("Thing", Decimal(quantity), net, tuple(taxes), discount, unit_amount=unit_amount)


def apart(name, entity, rates=(), settled_by=()):
    return cent.taken_apart(name, entity, NOTHING, {"r": "VAT"}, dict(rates), settled_by)


CASES = {
    "a plain product": (line(18900, quantity="9", unit="21"), {}, [f"9 {TIMES} 21.00, exactly"]),
    "a unit price with more digits than money has": (
        line(3499, quantity="105", unit="0.33333"),
        {},
        [f"105 {TIMES} 0.33333 is 34.99965, rounded to 34.99"],
    ),
    "a discount": (
        line(4000, quantity="1", unit="50", discount=1000),
        {},
        [f"1 {TIMES} 50.00, less a discount of 10.00"],
    ),
    "a tax on top that has to be rounded": (
        line(33333, LineTax("r", 33333, 6333, inclusive=False)),
        {"r": rate("19")},
        ["", "19 % of 333.33 is 63.3327, rounded to 63.33"],
    ),
    "a tax within that has no end": (
        line(12499, LineTax("r", 12499, 2500, inclusive=True), unit="149.99"),
        {"r": rate("20", inclusive=True)},
        [
            f"1 {TIMES} 149.99, less the tax within, 25.00, exactly",
            "20 % within 149.99 is 24.998333…, rounded to 25.00",
        ],
    ),
    "a tax that some other rule decided": (
        line(10000, LineTax("r", 10000, 1999, inclusive=False)),
        {"r": rate("19")},
        ["", "19 % of 100.00"],
    ),
    "no unit price": (line(100), {}, [""]),
}


@pytest.mark.parametrize(("one", "rates", "expected"), CASES.values(), ids=CASES.keys())
def test_each_part_says_how_it_was_reckoned(one, rates, expected):
    found = [part.how for part in apart("total", invoice(one), rates).parts]
    assert [how.removesuffix(", exactly") for how in found] == [how.removesuffix(", exactly") for how in expected]
    assert all(how.endswith(", exactly") for how, told in zip(found, expected, strict=True) if "exactly" in told)


_lines = st.builds(
    lambda net, tax, inclusive: line(net, LineTax("r", net, tax, inclusive)),
    st.integers(-(10**9), 10**9),
    st.integers(0, 10**8),
    st.booleans(),
)


@given(st.lists(_lines, min_size=1, max_size=8), st.integers(-3, 3), st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_parts_of_every_amount_add_up_to_it_whatever_is_off(lines, off, paid, due):
    """Where lines and total differ, the rest is a part of its own and named as such."""
    document = invoice(*lines, due=due)
    document = replace(document, total_minor=document.total_minor + off, tax_minor=document.tax_minor - off)
    for name in cent.amounts(document):
        amount = apart(name, document, {"r": rate("19")}, [Part("payment", -paid)])
        assert sum(part.minor for part in amount.parts) == amount.minor == cent.amounts(document)[name]


def test_what_lines_do_not_explain_is_named():
    found = apart("total", invoice(line(100), total_minor=101)).parts[-1]
    assert (found.text, found.minor) == ("in no line", 1)


# the page


def test_an_amount_that_is_chosen_shows_its_parts_its_accounts_and_who_says_the_same(world, reader):
    (document,) = world.documents(Kind.INVOICE, "Zoë")
    entity = document.entity
    address = f"/records/inv_{document.id}"
    whole = reader.words(f"{address}?of=total")
    total = f"{entity.total_minor / 100:,.2f}"
    assert f"Where {total} EUR comes from" in whole
    assert f"3 {TIMES} 24.99, exactly 4000 Revenue 74.97" in whole
    assert "2100 Output tax" in whole
    assert f"the same Stripe shows {total} EUR" in whole
    assert f"the same Xero shows {total} EUR" in whole
    assert "what we sent" in whole
    taxed = reader.words(f"{address}?of=tax")
    assert "19 % of 74.97 is 14.2443, rounded to 14.24" in taxed
    due = reader.words(f"{address}?of=due")
    assert f"Total {total} Payment" in due
    assert reader.get(f"{address}?of=nonsense").status_code == 404


def test_a_refund_says_which_credit_notes_explain_it_and_what_none_explains(world, reader):
    [refund] = world.documents(Kind.REFUND)
    whole = reader.words(f"/records/re_{refund.id}")
    assert "Where 15.00 EUR comes from" in whole
    assert "9.00 Explained by no credit note 6.00 Amount 15.00" in whole
    assert "the same Stripe shows 15.00 EUR" in whole
    assert "the same Xero shows 15.00 EUR" in whole
    [paid_out] = world.documents(Kind.CREDIT_REFUND)
    part = reader.words(f"/records/x_{paid_out.id}")
    assert "Where 9.00 EUR comes from" in part
    assert "the same Xero shows 9.00 EUR" in part


def test_what_left_an_account_of_another_currency_is_held_against_what_it_settled_for():
    refund = Refund("pay", "cus", "KWD", 1000, True, AT, "EUR", 301, 0)
    spent = SimpleNamespace(currency="EUR", total_minor=301)
    assert cent.off(refund, spent, "amount") == 0
    spent.total_minor = 299
    assert cent.off(refund, spent, "amount") == -2
    assert cent.off(refund, SimpleNamespace(currency="KWD", total_minor=1000), "amount") == 0


def test_an_amount_that_another_system_shows_otherwise_is_off_by_so_much(world, reader):
    (document,) = world.documents(Kind.INVOICE, "Crème")
    gateway = "UPDATE standing SET total_minor = total_minor + {} WHERE total_minor = {} AND currency = 'EUR'"
    total = document.entity.total_minor

    def change(by, now):
        world.hub.store.write(world.workspace_id, lambda work: work.connection.exec_driver_sql(gateway.format(by, now)))

    change(3, total)
    try:
        assert "0.03 off" in reader.words(f"/records/inv_{document.id}")
    finally:
        change(-3, total + 3)
