from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.accounts import AccountRole as Role
from core.book import Book
from core.entities import Application, Invoice, InvoiceLine, InvoiceStatus, LineTax, Payment
from core.money import convert
from core.postings import Entry, PostingLine, Rate, Unbalanced, check, invoice_entries, payment_entries, trial_balance
from core.reasons import Problem, ReasonCode

BERLIN = Book("EUR", "Europe/Berlin", "DE")
DAY = datetime(2026, 4, 1, 10, tzinfo=UTC)
KWD_RATE = Rate(Decimal("2.9850"), "ECB", "2026-04-01")


def line(net_minor, *tax_minors):
    taxes = tuple(LineTax("tax_1", net_minor, tax_minor, inclusive=False) for tax_minor in tax_minors)
    return InvoiceLine("service", Decimal(1), net_minor, taxes)


def invoice(*lines, currency="EUR", status=InvoiceStatus.PAID, issued_at=DAY, number="RE-1"):
    total_minor = sum(part.net_minor + part.tax_minor for part in lines)
    tax_minor = sum(part.tax_minor for part in lines)
    return Invoice("cus_1", status, currency, number, issued_at, None, lines, total_minor, tax_minor, 0)


def payment(amount_minor, *applied, currency="EUR", settled=None, received_at=DAY, succeeded=True):
    settled_currency, settled_minor = settled or (currency, amount_minor)
    return Payment(
        "cus_1",
        currency,
        amount_minor,
        succeeded,
        received_at,
        tuple(Application(of, minor) for of, minor in applied),
        settled_currency,
        settled_minor,
        "ch_1",
    )


def plain(entry):
    return [(line.role, line.currency, line.amount_minor, line.base_minor) for line in entry.lines]


def test_an_invoice_is_a_receivable_against_revenue_and_tax_line_by_line():
    (entry,) = invoice_entries(invoice(line(1000, 100, 90), line(500)), BERLIN, None, ())
    assert (entry.event, entry.posted_on, entry.rate) == ("invoice", "2026-04-01", None)
    assert entry.lines == (
        PostingLine(Role.RECEIVABLE, "EUR", 1690, 1690, None),
        PostingLine(Role.REVENUE, "EUR", -1000, -1000, 0),
        PostingLine(Role.REVENUE, "EUR", -500, -500, 1),
        PostingLine(Role.OUTPUT_TAX, "EUR", -100, -100, 0),
        PostingLine(Role.OUTPUT_TAX, "EUR", -90, -90, 0),
    )


def test_an_invoice_is_dated_by_the_calendar_of_its_book():
    late = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    (berlin,) = invoice_entries(invoice(line(100), issued_at=late), BERLIN, None, ())
    (new_york,) = invoice_entries(invoice(line(100), issued_at=late), Book("EUR", "America/New_York"), None, ())
    assert (berlin.posted_on, new_york.posted_on) == ("2026-02-01", "2026-01-31")


@pytest.mark.parametrize("status", [InvoiceStatus.DRAFT, InvoiceStatus.VOID])
def test_a_draft_and_a_void_invoice_are_not_in_the_books(status):
    assert invoice_entries(invoice(line(100), status=status), BERLIN, None, ()) == ()


@pytest.mark.parametrize("status", [InvoiceStatus.OPEN, InvoiceStatus.PAID, InvoiceStatus.UNCOLLECTIBLE])
def test_an_issued_invoice_is_in_the_books_whether_it_is_paid_or_not(status):
    assert len(invoice_entries(invoice(line(100), status=status), BERLIN, None, ())) == 1


def test_lines_of_nothing_are_left_out_and_an_invoice_of_nothing_has_no_entry():
    (entry,) = invoice_entries(invoice(line(100), line(0, 0)), BERLIN, None, ())
    assert [part.role for part in entry.lines] == [Role.RECEIVABLE, Role.REVENUE]
    assert invoice_entries(invoice(line(0, 0)), BERLIN, None, ()) == ()


def test_lines_that_cancel_each_other_are_posted_without_a_receivable():
    (entry,) = invoice_entries(invoice(line(-1500), line(1500)), BERLIN, None, ())
    assert plain(entry) == [(Role.REVENUE, "EUR", 1500, 1500), (Role.REVENUE, "EUR", -1500, -1500)]


def test_a_negative_invoice_credits_the_receivable():
    (entry,) = invoice_entries(invoice(line(-700, -133)), BERLIN, None, ())
    assert plain(entry) == [
        (Role.RECEIVABLE, "EUR", -833, -833),
        (Role.REVENUE, "EUR", 700, 700),
        (Role.OUTPUT_TAX, "EUR", 133, 133),
    ]


