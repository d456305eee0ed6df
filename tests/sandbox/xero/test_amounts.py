"""The arithmetic of lines and documents: by example through the API, by law through Hypothesis."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.xero.amounts import EXCLUSIVE, INCLUSIVE, NO_TAX, effective_rate, line_total, tax_on, totals
from sandbox.xero.rows import Line, TaxComponent
from sandbox.xero.wire import hundredths, render
from tests.sandbox.xero.conftest import invoice, line


@pytest.mark.parametrize(
    ("kinds", "lines", "sums"),
    [
        ("Exclusive", [line(UnitAmount=0.05, TaxType="TAX002")], (0.05, 0.01, 0.06)),
        (
            "Exclusive",
            [line(UnitAmount=0.13), line(UnitAmount=0.13), line(UnitAmount=0.13)],
            (0.39, 0.06, 0.45),
        ),
        (
            "Inclusive",
            [line(UnitAmount=29.97, TaxType="TAX002"), line(UnitAmount=12.5, TaxType="TAX003")],
            (36.82, 5.65, 42.47),
        ),
        ("NoTax", [line(UnitAmount=119, TaxType="OUTPUT")], (119, 0, 119)),
        ("Exclusive", [line(UnitAmount=-15), line(UnitAmount=30)], (15, 2.85, 17.85)),
        (
            "Exclusive",
            [line(UnitAmount=1234, TaxAmount=123), line(UnitAmount=5678, TaxAmount=568)],
            (6912, 691, 7603),
        ),
        ("Exclusive", [line(UnitAmount=49, Quantity=2, DiscountRate=10)], (88.2, 16.76, 104.96)),
        ("Exclusive", [line(UnitAmount=49, Quantity=2, DiscountAmount=9.8)], (88.2, 16.76, 104.96)),
        ("Exclusive", [line(UnitAmount=100, TaxType="NONE")], (100, 0, 100)),
        ("Exclusive", [line(), {"Description": "Only words"}], (100, 19, 119)),
    ],
)
def test_xero_rounds_tax_line_by_line_and_adds_up(invoiced, kinds, lines, sums):
    row = invoiced(LineAmountTypes=kinds, LineItems=lines)
    assert (row["SubTotal"], row["TotalTax"], row["Total"]) == sums


def test_an_explicit_tax_amount_overrides_the_computed_one(invoiced):
    row = invoiced(LineItems=[line(TaxAmount=19.01)])
    assert (row["LineItems"][0]["TaxAmount"], row["Total"]) == (19.01, 119.01)


def test_discounts_are_told(invoiced):
    row = invoiced(LineItems=[line(UnitAmount=49, Quantity=2, DiscountRate=10)])
    assert (row["IsDiscounted"], row["TotalDiscount"], row["LineItems"][0]["DiscountRate"]) == (True, 9.8, 10)
    assert invoiced(Reference="2")["IsDiscounted"] is False


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"LineAmount": 99.99}, "The line total 99.99 does not match the expected line total 100.00"),
        (
            {"Quantity": 3, "UnitAmount": 0.3333, "LineAmount": 1},
            "The line total 1.00 does not match the expected line total 0.99",
        ),
        (
            {"DiscountRate": 10, "LineAmount": 100},
            "The line total 100.00 does not match the expected line total 90.00",
        ),
        (
            {"DiscountRate": 10, "DiscountAmount": 1},
            "Only one of DiscountRate and DiscountAmount can be given",
        ),
        ({"DiscountRate": 101}, "DiscountRate must be between 0 and 100"),
    ],
)
def test_a_line_whose_amounts_contradict_each_other_is_refused(client, fields, message):
    assert client.refused("PUT", "/Invoices", invoice(LineItems=[line(**fields)])) == [message]


def test_bills_take_no_discounts(client):
    body = invoice(Type="ACCPAY", LineItems=[line(DiscountRate=10, AccountCode="404")])
    assert client.refused("PUT", "/Invoices", body) == ["Discounts can only be given on sales invoices and quotes"]


def test_unit_amounts_keep_four_decimals_only_when_asked_to(client):
    body = invoice(LineItems=[line(Quantity=1000, UnitAmount=0.0125)])
    two = client.ok("PUT", "/Invoices", body)
    four = client.ok("PUT", "/Invoices?unitdp=4", body)
    assert (two["LineItems"][0]["UnitAmount"], two["SubTotal"]) == (0.01, 10)
    assert (four["LineItems"][0]["UnitAmount"], four["SubTotal"]) == (0.0125, 12.5)
    (shown,) = client.ok("GET", f"/Invoices/{four['InvoiceID']}")
    assert shown["LineItems"][0]["UnitAmount"] == 0.01
    (shown,) = client.ok("GET", f"/Invoices/{four['InvoiceID']}?unitdp=4")
    assert shown["LineItems"][0]["UnitAmount"] == 0.0125


def test_a_line_amount_alone_makes_its_unit_amount(invoiced):
    (item,) = invoiced(LineItems=[line(UnitAmount=None, Quantity=3, LineAmount=10)])["LineItems"]
    assert (item["LineAmount"], item["Quantity"], item["UnitAmount"]) == (10, 3, 3.33)


def test_amounts_are_stored_with_two_decimals_in_every_currency(client, invoiced):
    for code in ("JPY", "KWD"):
        client.ok("PUT", "/Currencies", {"Code": code})
        row = invoiced(CurrencyCode=code, Reference=code, LineItems=[line(UnitAmount=1.239, TaxType="NONE")])
        assert row["Total"] == 1.24


def test_an_item_brings_its_price_account_tax_and_description(client, invoiced):
    sales = {"UnitPrice": 49, "AccountCode": "260", "TaxType": "TAX001"}
    client.ok("PUT", "/Items", {"Code": "price_1", "Name": "Pro", "Description": "Pro plan", "SalesDetails": sales})
    (item,) = invoiced(LineItems=[{"ItemCode": "price_1", "Quantity": 2}])["LineItems"]
    assert (item["Description"], item["LineAmount"], item["AccountCode"]) == ("Pro plan", 98, "260")
    assert (item["TaxType"], item["TaxAmount"], item["ItemCode"]) == ("TAX001", 6.86, "price_1")


CENTS = st.integers(-(10**9), 10**9)
RATES = st.decimals(0, 100, places=4)


def made(line_amount, tax):
    return Line("1", "x", Decimal(1), None, line_amount, tax, None, None)


@given(st.lists(st.tuples(CENTS, CENTS), max_size=20), st.sampled_from([EXCLUSIVE, INCLUSIVE, NO_TAX]))
def test_a_total_is_its_subtotal_and_its_tax_and_follows_from_the_lines(amounts, kinds):
    lines = [made(amount, 0 if kinds == NO_TAX else tax) for amount, tax in amounts]
    sums = totals(lines, kinds)
    assert sums.total == sums.subtotal + sums.tax
    assert sums.tax == sum(one.tax_amount for one in lines)
    of_lines = sum(one.line_amount for one in lines)
    assert of_lines == (sums.total if kinds == INCLUSIVE else sums.subtotal)


@given(CENTS, RATES)
def test_tax_on_top_is_within_half_a_cent_and_mirrors_its_sign(amount, rate):
    tax = tax_on(amount, rate, EXCLUSIVE)
    assert abs(Decimal(tax) - Decimal(amount) * rate / 100) <= Decimal("0.5")
    assert tax_on(-amount, rate, EXCLUSIVE) == -tax


@given(CENTS, RATES)
def test_tax_inside_leaves_a_net_amount_that_it_is_the_tax_on(amount, rate):
    tax = tax_on(amount, rate, INCLUSIVE)
    net = amount - tax
    assert abs(tax_on(net, rate, EXCLUSIVE) - tax) <= 1
    assert tax_on(-amount, rate, INCLUSIVE) == -tax
    assert tax_on(amount, rate, NO_TAX) == 0


@given(st.decimals(-1000, 1000, places=4), st.decimals(-1000, 1000, places=4), RATES)
def test_a_line_total_is_quantity_times_price_less_discount_rounded_once(quantity, unit, rate):
    exact = quantity * unit * (100 - rate) / 100
    assert line_total(quantity, unit, rate, None) == int((exact * 100).quantize(Decimal(1), ROUND_HALF_UP))
    assert line_total(quantity, unit, None, 7) == line_total(quantity, unit, None, None) - 7


def test_halves_are_rounded_away_from_zero():
    assert [hundredths(Decimal(text)) for text in ("0.005", "-0.005", "0.015", "0.0049")] == [1, -1, 2, 0]


def test_compound_components_are_charged_on_the_others():
    parts = (TaxComponent("A", Decimal(10)), TaxComponent("B", Decimal(5), compound=True))
    assert effective_rate(parts) == Decimal("15.5")


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15))
def test_a_decimal_is_written_digit_by_digit(number):
    assert Decimal(render(number)) == number
    assert "E" not in render(number)
