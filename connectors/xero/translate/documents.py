"""Invoices and credit notes: lines with their net amounts and taxes, told so that the ledger keeps the gateway's cents.

Xero computes tax by itself unless it is told: every line carries its net amount and its tax.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from connectors.contract import Document, Row
from connectors.xero.translate.amounts import (
    DESCRIPTION_MAX,
    INCOME_ACCOUNT,
    TAX_CODE,
    UNIT_STEP,
    fits,
    of,
    rate,
    third_decimal,
)
from core.clock import local_date
from core.entities import CreditNote, CreditNoteLine, Entity, Invoice, InvoiceLine, InvoiceStatus
from core.money import Money, decimal_of
from core.reasons import Problem, ReasonCode, problem

# --- invoice ---------------------------------------------------------------------------------------------------------


def owes_invoice(entity: Entity, is_there: bool) -> bool:
    """Neither a draft, nor a void that was never sent, nor one of all zero lines (a trial) is a document there."""
    read = of(Invoice, entity)
    if read.status is InvoiceStatus.VOID:
        return is_there
    return read.counts and _says_something(read.lines)


def invoice(document: Document) -> Row | Problem:
    """Xero: no total is negative. What the gateway takes back with an invoice is a credit note, of the same number."""
    entity = of(Invoice, document.entity)
    if entity.total_minor < 0:
        return _negative_invoice(document, entity)
    element: Row = {
        "Type": "ACCREC",
        "Status": "AUTHORISED",
        "InvoiceNumber": entity.number,
        "Reference": document.origin_id,
    }
    if document.remote_id:
        element["InvoiceID"] = document.remote_id
    if entity.status is InvoiceStatus.VOID:
        return _voided(element)
    assert entity.issued_at is not None
    body = _body(document, entity, entity.issued_at)
    if isinstance(body, Problem):
        return body
    due_on = local_date(entity.due_at or entity.issued_at, document.book.time_zone)
    return {**element, **body, "DueDate": due_on}


def _negative_invoice(document: Document, entity: Invoice) -> Row | Problem:
    element = _credit_element(document, entity.number)
    if entity.status is InvoiceStatus.VOID:
        return _voided(element)
    assert entity.issued_at is not None
    turned_round = replace(
        entity,
        total_minor=-entity.total_minor,
        lines=tuple(
            replace(
                line,
                net_minor=-line.net_minor,
                taxes=tuple(replace(tax, amount_minor=-tax.amount_minor) for tax in line.taxes),
            )
            for line in entity.lines
        ),
    )
    body = _body(document, turned_round, entity.issued_at)
    return body if isinstance(body, Problem) else {**element, **body}


# --- credit note -----------------------------------------------------------------------------------------------------


def owes_credit_note(entity: Entity, is_there: bool) -> bool:
    """Neither a void that was never sent, nor one of all zero lines is a document there."""
    read = of(CreditNote, entity)
    return is_there if read.void else _says_something(read.lines)


def credit_note(document: Document) -> Row | Problem:
    """Xero: the amounts of a credit note are positive, and it knows no discounts."""
    entity = of(CreditNote, document.entity)
    element = _credit_element(document, entity.number)
    if entity.void:
        return _voided(element)
    body = _body(document, entity, entity.issued_at)
    return body if isinstance(body, Problem) else {**element, **body}


def _credit_element(document: Document, number: str) -> Row:
    element: Row = {
        "Type": "ACCRECCREDIT",
        "Status": "AUTHORISED",
        "CreditNoteNumber": number,
        "Reference": document.origin_id,
    }
    if document.remote_id:
        element["CreditNoteID"] = document.remote_id
    return element


# --- what both are made of -------------------------------------------------------------------------------------------


def is_void(entity: Entity) -> bool:
    return entity.void if isinstance(entity, CreditNote) else of(Invoice, entity).status is InvoiceStatus.VOID


def _says_something(lines: Sequence[InvoiceLine] | Sequence[CreditNoteLine]) -> bool:
    return any(line.net_minor or line.tax_minor for line in lines)


def _voided(element: Row) -> Row:
    """Xero: voiding changes the status and nothing else."""
    return {**element, "Status": "VOIDED"}


def _body(document: Document, entity: Invoice | CreditNote, issued_at: datetime) -> Row | Problem:
    issued_on = local_date(issued_at, document.book.time_zone)
    told = rate(document, entity.currency, issued_on)
    if trouble := _unkeepable(entity) or (told if isinstance(told, Problem) else None):
        return trouble
    lines: Sequence[InvoiceLine | CreditNoteLine] = entity.lines
    return {
        "Contact": {"ContactID": entity.customer},
        "Date": issued_on,
        "CurrencyCode": entity.currency,
        **({"CurrencyRate": told} if told else {}),
        "LineAmountTypes": "Exclusive",
        "LineItems": [
            _line(line, choices, entity.currency, document.name)
            for line, choices in zip(lines, document.line_choices, strict=True)
        ],
    }


def _unkeepable(entity: Invoice | CreditNote) -> Problem | None:
    lines = entity.net_minor + sum(line.tax_minor for line in entity.lines)
    if lines != entity.total_minor:
        return problem(
            ReasonCode.TOTALS_DIFFER,
            lines=Money(entity.currency, lines),
            total=Money(entity.currency, entity.total_minor),
        )
    if entity.total_minor < 0:
        return problem(ReasonCode.NEGATIVE_TOTAL, amount=Money(entity.currency, entity.total_minor))
    return third_decimal(
        [amount for line in entity.lines for amount in (line.net_minor, line.tax_minor)], entity.currency
    )


def _line(line: InvoiceLine | CreditNoteLine, choices: Mapping[str, str], currency: str, name: str) -> Row:
    net = decimal_of(line.net_minor, currency)
    quantity, unit = _quantity_and_unit(line.quantity, net)
    element: Row = {
        "Description": _description(line, currency) or name,
        "Quantity": quantity,
        "UnitAmount": unit,
        "LineAmount": net,
        "TaxAmount": decimal_of(line.tax_minor, currency),
        "TaxType": choices[TAX_CODE],
        "AccountCode": choices[INCOME_ACCOUNT],
    }
    if isinstance(line, InvoiceLine) and line.price:
        element["ItemCode"] = line.price
    return element


def _quantity_and_unit(quantity: Decimal, net: Decimal) -> tuple[Decimal, Decimal]:
    """The net unit price, where quantity and price give the amount exactly; else the line counts as one."""
    if quantity and fits(quantity):
        unit = (net / quantity).quantize(UNIT_STEP)
        if unit * quantity == net:
            return quantity, unit
    return Decimal(1), net


def _description(line: InvoiceLine | CreditNoteLine, currency: str) -> str:
    text = "".join(character if character.isprintable() else " " for character in line.description).strip()
    if isinstance(line, InvoiceLine) and line.discount_minor:
        text = f"{text[: DESCRIPTION_MAX - 60]} (discount {Money(currency, line.discount_minor)})".strip()
    return text[:DESCRIPTION_MAX]
