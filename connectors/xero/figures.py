"""What Xero says its documents amount to, from rows as it shows them. None where a row does not say it all."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connectors.contract import Row
from connectors.rows import Unreadable, decimal, part, text
from connectors.xero.wire import document_date
from core.figures import Figures
from core.money import UnknownCurrency, minor_of


def of_invoice(row: Row) -> Figures | None:
    """Xero: a negative invoice stands there as a credit note, with its amounts turned round and nothing due."""
    try:
        if text(row, "Type") == "ACCRECCREDIT":
            credit = of_credit_note(row)
            return credit and replace(credit, total_minor=-credit.total_minor, tax_minor=-credit.tax_minor)
        currency = text(row, "CurrencyCode")
        total, tax, due = (_minor(row, name, currency) for name in ("Total", "TotalTax", "AmountDue"))
        return Figures(currency, total, tax, due, _stands(row), document_date(row, "Date"))
    except (Unreadable, UnknownCurrency):
        return None


def of_credit_note(row: Row) -> Figures | None:
    """What is left of it to allocate is no figure of the gateway's, so it is not compared."""
    try:
        currency = text(row, "CurrencyCode")
        total, tax = (_minor(row, name, currency) for name in ("Total", "TotalTax"))
        return Figures(currency, total, tax, 0, _stands(row), document_date(row, "Date"))
    except (Unreadable, UnknownCurrency):
        return None


def of_payment(row: Row) -> Figures | None:
    """Xero: a payment is in the currency of its invoice, which not every answer names."""
    try:
        currency = text(part(row, "Invoice"), "CurrencyCode")
        return Figures(currency, _minor(row, "Amount", currency), 0, 0, _stands(row), document_date(row, "Date"))
    except (Unreadable, UnknownCurrency):
        return None


def of_refund(row: Row) -> Figures | None:
    """Xero: money that was spent is in its bank account's currency."""
    try:
        currency = text(row, "CurrencyCode")
        return Figures(currency, _minor(row, "Total", currency), 0, 0, _stands(row), document_date(row, "Date"))
    except (Unreadable, UnknownCurrency):
        return None


def _stands(row: Row) -> bool:
    return text(row, "Status") in {"AUTHORISED", "PAID"}


def _minor(row: Mapping[str, Any], name: str, currency: str) -> int:
    amount = decimal(row, name)
    if amount is None:
        raise Unreadable(f"{name} is missing")
    try:
        return minor_of(amount, currency)
    except UnknownCurrency:
        raise
    except ValueError:
        raise Unreadable(f"{name} has more decimals than {currency}") from None
