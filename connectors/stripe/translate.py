"""Stripe's rows to entities, one section a kind. Pure: money is checked here, nothing is fetched.

Stripe: any object field may hold an id, or the object itself where it was expanded.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.contract import Row
from connectors.rows import Unreadable, decimal, flag, needed_text, part, parts, text, unix_moment, whole
from core.entities import (
    Address,
    Application,
    Customer,
    Entity,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    LineTax,
    Payment,
    Price,
    Product,
    TaxRate,
)
from core.money import EXPONENTS, UnknownCurrency, minor_of
from core.reasons import Problem, ReasonCode, problem

# --- amounts ---------------------------------------------------------------------------------------------------------

_NO_DECIMALS = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"}
)
_THREE_DECIMALS = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
# Stripe: both lost their minor unit, and are still sent with two decimals, which must be 00.
_TWO_DECIMALS_AGAINST_ISO = frozenset(["ISK", "UGX"])


def stripe_exponent(currency: str) -> int:
    """How many decimals Stripe's amounts of that currency have; not always what ISO 4217 says (MGA, ISK, UGX)."""
    if currency in _NO_DECIMALS:
        return 0
    if currency in _THREE_DECIMALS:
        return 3
    if currency in _TWO_DECIMALS_AGAINST_ISO or EXPONENTS.get(currency) == 2:
        return 2
    raise UnknownCurrency(currency)


def _currency(row: Row) -> str:
    currency = needed_text(row, "currency").upper()
    stripe_exponent(currency)
    return currency


def _minor(row: Row, name: str, currency: str) -> int:
    """Minor units of ISO 4217, from Stripe's."""
    amount = Decimal(whole(row, name)).scaleb(-stripe_exponent(currency))
    try:
        return minor_of(amount, currency)
    except ValueError:
        raise Unreadable(f"{name} has more decimals than {currency}") from None


def _unit_amount(row: Row, currency: str) -> Decimal | None:
    """Major units, up to 12 decimals of Stripe's minor unit."""
    for name in ("unit_amount_decimal", "unit_amount"):
        amount = decimal(row, name)
        if amount is not None:
            return amount.scaleb(-stripe_exponent(currency))
    return None


# --- reading ---------------------------------------------------------------------------------------------------------


def remote_id(row: Row) -> str:
    return needed_text(row, "id")


def _reader(read: Callable[[Row], Entity]) -> Callable[[Row], Entity | Problem]:
    def entity(row: Row) -> Entity | Problem:
        try:
            return read(row)
        except UnknownCurrency:
            return problem(ReasonCode.UNKNOWN_CURRENCY, currency=text(row, "currency").upper())
        except _TotalsDiffer as difference:
            return problem(ReasonCode.TOTALS_DIFFER, lines=difference.lines, total=difference.total)
        except Unreadable as trouble:
            return problem(ReasonCode.UNREADABLE_ROW, problem=trouble)

    return entity


class _TotalsDiffer(Exception):
    def __init__(self, lines: int, total: int) -> None:
        super().__init__(lines, total)
        self.lines = lines
        self.total = total


def reference(row: Mapping[str, Any], name: str) -> str:
    """The id in an expandable field; empty where it is null or absent."""
    value = row.get(name)
    if isinstance(value, dict):
        return needed_text(value, "id")
    return text(row, name)


def _needed_reference(row: Row, name: str) -> str:
    found = reference(row, name)
    if not found:
        raise Unreadable(f"{name} is missing")
    return found


# --- customer, product, price, tax rate ------------------------------------------------------------------------------


@_reader
def customer(row: Row) -> Customer:
    address = part(row, "address")
    return Customer(
        name=text(row, "name") or text(row, "business_name") or text(row, "individual_name"),
        email=text(row, "email"),
        phone=text(row, "phone"),
        address=Address(
            line1=text(address, "line1"),
            line2=text(address, "line2"),
            city=text(address, "city"),
            region=text(address, "state"),
            postal_code=text(address, "postal_code"),
            country=text(address, "country"),
        ),
        tax_exempt=text(row, "tax_exempt") or "none",
        description=text(row, "description"),
    )


@_reader
def product(row: Row) -> Product:
    return Product(
        name=needed_text(row, "name"),
        description=text(row, "description"),
        active=flag(row, "active", absent=True),
    )


@_reader
def price(row: Row) -> Price:
    currency = _currency(row)
    recurring = part(row, "recurring")
    return Price(
        product=_needed_reference(row, "product"),
        currency=currency,
        unit_amount=_unit_amount(row, currency),
        tax_behavior=text(row, "tax_behavior") or "unspecified",
        interval=text(recurring, "interval"),
        interval_count=whole(recurring, "interval_count") if recurring else 0,
        nickname=text(row, "nickname"),
        active=flag(row, "active", absent=True),
    )


@_reader
def tax_rate(row: Row) -> TaxRate:
    percentage = decimal(row, "percentage")
    if percentage is None:
        raise Unreadable("percentage is missing")
    return TaxRate(
        name=needed_text(row, "display_name"),
        percentage=percentage,
        inclusive=flag(row, "inclusive", absent=False),
        country=text(row, "country"),
        region=text(row, "state"),
        tax_type=text(row, "tax_type"),
        active=flag(row, "active", absent=True),
    )


