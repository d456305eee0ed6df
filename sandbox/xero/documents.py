"""What documents are made of: heads, lines, and the states that follow from what is open."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from sandbox.xero import wire
from sandbox.xero.amounts import EXCLUSIVE, INCLUSIVE, NO_TAX, totals
from sandbox.xero.calls import Call
from sandbox.xero.contacts import check_contact_is_active, contact_of_document
from sandbox.xero.errors import InvalidError
from sandbox.xero.ledger import Ledger
from sandbox.xero.lines import Terms, read_lines
from sandbox.xero.rows import Credit, Invoice
from sandbox.xero.wire import Element

D = TypeVar("D", Invoice, Credit)

OPEN = ("DRAFT", "SUBMITTED", "AUTHORISED")
NEXT = {
    "DRAFT": {"DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"},
    "SUBMITTED": {"DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"},
    "AUTHORISED": {"AUTHORISED", "VOIDED"},
    "PAID": set[str](),
    "VOIDED": set[str](),
    "DELETED": set[str](),
}
"""What a request may make of a document; PAID is only ever made by the system."""
_MONEY_FIELDS = ("LineItems", "LineAmountTypes", "CurrencyCode", "CurrencyRate", "Contact", "Date", "Type")
"""What stays as it is once money was applied to the document."""


class Head(NamedTuple):
    date: date
    currency: str
    rate: Decimal
    line_amount_types: str
    reference: str | None


def read_head(ledger: Ledger, element: Element, before: Head | None) -> Head:
    """With what the element says; the rest as before, or as a new document has it."""
    day = wire.read_day(element, "Date") or (before.date if before else ledger.today())
    currency = wire.read_text(element, "CurrencyCode") or (
        before.currency if before else ledger.organisation.base_currency
    )
    ledger.check_currency(currency)
    rate = wire.read_number(element, "CurrencyRate")
    if rate is None and before and currency == before.currency:
        rate = before.rate
    kinds = wire.read_text(element, "LineAmountTypes") or (before.line_amount_types if before else EXCLUSIVE)
    if kinds not in {EXCLUSIVE, INCLUSIVE, NO_TAX}:
        raise InvalidError("LineAmountTypes must be Exclusive, Inclusive or NoTax")
    reference = wire.read_text(element, "Reference")
    if reference is None and before:
        reference = before.reference
    return Head(day, currency, ledger.rate_of(currency, rate), kinds, reference)


def new_status(element: Element, word: str) -> str:
    status = wire.read_text(element, "Status") or "DRAFT"
    if status not in OPEN:
        raise InvalidError(f"{word} not of valid status for creation")
    return status


def next_status(element: Element, status: str, word: str) -> str:
    wanted = wire.read_text(element, "Status") or status
    if wanted not in NEXT[status]:
        raise InvalidError(f"{word} not of valid status for modification")
    return wanted


def ended(ledger: Ledger, before: D, status: str) -> D:
    """Voided or deleted."""
    check_contact_is_active(ledger, before.contact_id)
    if before.applied:
        raise InvalidError("This document cannot be voided as it has a payment or credit note allocated to it.")
    return replace(before, status=status, updated_at=ledger.now())


def with_head(ledger: Ledger, element: Element, before: D, status: str) -> D:
    """Changed as far as the element says, but for its lines and what only its kind has."""
    check_contact_is_active(ledger, before.contact_id)
    kept = before.applied and ledger.rules.documents_with_money_on_them_keep_their_amounts
    if kept and any(wire.given(element, name) for name in _MONEY_FIELDS):
        raise InvalidError("This document cannot be edited as it has a payment or credit note allocated to it.")
    if wire.read_text(element, "Type") not in {None, before.type}:
        raise InvalidError("The Type of a document cannot be changed")
    head = read_head(
        ledger,
        element,
        Head(before.issued_on, before.currency, before.rate, before.line_amount_types, before.reference),
    )
    contact_id = before.contact_id
    if wire.given(element, "Contact"):
        contact_id = contact_of_document(ledger, element).id
    return replace(
        before,
        updated_at=ledger.now(),
        contact_id=contact_id,
        issued_on=head.date,
        status=status,
        currency=head.currency,
        rate=head.rate,
        line_amount_types=head.line_amount_types,
        reference=head.reference,
        due_on=wire.read_day(element, "DueDate") or before.due_on,
    )


def with_lines(call: Call, element: Element, document: D, *, sale: bool, discounts: bool) -> D:
    """With the lines that were sent, in place of those it had."""
    if not wire.given(element, "LineItems"):
        if document.lines and wire.given(element, "LineAmountTypes"):
            raise InvalidError("LineItems must be sent when LineAmountTypes changes")
        return document
    terms = Terms(
        line_amount_types=document.line_amount_types,
        unit_places=call.unit_places,
        sale=sale,
        coded=document.status == "AUTHORISED",
        discounts=discounts,
    )
    lines = read_lines(call.ledger, wire.read_elements(element, "LineItems"), terms, document.id, document.lines)
    return replace(document, lines=lines, totals=totals(lines, document.line_amount_types))


def check_whole(document: Invoice | Credit) -> None:
    """What holds for every document, and that the lines of an approved one are coded."""
    if document.totals.total < 0:
        raise InvalidError("The document total must not be less than zero")
    if document.open < 0:
        raise InvalidError("The document total must not be less than what is paid and credited")
    coded = all(line.account_id is not None or line.unit_amount is None for line in document.lines)
    if document.status == "AUTHORISED" and not coded:
        raise InvalidError("Account code or ID must be specified")


def settled(ledger: Ledger, document: D, on: date) -> D:
    """With the status that follows from what is open: the system alone makes PAID, and takes it back."""
    if document.status == "AUTHORISED" and document.open == 0:
        if document.applied or ledger.rules.zero_totals_are_paid_at_once:
            return replace(document, status="PAID", fully_paid_on=on)
    elif document.status == "PAID" and document.open > 0 and ledger.rules.paid_documents_reopen:
        return replace(document, status="AUTHORISED", fully_paid_on=None)
    return document


def shown_payments(ledger: Ledger, document: Invoice | Credit) -> list[dict[str, Any]]:
    """The payments that stand on it, in short."""
    return [
        {
            "PaymentID": payment.id,
            "Date": wire.ms_date(payment.paid_on),
            "Amount": wire.amount(payment.amount),
            "Reference": payment.reference or "",
            "CurrencyRate": payment.rate,
            "HasAccount": False,
            "HasValidationErrors": False,
        }
        for payment in ledger.payments.having("document", document.id)
        if payment.status == "AUTHORISED"
    ]


def present(shown: dict[str, Any]) -> dict[str, Any]:
    """Xero leaves out what is not there."""
    return {name: value for name, value in shown.items() if value is not None}