def test_revenue_takes_the_cent_that_rounding_leaves_in_base():
    rate = Rate(Decimal("0.5"), "fixed", "2026-04-01")
    (entry,) = invoice_entries(invoice(line(101, 11), line(1001), currency="USD"), BERLIN, rate, ())
    assert plain(entry) == [
        (Role.RECEIVABLE, "USD", 1113, 557),
        (Role.REVENUE, "USD", -101, -51),
        (Role.REVENUE, "USD", -1001, -500),
        (Role.OUTPUT_TAX, "USD", -11, -6),
    ]
    assert entry.rate == rate


def test_where_there_is_no_revenue_the_cent_goes_to_rounding():
    rate = Rate(Decimal("0.5"), "fixed", "2026-04-01")
    (entry,) = invoice_entries(invoice(line(0, 11, 11), currency="USD"), BERLIN, rate, ())
    assert plain(entry) == [
        (Role.RECEIVABLE, "USD", 22, 11),
        (Role.OUTPUT_TAX, "USD", -11, -6),
        (Role.OUTPUT_TAX, "USD", -11, -6),
        (Role.ROUNDING, "USD", 0, 1),
    ]


def test_a_foreign_invoice_without_a_rate_waits_for_the_rate_of_its_day():
    answer = invoice_entries(invoice(line(100), currency="USD"), BERLIN, None, ())
    assert isinstance(answer, Problem)
    assert answer.reason.code is ReasonCode.RATE_MISSING
    assert answer.reason.params == {"document": "invoice RE-1", "currency": "USD", "base": "EUR", "on": "2026-04-01"}


def test_an_invoice_whose_lines_are_not_its_total_is_a_problem_with_both_numbers():
    whole = invoice(line(1000, 190))
    answer = invoice_entries(
        Invoice(**{name: getattr(whole, name) for name in Invoice.__slots__} | {"total_minor": 1191}), BERLIN, None, ()
    )
    assert isinstance(answer, Problem)
    assert "11.90 EUR" in answer.reason.sentence()
    assert "11.91 EUR" in answer.reason.sentence()
    assert "(no " not in answer.reason.sentence()


def test_an_issued_invoice_without_a_date_is_a_problem_and_not_nothing():
    answer = invoice_entries(invoice(line(100), issued_at=None), BERLIN, None, ())
    assert isinstance(answer, Problem)
    assert "invoice RE-1" in answer.reason.sentence()


def test_a_document_in_base_currency_uses_no_rate_and_records_none():
    rate = Rate(Decimal("0.5"), "fixed", "2026-04-01")
    (billed,) = invoice_entries(invoice(line(100)), BERLIN, rate, ())
    (paid,) = payment_entries(payment(100, ("inv_1", 100)), BERLIN, {"inv_1": rate}, rate)
    for entry in (billed, paid):
        assert entry.rate is None
        assert all(part.base_minor == part.amount_minor for part in entry.lines)


@pytest.mark.parametrize("value", ["0", "-1.1", "NaN", "Infinity"])
def test_a_rate_that_makes_money_worthless_is_refused(value):
    with pytest.raises(ValueError, match="is not a rate"):
        Rate(Decimal(value), "typed", "2026-04-01")


def test_a_charge_moves_the_receivable_to_the_gateways_clearing():
    (entry,) = payment_entries(payment(1690, ("inv_1", 1690)), BERLIN, {}, None)
    assert (entry.event, entry.posted_on) == ("payment", "2026-04-01")
    assert entry.lines == (
        PostingLine(Role.CLEARING, "EUR", 1690, 1690, None),
        PostingLine(Role.RECEIVABLE, "EUR", -1690, -1690, 0),
    )


def test_what_no_invoice_claims_is_the_customers_credit():
    (entry,) = payment_entries(payment(15000, ("inv_1", 11000), ("inv_2", 900)), BERLIN, {}, None)
    assert entry.lines == (
        PostingLine(Role.CLEARING, "EUR", 15000, 15000, None),
        PostingLine(Role.RECEIVABLE, "EUR", -11000, -11000, 0),
        PostingLine(Role.RECEIVABLE, "EUR", -900, -900, 1),
        PostingLine(Role.CUSTOMER_CREDIT, "EUR", -3100, -3100, None),
    )


@pytest.mark.parametrize(
    "absent",
    [payment(100, succeeded=False), payment(100, received_at=None), payment(0, ("inv_1", 0))],
    ids=["failed", "on its way", "of nothing"],
)
def test_money_that_has_not_come_is_not_in_the_books(absent):
    assert payment_entries(absent, BERLIN, {}, None) == ()


def test_money_that_came_without_a_settled_amount_is_a_problem_and_not_nothing():
    answer = payment_entries(payment(100, settled=("", 0)), BERLIN, {}, None)
    assert isinstance(answer, Problem)
    assert "payment ch_1" in answer.reason.sentence()


