"""Invoices and what takes them back. A line's revenue is what is left of its amount without discount and tax."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from connectors.contract import Row
from connectors.rows import Unreadable, decimal, flag, needed_text, part, parts, text, unix_moment
from connectors.stripe.translate.reading import (
    TotalsDiffer,
    currency_of,
    major,
    minor,
    needed_reference,
    reader,
    reference,
    remote_id,
)
from core.entities import (
    Allocation,
    CreditNote,
    CreditNoteLine,
    CreditRefund,
    Entity,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    LineTax,
)
from core.kinds import Kind

# --- invoice ---------------------------------------------------------------------------------------------------------


@reader
def invoice(row: Row) -> Invoice:
    currency = currency_of(row)
    status = _invoice_status(row)
    read = Invoice(
        customer=needed_reference(row, "customer"),
        status=status,
        currency=currency,
        number="" if status is InvoiceStatus.DRAFT else needed_text(row, "number"),
        issued_at=None if status is InvoiceStatus.DRAFT else _issued_at(row),
        due_at=unix_moment(row, "due_date"),
        lines=tuple(_line(line, currency) for line in _all_lines(row)),
        total_minor=minor(row, "total", currency),
        tax_minor=0,
        due_minor=minor(row, "amount_remaining", currency),
        subscription=reference(part(part(row, "parent"), "subscription_details"), "subscription") or None,
        memo=text(row, "description"),
        from_balance_minor=_from_balance(row, currency),
    )
    tax = sum(line.tax_minor for line in read.lines)
    if read.counts and read.net_minor + tax != read.total_minor:
        raise TotalsDiffer(currency, read.net_minor + tax, read.total_minor)
    return replace(read, tax_minor=tax)


def _from_balance(row: Row, currency: str) -> int:
    """Stripe: a balance is negative where the customer has credit. It moves when the invoice is finalised."""
    if row.get("ending_balance") is None:
        return 0
    return minor(row, "ending_balance", currency) - minor(row, "starting_balance", currency)


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
    pricing = part(row, "pricing")
    details = part(pricing, "price_details")
    period = part(row, "period")
    service_from, service_until = unix_moment(period, "start"), unix_moment(period, "end")
    net, discount, taxes = _worth(row, currency)
    return InvoiceLine(
        id=text(row, "id"),
        description=text(row, "description"),
        quantity=_quantity(row),
        net_minor=net,
        taxes=taxes,
        discount_minor=discount,
        price=reference(details, "price") or None,
        product=reference(details, "product") or None,
        unit_amount=major(pricing, "unit_amount", currency),
        # Stripe: a one-off item has a period of no length
        service_from=service_from if service_from != service_until else None,
        service_until=service_until if service_from != service_until else None,
    )


# --- credit note -----------------------------------------------------------------------------------------------------


@reader
def credit_note(row: Row) -> CreditNote:
    """Stripe: of its total, a part lowered what was due (pre-payment); the rest is given back, in up to three ways."""
    currency = currency_of(row)
    lines = tuple(_credit_line(line, currency) for line in _all_lines(row))
    tax = sum(line.tax_minor for line in lines)
    total = minor(row, "total", currency)
    net = sum(line.net_minor for line in lines)
    if net + tax != total:
        raise TotalsDiffer(currency, net + tax, total)
    lowered = minor(row, "pre_payment_amount", currency)
    refunded = sum(amount for _, amount in _refunds(row, currency))
    outside = _given_outside(row, currency)
    to_balance = minor(row, "post_payment_amount", currency) - refunded - outside
    if lowered + refunded + to_balance + outside != total or to_balance < 0:
        raise Unreadable("pre_payment_amount, refunds, the customer's balance and out_of_band_amount are not its total")
    if to_balance and not reference(row, "customer_balance_transaction"):
        raise Unreadable("customer_balance_transaction is missing")
    return CreditNote(
        customer=needed_reference(row, "customer"),
        invoice=needed_reference(row, "invoice"),
        number=needed_text(row, "number"),
        void=_is_void(row),
        currency=currency,
        issued_at=_credited_at(row),
        lines=lines,
        total_minor=total,
        tax_minor=tax,
        due_lowered_minor=lowered,
        refunded_minor=refunded,
        to_balance_minor=to_balance,
        outside_minor=outside,
        reason=text(row, "reason"),
    )


def beside_credit_note(row: Row) -> Sequence[tuple[Kind, str, Entity]]:
    """What it did to its invoice, and the refunds that pay it out: Stripe has no rows of their own for either."""
    currency, ident, void = currency_of(row), remote_id(row), _is_void(row)
    told: list[tuple[Kind, str, Entity]] = []
    if lowered := minor(row, "pre_payment_amount", currency):
        invoice_id = needed_reference(row, "invoice")
        allocation = Allocation(ident, invoice_id, currency, lowered, _credited_at(row), void)
        told.append((Kind.ALLOCATION, f"{ident}/{invoice_id}", allocation))
    for refund_id, amount in _refunds(row, currency):
        paid_out = CreditRefund(ident, refund_id, currency, amount, void)
        told.append((Kind.CREDIT_REFUND, f"{ident}/{refund_id}", paid_out))
    return told


def _refunds(row: Row, currency: str) -> list[tuple[str, int]]:
    """(refund's id, amount). Stripe: what a payment record refunded went back outside of Stripe."""
    return [
        (refund_id, minor(one, "amount_refunded", currency))
        for one in parts(row, "refunds")
        if (refund_id := reference(one, "refund"))
    ]


def _given_outside(row: Row, currency: str) -> int:
    recorded = [one for one in parts(row, "refunds") if not reference(one, "refund")]
    told = minor(row, "out_of_band_amount", currency) if row.get("out_of_band_amount") is not None else 0
    return told + sum(minor(one, "amount_refunded", currency) for one in recorded)


def _is_void(row: Row) -> bool:
    status = needed_text(row, "status")
    if status not in {"issued", "void"}:
        raise Unreadable("status is none that is known")
    return status == "void"


def _credited_at(row: Row) -> datetime:
    moment = unix_moment(row, "effective_at") or unix_moment(row, "created")
    if moment is None:
        raise Unreadable("effective_at and created are missing")
    return moment


def _credit_line(row: Row, currency: str) -> CreditNoteLine:
    net, _, taxes = _worth(row, currency)
    return CreditNoteLine(
        invoice_line=text(row, "invoice_line_item"),
        description=text(row, "description"),
        quantity=_quantity(row),
        net_minor=net,
        taxes=taxes,
    )


# --- lines of both ---------------------------------------------------------------------------------------------------


def _all_lines(row: Row) -> Sequence[Row]:
    lines = part(row, "lines")
    if flag(lines, "has_more", absent=False):
        raise Unreadable("lines are not all there")
    return parts(lines, "data")


def _worth(row: Row, currency: str) -> tuple[int, int, tuple[LineTax, ...]]:
    """(net, discount, taxes). Stripe: a line's amount is before discounts, and holds tax that the price includes."""
    discount = sum(minor(discount, "amount", currency) for discount in parts(row, "discount_amounts"))
    gross = minor(row, "amount", currency) - discount
    taxes = tuple(
        _tax(tax, currency, gross) for tax in parts(row, "taxes") if tax.get("amount") or tax.get("tax_rate_details")
    )
    return gross - sum(tax.amount_minor for tax in taxes if tax.inclusive), discount, taxes


def _tax(row: Row, currency: str, gross: int) -> LineTax:
    behavior = needed_text(row, "tax_behavior")
    if behavior not in {"inclusive", "exclusive"}:
        raise Unreadable("tax_behavior is none that is known")
    taxable = gross if row.get("taxable_amount") is None else minor(row, "taxable_amount", currency)
    return LineTax(
        rate=needed_reference(part(row, "tax_rate_details"), "tax_rate"),
        taxable_minor=taxable,
        amount_minor=minor(row, "amount", currency),
        inclusive=behavior == "inclusive",
    )


def _quantity(row: Row) -> Decimal:
    for name in ("quantity_decimal", "quantity"):
        quantity = decimal(row, name)
        if quantity is not None:
            return quantity
    return Decimal(1)
