"""What invoices, credit notes and their like have in common: their heads, and how they change state."""

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sandbox.xero import wire
from sandbox.xero.amounts import EXCLUSIVE, INCLUSIVE, NO_TAX
from sandbox.xero.errors import InvalidError
from sandbox.xero.ledger import Ledger
from sandbox.xero.wire import Element

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


def present(shown: dict[str, Any]) -> dict[str, Any]:
    """Xero leaves out what is not there."""
    return {name: value for name, value in shown.items() if value is not None}