@pytest.mark.parametrize(
    "wrong",
    [payment(100, ("inv_1", 60), ("inv_2", 60)), payment(100, settled=("EUR", 99))],
    ids=["more applied than came", "another amount settled in the same currency"],
)
def test_a_payment_whose_parts_are_not_its_amount_is_a_problem(wrong):
    answer = payment_entries(wrong, BERLIN, {}, None)
    assert isinstance(answer, Problem)
    assert answer.reason.code is ReasonCode.TOTALS_DIFFER
    assert "1.00 EUR" in answer.reason.sentence()


def test_a_dollar_balance_is_carried_at_the_rate_of_the_day_it_grew():
    rates = {"inv_1": Rate(Decimal("0.90"), "ECB", "2026-03-01")}
    settle = Rate(Decimal("0.95"), "ECB", "2026-04-01")
    (entry,) = payment_entries(payment(20000, ("inv_1", 10000), currency="USD"), BERLIN, rates, settle)
    assert plain(entry) == [
        (Role.CLEARING, "USD", 20000, 19000),
        (Role.RECEIVABLE, "USD", -10000, -9000),
        (Role.CUSTOMER_CREDIT, "USD", -10000, -9500),
        (Role.REALISED_FX, "USD", 0, -500),
    ]
    assert entry.rate == settle


def test_a_base_document_that_settles_in_another_currency_keeps_base_amounts_whole():
    settle = Rate(Decimal("0.95"), "ECB", "2026-04-01")
    paid = payment(10000, ("inv_1", 10000), settled=("USD", 10500))
    (entry,) = payment_entries(paid, BERLIN, {}, settle)
    assert plain(entry) == [
        (Role.CLEARING, "USD", 10500, 9975),
        (Role.RECEIVABLE, "EUR", -10000, -10000),
        (Role.REALISED_FX, "USD", 0, 25),
        (Role.CURRENCY_EXCHANGE, "EUR", 10000, 10000),
        (Role.CURRENCY_EXCHANGE, "USD", -10500, -10000),
    ]


def test_a_payment_waits_for_the_rate_of_its_invoice_and_says_which_one():
    answer = payment_entries(payment(100, ("01ABC", 100), currency="USD", settled=("EUR", 90)), BERLIN, {}, None)
    assert isinstance(answer, Problem)
    assert answer.reason.code is ReasonCode.RATE_MISSING
    assert "inv_01ABC" in answer.reason.sentence()


def test_a_payment_waits_for_the_rate_of_the_currency_it_settled_in():
    rates = {"inv_1": KWD_RATE}
    answer = payment_entries(payment(100, ("inv_1", 100), currency="KWD", settled=("USD", 33)), BERLIN, rates, None)
    assert isinstance(answer, Problem)
    assert answer.reason.params["currency"] == "USD"
    assert answer.reason.params["on"] == "2026-04-01"


def test_the_worth_that_part_payments_leave_goes_to_rounding_with_the_last_of_them():
    rate = Rate(Decimal("0.5"), "ECB", "2026-04-01")
    applied = [(101, "2026-04-05"), (101, "2026-04-03"), (101, "2026-04-04")]
    first, second = invoice_entries(invoice(line(303), currency="USD"), BERLIN, rate, applied)
    assert plain(first)[0] == (Role.RECEIVABLE, "USD", 303, 152)
    assert (second.event, second.posted_on, second.rate) == ("rounding", "2026-04-05", rate)
    assert plain(second) == [(Role.RECEIVABLE, "USD", 0, 1), (Role.ROUNDING, "USD", 0, -1)]


def test_rounding_is_never_dated_before_its_invoice():
    rate = Rate(Decimal("0.5"), "ECB", "2026-04-01")
    applied = [(101, "2026-03-30"), (101, "2026-03-30"), (101, "2026-03-31")]
    _, second = invoice_entries(invoice(line(303), currency="USD"), BERLIN, rate, applied)
    assert second.posted_on == "2026-04-01"


@pytest.mark.parametrize("applied", [[(101, "2026-04-05")], [(202, "2026-04-03"), (102, "2026-04-04")]])
def test_nothing_is_rounded_away_while_an_amount_is_open(applied):
    rate = Rate(Decimal("0.5"), "ECB", "2026-04-01")
    assert len(invoice_entries(invoice(line(303), currency="USD"), BERLIN, rate, applied)) == 1


currencies = st.sampled_from(["EUR", "USD", "JPY", "KWD"])
rates = st.decimals("0.0001", "9999", places=6).map(lambda value: Rate(value, "ECB", "2026-04-01"))
amounts = st.integers(-(10**9), 10**9)
invoice_lines = st.lists(st.builds(line, amounts, amounts, amounts), min_size=1, max_size=8)


