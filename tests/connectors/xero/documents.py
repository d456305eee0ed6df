"""Documents as the worker composes them, reduced to what a test is about."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from connectors.contract import Document
from core.book import Book
from core.entities import (
    Allocation,
    Application,
    CreditNote,
    CreditNoteLine,
    CreditRefund,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    LineTax,
    Payment,
    Price,
    Refund,
)

BERLIN = Book("EUR", "Europe/Berlin", "DE")
CONTACT = "430fa14a-f945-44d3-9f97-5df5e28441b8"
INVOICE = "046d8a6d-1ae1-4b4d-9340-5601bdf41b87"
CREDIT_NOTE = "249f15fa-f2a7-4acc-8769-0984103f2225"
ALLOCATION = "c8a9e6b8-0b5e-4b0f-9c3c-2f6a8f4a2f11"
BANK_TRANSACTION = "db54aab0-ad40-4ced-bcff-0940ba20db2c"
PAYMENT = "99ea7f6b-c513-4066-bc27-b7c65dcd76c2"

LINE = InvoiceLine(
    description="Pro (yearly)",
    quantity=Decimal(1),
    net_minor=108000,
    taxes=(LineTax("txr_1", 108000, 20520, inclusive=False),),
    discount_minor=12000,
    price="price_1",
)


def of(entity, **fields):
    document = Document(
        entity=entity,
        origin_id="in_1",
        name="invoice RE-1001",
        remote_id=None,
        part="",
        book=BERLIN,
        choices={"income_account": "200", "clearing_account": "1200"},
        line_choices=[{"income_account": "2200", "tax_code": "OUTPUT"} for _ in getattr(entity, "lines", ())],
    )
    return replace(document, **fields)


def invoice(*lines, **fields):
    lines = lines or (LINE,)
    tax = sum(line.tax_minor for line in lines)
    entity = Invoice(
        customer=CONTACT,
        status=InvoiceStatus.PAID,
        currency="EUR",
        number="RE-1001",
        issued_at=datetime(2026, 1, 14, 23, 30, tzinfo=UTC),
        due_at=None,
        lines=lines,
        total_minor=sum(line.net_minor for line in lines) + tax,
        tax_minor=tax,
        due_minor=0,
    )
    return replace(entity, **fields)


def payment(**fields):
    entity = Payment(
        customer=CONTACT,
        currency="EUR",
        amount_minor=128520,
        succeeded=True,
        received_at=datetime(2026, 1, 15, 10, 0, tzinfo=UTC),
        applications=(Application(INVOICE, 128520),),
        charge="ch_1",
    )
    return replace(entity, **fields)


def price(**fields):
    return replace(Price("prod_1", "EUR", Decimal("49.90"), "exclusive", nickname="Pro"), **fields)


CREDIT_LINE = CreditNoteLine(
    invoice_line="il_1",
    description="Pro (yearly)",
    quantity=Decimal(1),
    net_minor=832,
    taxes=(LineTax("txr_1", 832, 167, inclusive=True),),
)


def credit_note(*lines, **fields):
    lines = lines or (CREDIT_LINE,)
    tax = sum(line.tax_minor for line in lines)
    total = sum(line.net_minor for line in lines) + tax
    entity = CreditNote(
        customer=CONTACT,
        invoice=INVOICE,
        number="RE-1001-CN-01",
        void=False,
        currency="EUR",
        issued_at=datetime(2026, 3, 9, 23, 30, tzinfo=UTC),
        lines=lines,
        total_minor=total,
        tax_minor=tax,
        due_lowered_minor=0,
        refunded_minor=total,
        to_balance_minor=0,
        outside_minor=0,
    )
    return replace(entity, **fields)


def allocation(**fields):
    at = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)
    return replace(Allocation(CREDIT_NOTE, INVOICE, "EUR", 999, at, void=False), **fields)


def credit_refund(**fields):
    return replace(CreditRefund(CREDIT_NOTE, "a refund of ours", "EUR", 999, void=False), **fields)


def refund(**fields):
    entity = Refund(
        payment="a payment of ours",
        customer=CONTACT,
        currency="EUR",
        amount_minor=1500,
        succeeded=True,
        refunded_at=datetime(2026, 3, 9, 23, 30, tzinfo=UTC),
        settled_currency="EUR",
        settled_minor=1500,
        covered_minor=0,
    )
    return replace(entity, **fields)


def at_noon(day):
    return datetime.fromisoformat(f"{day}T12:00:00+00:00")
