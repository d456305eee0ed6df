"""Entities to Xero's elements, one section a kind. Pure: the same document gives the same element, to the last byte.

Xero computes tax by itself unless it is told: every line carries its net amount and its tax, so that the ledger keeps
the gateway's cents and not its own.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

from connectors.contract import Document, Row
from connectors.xero.wire import fitting, is_guid
from core.clock import local_date
from core.entities import Address, Customer, Entity, Invoice, InvoiceLine, InvoiceStatus, Payment, Price
from core.money import Money, decimal_of, exponent
from core.reasons import Problem, ReasonCode, problem

INCOME_ACCOUNT = "income_account"
TAX_CODE = "tax_code"
CLEARING_ACCOUNT = "clearing_account"

_NAME_MAX = 255
_EMAIL_MAX = 255
_NUMBER_MAX = 50
_CODE_MAX = 30
_ITEM_NAME_MAX = 50
_DESCRIPTION_MAX = 4000
_UNIT_STEP = Decimal("0.0001")
_RATE_STEP = Decimal("0.000001")

_E = TypeVar("_E")


# --- contact ---------------------------------------------------------------------------------------------------------


def contact(document: Document) -> Row:
    customer = _of(Customer, document.entity)
    element: Row = {
        "ContactNumber": fitting(document.origin_id, _NUMBER_MAX),
        "Name": (_one_line(customer.name) or _one_line(customer.email) or document.origin_id)[:_NAME_MAX],
    }
    if _is_email(customer.email):
        element["EmailAddress"] = customer.email
    if phone := _one_line(customer.phone)[:_NUMBER_MAX]:
        element["Phones"] = [{"PhoneType": "DEFAULT", "PhoneNumber": phone}]
    if customer.address != Address():
        element["Addresses"] = [_address(customer.address)]
    if document.remote_id:
        element["ContactID"] = document.remote_id
    return element


def _is_email(text: str) -> bool:
    """Xero refuses the whole contact for an address that it does not like, and likes ASCII only."""
    local, _, domain = text.partition("@")
    plain = text.isascii() and text.isprintable() and " " not in text and len(text) <= _EMAIL_MAX
    return plain and bool(local) and "@" not in domain and "." in domain.strip(".")


def _address(address: Address) -> Row:
    lines = {
        "AddressLine1": address.line1[:500],
        "AddressLine2": address.line2[:500],
        "City": address.city[:255],
        "Region": address.region[:255],
        "PostalCode": address.postal_code[:50],
        "Country": address.country[:50],
    }
    return {"AddressType": "POBOX", **{name: _one_line(line) for name, line in lines.items() if _one_line(line)}}


# --- item ------------------------------------------------------------------------------------------------------------


def item(document: Document) -> Row:
    """One item for each price. Xero: its code is its id, for lines name it by nothing else."""
    price = _of(Price, document.entity)
    name = _one_line(price.nickname) or _one_line(document.name)
    return {
        "Code": document.remote_id or fitting(document.origin_id, _CODE_MAX),
        "Name": name[:_ITEM_NAME_MAX],
        "Description": name[:_DESCRIPTION_MAX],
        "IsSold": True,
        "IsPurchased": False,
        "SalesDetails": _sales_details(price, document),
    }


def _sales_details(price: Price, document: Document) -> Row:
    """Xero: an item's price has no currency, so only one in the base currency means anything there."""
    details: Row = {"AccountCode": document.choices[INCOME_ACCOUNT]}
    unit = price.unit_amount
    is_net = price.tax_behavior != "inclusive"
    if unit is not None and is_net and price.currency == document.book.base_currency and _fits(unit):
        details["UnitPrice"] = unit
    return details


# --- invoice ---------------------------------------------------------------------------------------------------------


def owes_invoice(entity: Entity, is_there: bool) -> bool:
    """Neither a draft, nor a void that was never sent, nor one of all zero lines (a trial) is a document there."""
    assert isinstance(entity, Invoice)
    if entity.status is InvoiceStatus.VOID:
        return is_there
    return entity.counts and any(line.net_minor or line.tax_minor for line in entity.lines)