# --- invoice ---------------------------------------------------------------------------------------------------------


@_reader
def invoice(row: Row) -> Invoice:
    currency = _currency(row)
    status = _invoice_status(row)
    lines = part(row, "lines")
    if flag(lines, "has_more", absent=False):
        raise Unreadable("lines are not all there")
    read = Invoice(
        customer=_needed_reference(row, "customer"),
        status=status,
        currency=currency,
        number="" if status is InvoiceStatus.DRAFT else needed_text(row, "number"),
        issued_at=None if status is InvoiceStatus.DRAFT else _issued_at(row),
        due_at=unix_moment(row, "due_date"),
        lines=tuple(_line(line, currency) for line in parts(lines, "data")),
        total_minor=_minor(row, "total", currency),
        tax_minor=0,
        due_minor=_minor(row, "amount_remaining", currency),
        memo=text(row, "description"),
    )
    return _with_tax(read)


def _with_tax(read: Invoice) -> Invoice:
    tax = sum(line.tax_minor for line in read.lines)
    if read.counts and read.net_minor + tax != read.total_minor:
        raise _TotalsDiffer(read.net_minor + tax, read.total_minor)
    return replace(read, tax_minor=tax)


def _invoice_status(row: Row) -> InvoiceStatus:
    try:
        return InvoiceStatus(needed_text(row, "status"))
    except ValueError:
        raise Unreadable("status is none that is known") from None


def _issued_at(row: Row) -> datetime:
    moment = unix_moment(row, "effective_at") or unix_moment(part(row, "status_transitions"), "finalized_at")
    if moment is None:
        raise Unreadable("effective_at and finalized_at are missing")
    return moment


def _line(row: Row, currency: str) -> InvoiceLine:
    """Stripe: a line's amount is before discounts, and holds the tax that is included in the price."""
    pricing = part(row, "pricing")
    details = part(pricing, "price_details")
    period = part(row, "period")
    service_from, service_until = unix_moment(period, "start"), unix_moment(period, "end")
    discount = sum(_minor(discount, "amount", currency) for discount in parts(row, "discount_amounts"))
    gross = _minor(row, "amount", currency) - discount
    taxes = [
        _tax(tax, currency, gross) for tax in parts(row, "taxes") if tax.get("amount") or tax.get("tax_rate_details")
    ]
    included = sum(tax.amount_minor for tax in taxes if tax.inclusive)
    return InvoiceLine(
        id=text(row, "id"),
        description=text(row, "description"),
        quantity=_quantity(row),
        net_minor=gross - included,
        taxes=tuple(taxes),
        discount_minor=discount,
        price=reference(details, "price") or None,
        product=reference(details, "product") or None,
        unit_amount=_unit_amount(pricing, currency),
        # Stripe: a one-off item has a period of no length
        service_from=service_from if service_from != service_until else None,
        service_until=service_until if service_from != service_until else None,
    )


def _quantity(row: Row) -> Decimal:
    for name in ("quantity_decimal", "quantity"):
        quantity = decimal(row, name)
        if quantity is not None:
            return quantity
    return Decimal(1)


def _tax(row: Row, currency: str, gross: int) -> LineTax:
    behavior = needed_text(row, "tax_behavior")
    if behavior not in {"inclusive", "exclusive"}:
        raise Unreadable("tax_behavior is none that is known")
    taxable = gross if row.get("taxable_amount") is None else _minor(row, "taxable_amount", currency)
    return LineTax(
        rate=_needed_reference(part(row, "tax_rate_details"), "tax_rate"),
        taxable_minor=taxable,
        amount_minor=_minor(row, "amount", currency),
        inclusive=behavior == "inclusive",
    )


# --- payment ---------------------------------------------------------------------------------------------------------


@_reader
def payment(row: Row) -> Payment:
    """{"id", "object": "payment", "payment_intent" or "charge", "invoice_payments"}: composed by the client.

    Stripe: a charge may succeed before its balance transaction is written; until then the money has not arrived.
    """
    intent = part(row, "payment_intent")
    charge = part(row, "charge") or part(intent, "latest_charge")
    source = intent or charge
    currency = _currency(source)
    arrival = part(charge, "balance_transaction")
    succeeded = text(source, "status") == "succeeded" and flag(charge, "captured", absent=True) and bool(arrival)
    received = "amount_received" if intent else "amount_captured"
    read = Payment(
        customer=reference(source, "customer") or None,
        currency=currency,
        amount_minor=_minor(source, received if succeeded else "amount", currency),
        succeeded=succeeded,
        received_at=None,
        applications=tuple(
            Application(_needed_reference(paid, "invoice"), _minor(paid, "amount_paid", currency))
            for paid in parts(row, "invoice_payments")
            if text(paid, "status") == "paid"
        ),
        charge=text(charge, "id"),
    )
    if not succeeded:
        return read
    settled_currency = _currency(arrival)
    whole(arrival, "created")
    return replace(
        read,
        received_at=unix_moment(arrival, "created"),
        settled_currency=settled_currency,
        settled_minor=_minor(arrival, "amount", settled_currency),
    )