@given(invoice_lines, currencies, rates)
def test_every_invoice_entry_balances_and_keeps_its_documents_amounts(lines, currency, rate):
    whole = invoice(*lines, currency=currency)
    for entry in invoice_entries(whole, BERLIN, rate, ()):
        check(entry)
        held = {(row.role, row.currency): row.amount_minor for row in trial_balance(entry.lines)}
        assert held.get((Role.RECEIVABLE, currency), 0) == whole.total_minor
        assert held.get((Role.OUTPUT_TAX, currency), 0) == -whole.tax_minor
        assert held.get((Role.REVENUE, currency), 0) == -whole.net_minor
        for part in entry.lines:
            exact = convert(part.amount_minor, currency, rate.value if currency != "EUR" else Decimal(1), "EUR")
            taker = Role.ROUNDING if part.role is Role.ROUNDING else Role.REVENUE
            assert part.base_minor == exact or (part.role is taker and abs(part.base_minor - exact) <= len(entry.lines))


payments = st.builds(
    lambda amount, excess, currency, settled_currency, settled_minor: payment(
        amount + excess,
        ("inv_1", amount),
        currency=currency,
        settled=(settled_currency, amount + excess if settled_currency == currency else settled_minor),
    ),
    st.integers(1, 10**9),
    st.integers(0, 10**6),
    currencies,
    currencies,
    st.integers(1, 10**9),
)


@given(payments, rates, rates)
def test_every_payment_entry_balances_and_keeps_base_amounts_whole(paid, invoice_rate, settle_rate):
    (entry,) = payment_entries(paid, BERLIN, {"inv_1": invoice_rate}, settle_rate)
    check(entry)
    assert all(part.amount_minor == part.base_minor for part in entry.lines if part.currency == "EUR")
    assert sum(part.base_minor for part in entry.lines if part.role is Role.CURRENCY_EXCHANGE) == 0
    held = {(row.role, row.currency): row.amount_minor for row in trial_balance(entry.lines)}
    assert held[Role.CLEARING, paid.settled_currency] == paid.settled_minor


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=6), currencies, rates, st.randoms())
def test_a_settled_invoice_is_worth_nothing_in_base_whatever_the_order_of_its_payments(parts, currency, rate, order):
    owed = invoice(line(sum(parts)), currency=currency)
    dated = [(part, (DAY + timedelta(days=i)).date().isoformat()) for i, part in enumerate(parts)]
    paid = [payment(part, ("inv_1", part), currency=currency, settled=("EUR", 1)) for part in parts]
    if currency == "EUR":
        paid = [payment(part, ("inv_1", part)) for part in parts]
    cleared = [entry for one in paid for entry in payment_entries(one, BERLIN, {"inv_1": rate}, None)]
    expected = invoice_entries(owed, BERLIN, rate, dated)
    shuffled = order.sample(dated, len(dated))
    assert invoice_entries(owed, BERLIN, rate, shuffled) == expected
    assert all(row.role is not Role.RECEIVABLE for row in trial_balance(_lines(*expected, *cleared)))


def _lines(*entries):
    return [part for entry in entries for part in entry.lines]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (
            [PostingLine(Role.CLEARING, "EUR", 100, 100), PostingLine(Role.REVENUE, "EUR", -99, -100)],
            "1 minor units of EUR",
        ),
        (
            [PostingLine(Role.CLEARING, "USD", 100, 90), PostingLine(Role.REVENUE, "USD", -100, -89)],
            "1 minor units of base",
        ),
        (
            [PostingLine(Role.CLEARING, "EUR", 90, 90), PostingLine(Role.RECEIVABLE, "USD", -100, -90)],
            "90 minor units of EUR, -100 minor units of USD",
        ),
    ],
)
def test_an_entry_out_of_balance_is_refused_and_told_by_how_much(lines, words):
    with pytest.raises(Unbalanced, match=words):
        check(Entry("payment", "2026-04-01", tuple(lines)))


def test_a_trial_balance_is_ordered_by_code_and_leaves_out_what_holds_nothing():
    lines = [
        PostingLine(Role.REVENUE, "USD", -100, -90),
        PostingLine(Role.RECEIVABLE, "USD", 100, 90),
        PostingLine(Role.RECEIVABLE, "EUR", 5, 5),
        PostingLine(Role.RECEIVABLE, "USD", -100, -90),
        PostingLine(Role.CLEARING, "USD", 100, 95),
        PostingLine(Role.REALISED_FX, "USD", 0, -5),
    ]
    assert [(row.role.value, row.currency, row.amount_minor, row.base_minor) for row in trial_balance(lines)] == [
        ("1100", "EUR", 5, 5),
        ("1200", "USD", 100, 95),
        ("4000", "USD", -100, -90),
        ("7000", "USD", 0, -5),
    ]
