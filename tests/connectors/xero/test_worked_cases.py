"""The worked cases of the books as Xero's documents: lines, taxes and rates as they are sent, to the last digit."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors.xero.translate import documents, settlements
from core.book import Book
from core.entities import Allocation, Application, CreditNoteLine, InvoiceLine, LineTax
from core.reasons import Problem, ReasonCode
from tests.connectors.xero.documents import (
    CREDIT_NOTE,
    INVOICE,
    credit_note,
    credit_refund,
    invoice,
    of,
    payment,
)


def at(text):
    return datetime.fromisoformat(text).astimezone(UTC)


def line(net, tax, *, inclusive=False, quantity="1", taxes=None, **fields):
    parts = taxes or (LineTax("txr", net, tax, inclusive),)
    return InvoiceLine("What was sold", Decimal(quantity), net, parts, **fields)


def back(net, tax, **fields):
    return CreditNoteLine("il_1", "Back", Decimal(1), net, (LineTax("txr", net, tax, False),), **fields)


def amounts(row):
    return [(str(one["LineAmount"]), str(one["TaxAmount"])) for one in row["LineItems"]]


def test_an_annual_plan_with_a_coupon_is_one_net_line_that_tells_its_discount():
    row = documents.invoice(of(invoice(line(108000, 20520, discount_minor=12000), number="RE-1001")))
    assert (row["InvoiceNumber"], row["Date"], row["LineAmountTypes"]) == ("RE-1001", "2026-01-15", "Exclusive")
    assert amounts(row) == [("1080.00", "205.20")]
    assert "discount 120.00 EUR" in row["LineItems"][0]["Description"]
    paid = settlements.payment(of(payment(), part=INVOICE))
    assert (str(paid["Amount"]), paid["Date"], paid["Reference"]) == ("1285.20", "2026-01-15", "ch_1")


def test_french_prices_with_tax_inside_keep_the_tax_that_was_in_them():
    lines = (line(2497, 500, inclusive=True, quantity="3"), line(1185, 65, inclusive=True))
    row = documents.invoice(of(invoice(*lines, issued_at=at("2026-03-02T12:00:00+01:00"))))
    assert amounts(row) == [("24.97", "5.00"), ("11.85", "0.65")]
    assert sum(Decimal(net) + Decimal(tax) for net, tax in amounts(row)) == Decimal("42.47")
    # 24.97 cannot be had as 3 of anything with four decimals
    three, _ = row["LineItems"]
    assert (three["Quantity"], str(three["UnitAmount"])) == (1, "24.97")

    note = documents.credit_note(of(credit_note(back(832, 167), issued_at=at("2026-03-10T12:00:00+01:00"))))
    assert amounts(note) == [("8.32", "1.67")]
    paid = settlements.credit_refund(of(credit_refund(amount_minor=999), date="2026-03-10", origin_id="cn_1/re_1"))
    assert (str(paid["Amount"]), paid["CreditNote"], paid["Reference"]) == (
        "9.99",
        {"CreditNoteID": CREDIT_NOTE},
        "re_1",
    )


@pytest.mark.parametrize("inclusive", [False, True])
def test_the_two_tax_modes_are_told_alike_net_with_its_tax(inclusive):
    row = documents.invoice(of(invoice(line(2497, 500, inclusive=inclusive))))
    assert (amounts(row), row["LineAmountTypes"]) == ([("24.97", "5.00")], "Exclusive")


def test_without_a_tax_the_tax_is_nothing_and_told_so():
    row = documents.invoice(of(invoice(InvoiceLine("Export", Decimal(1), 50000))))
    assert amounts(row) == [("500.00", "0.00")]


def test_several_taxes_on_a_line_are_one_amount_under_the_ledgers_one_rate_of_components():
    """Canada, say: 5 % and, upon both, 9.975 %: compound, so their sum is no percentage of the net."""
    taxes = (LineTax("gst", 10000, 500, inclusive=False), LineTax("qst", 10500, 1047, inclusive=False))
    row = documents.invoice(of(invoice(line(10000, 0, taxes=taxes))))
    assert amounts(row) == [("100.00", "15.47")]
    assert len(row["LineItems"]) == 1


def test_yen_are_whole_and_a_credit_before_payment_is_allocated_on_its_day():
    book = Book("JPY", "Asia/Tokyo", "JP")
    lines = (line(1234, 123), line(5678, 568))
    billed = invoice(*lines, currency="JPY", number="JP-4001", issued_at=at("2026-02-01T00:00:00+09:00"))
    row = documents.invoice(of(billed, book=book))
    assert amounts(row) == [("1234", "123"), ("5678", "568")]
    assert (row["Date"], "CurrencyRate" in row) == ("2026-02-01", False)
    on = at("2026-02-03T00:00:00+09:00")
    allocated = settlements.allocation(of(Allocation(CREDIT_NOTE, INVOICE, "JPY", 1100, on, void=False), book=book))
    assert (str(allocated["Amount"]), allocated["Date"]) == ("1100", "2026-02-03")
    paid = settlements.payment(
        of(
            payment(
                currency="JPY",
                amount_minor=6503,
                applications=(Application(INVOICE, 6503),),
                received_at=at("2026-02-05T10:00:00+09:00"),
            ),
            part=INVOICE,
            book=book,
        )
    )
    assert (str(paid["Amount"]), paid["Date"]) == ("6503", "2026-02-05")


def test_dinars_carry_the_rate_of_their_day_and_their_payment_the_rate_that_they_settled_at():
    kuwait = InvoiceLine("Plan", Decimal(1), 120000)
    row = documents.invoice(of(invoice(kuwait, currency="KWD"), rate="2.985"))
    assert (amounts(row), str(row["CurrencyRate"])) == ([("120.000", "0.000")], "0.335008")
    settled = Decimal("352.94") / Decimal("120.000")
    paid = settlements.payment(
        of(
            payment(currency="KWD", amount_minor=120000, applications=(Application(INVOICE, 120000),)),
            part=INVOICE,
            rate=str(settled),
            settles_in="EUR",
        )
    )
    assert (str(paid["Amount"]), str(paid["CurrencyRate"])) == ("120.000", "0.340001")
    assert round(Decimal(120) / paid["CurrencyRate"], 2) == Decimal("352.94")


@pytest.mark.parametrize("minor", [12345, 1, 119999])
def test_a_third_decimal_has_no_form_there_in_any_kind_of_document(minor):
    for row in (
        documents.invoice(of(invoice(InvoiceLine("Plan", Decimal(1), minor), currency="KWD"), rate="3")),
        documents.credit_note(of(credit_note(back(minor, 0), currency="KWD"), rate="3")),
        settlements.payment(
            of(payment(currency="KWD", applications=(Application(INVOICE, minor),)), part=INVOICE, rate="3")
        ),
        settlements.allocation(
            of(Allocation(CREDIT_NOTE, INVOICE, "KWD", minor, at("2026-01-01T12:00:00+01:00"), void=False))
        ),
        settlements.credit_refund(of(credit_refund(currency="KWD", amount_minor=minor), date="2026-01-01", rate="3")),
    ):
        assert isinstance(row, Problem)
        assert row.reason.code is ReasonCode.THIRD_DECIMAL


def test_a_downgrade_is_a_credit_note_under_the_invoices_number_and_its_use_an_allocation():
    row = documents.invoice(of(invoice(line(-1400, -266), line(700, 133), number="U-3")))
    assert (row["Type"], row["CreditNoteNumber"]) == ("ACCRECCREDIT", "U-3")
    assert amounts(row) == [("14.00", "2.66"), ("-7.00", "-1.33")]
    used = settlements.allocation(
        of(Allocation(None, INVOICE, "EUR", 833, at("2026-02-10T10:00:00+01:00"), void=False, credit=CREDIT_NOTE))
    )
    assert used == {
        "CreditNote": {"CreditNoteID": CREDIT_NOTE},
        "Invoice": {"InvoiceID": INVOICE},
        "Amount": Decimal("8.33"),
        "Date": "2026-02-10",
    }


def test_credit_that_nothing_explains_is_no_allocation():
    lost = settlements.allocation(
        of(Allocation(None, INVOICE, "EUR", 500, at("2026-02-10T10:00:00+01:00"), void=False))
    )
    assert lost.reason.code is ReasonCode.CREDIT_UNEXPLAINED
    assert lost.reason.params == {"amount": "5.00 EUR"}