def invoice(document: Document) -> Row | Problem:
    entity = _of(Invoice, document.entity)
    element: Row = {
        "Type": "ACCREC",
        "Status": "AUTHORISED",
        "InvoiceNumber": entity.number,
        "Reference": document.origin_id,
    }
    if document.remote_id:
        element["InvoiceID"] = document.remote_id
    if entity.status is InvoiceStatus.VOID:
        # Xero: voiding changes the status and nothing else
        return {**element, "Status": "VOIDED"}
    assert entity.issued_at is not None
    issued_on = local_date(entity.issued_at, document.book.time_zone)
    rate = _rate(document, entity.currency, issued_on)
    if trouble := _unkeepable(entity) or (rate if isinstance(rate, Problem) else None):
        return trouble
    return {
        **element,
        "Contact": {"ContactID": entity.customer},
        "Date": issued_on,
        "DueDate": local_date(entity.due_at or entity.issued_at, document.book.time_zone),
        "CurrencyCode": entity.currency,
        **({"CurrencyRate": rate} if rate else {}),
        "LineAmountTypes": "Exclusive",
        "LineItems": [
            _line(line, choices, entity.currency, document.name)
            for line, choices in zip(entity.lines, document.line_choices, strict=True)
        ],
    }


def _unkeepable(entity: Invoice) -> Problem | None:
    lines = entity.net_minor + sum(line.tax_minor for line in entity.lines)
    if lines != entity.total_minor:
        return problem(
            ReasonCode.TOTALS_DIFFER,
            lines=Money(entity.currency, lines),
            total=Money(entity.currency, entity.total_minor),
        )
    if entity.total_minor < 0:
        return problem(ReasonCode.NEGATIVE_TOTAL, amount=Money(entity.currency, entity.total_minor))
    return _third_decimal(
        [amount for line in entity.lines for amount in (line.net_minor, line.tax_minor)], entity.currency
    )


def _line(line: InvoiceLine, choices: Mapping[str, str], currency: str, name: str) -> Row:
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
    if line.price:
        element["ItemCode"] = line.price
    return element


def _quantity_and_unit(quantity: Decimal, net: Decimal) -> tuple[Decimal, Decimal]:
    """The net unit price, where quantity and price give the amount exactly; else the line counts as one."""
    if quantity and _fits(quantity):
        unit = (net / quantity).quantize(_UNIT_STEP)
        if unit * quantity == net:
            return quantity, unit
    return Decimal(1), net


def _description(line: InvoiceLine, currency: str) -> str:
    text = "".join(character if character.isprintable() else " " for character in line.description).strip()
    if line.discount_minor:
        text = f"{text[: _DESCRIPTION_MAX - 60]} (discount {Money(currency, line.discount_minor)})".strip()
    return text[:_DESCRIPTION_MAX]


# --- payment ---------------------------------------------------------------------------------------------------------


def payment_parts(entity: Entity) -> Sequence[str]:
    """Xero: a payment pays one invoice, so one payment of the gateway becomes one for each invoice it settled."""
    return list(dict.fromkeys(application.invoice for application in _of(Payment, entity).applications))


def owes_payment(entity: Entity, is_there: bool) -> bool:
    """Xero: a payment can be deleted but not changed, and money that arrived does not change."""
    return _of(Payment, entity).succeeded and not is_there


def payment(document: Document) -> Row | Problem:
    entity = _of(Payment, document.entity)
    assert entity.received_at is not None
    received_on = local_date(entity.received_at, document.book.time_zone)
    amount = sum(applied.amount_minor for applied in entity.applications if applied.invoice == document.part)
    rate = _rate(document, entity.currency, received_on)
    if trouble := _third_decimal([amount], entity.currency) or (rate if isinstance(rate, Problem) else None):
        return trouble
    account = document.choices[CLEARING_ACCOUNT]
    return {
        "Invoice": {"InvoiceID": document.part},
        "Account": {"AccountID" if is_guid(account) else "Code": account},
        "Date": received_on,
        "Amount": decimal_of(amount, entity.currency),
        **({"CurrencyRate": rate} if rate else {}),
        "Reference": entity.charge or document.origin_id,
    }


# --- what several kinds share ----------------------------------------------------------------------------------------


def _of(kind: type[_E], entity: Entity) -> _E:
    assert isinstance(entity, kind)
    return entity


def _rate(document: Document, currency: str, on: str) -> Decimal | Problem | None:
    """Xero: units of the document's currency for one of the base currency, six decimals: the inverse of our rate."""
    base = document.book.base_currency
    if currency == base:
        return None
    if not document.rate:
        return problem(ReasonCode.RATE_MISSING, currency=currency, base=base, on=on)
    return (1 / Decimal(document.rate)).quantize(_RATE_STEP, ROUND_HALF_UP)


def _third_decimal(amounts: Sequence[int], currency: str) -> Problem | None:
    """Xero: two decimals in every currency."""
    for amount in amounts:
        if amount % 10 ** max(exponent(currency) - 2, 0):
            return problem(ReasonCode.THIRD_DECIMAL, amount=Money(currency, amount))
    return None


def _fits(number: Decimal) -> bool:
    return number == number.quantize(_UNIT_STEP)


def _one_line(text: str) -> str:
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
