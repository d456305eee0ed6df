"""Whom and what a document names: contacts and items."""

from connectors.contract import Document, Row
from connectors.xero.translate.amounts import DESCRIPTION_MAX, INCOME_ACCOUNT, fits, of, one_line
from connectors.xero.wire import fitting
from core.entities import Address, Customer, Price

_NAME_MAX = 255
_EMAIL_MAX = 255
_NUMBER_MAX = 50
_CODE_MAX = 30
_ITEM_NAME_MAX = 50


# --- contact ---------------------------------------------------------------------------------------------------------


def contact(document: Document) -> Row:
    customer = of(Customer, document.entity)
    element: Row = {
        "ContactNumber": fitting(document.origin_id, _NUMBER_MAX),
        "Name": (one_line(customer.name) or one_line(customer.email) or document.origin_id)[:_NAME_MAX],
    }
    if _is_email(customer.email):
        element["EmailAddress"] = customer.email
    if phone := one_line(customer.phone)[:_NUMBER_MAX]:
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
    return {"AddressType": "POBOX", **{name: one_line(line) for name, line in lines.items() if one_line(line)}}


# --- item ------------------------------------------------------------------------------------------------------------


def item(document: Document) -> Row:
    """One item for each price. Xero: its code is its id, for lines name it by nothing else."""
    price = of(Price, document.entity)
    name = one_line(price.nickname) or one_line(document.name)
    return {
        "Code": document.remote_id or fitting(document.origin_id, _CODE_MAX),
        "Name": name[:_ITEM_NAME_MAX],
        "Description": name[:DESCRIPTION_MAX],
        "IsSold": True,
        "IsPurchased": False,
        "SalesDetails": _sales_details(price, document),
    }


def _sales_details(price: Price, document: Document) -> Row:
    """Xero: an item's price has no currency, so only one in the base currency means anything there."""
    details: Row = {"AccountCode": document.choices[INCOME_ACCOUNT]}
    unit = price.unit_amount
    is_net = price.tax_behavior != "inclusive"
    if unit is not None and is_net and price.currency == document.book.base_currency and fits(unit):
        details["UnitPrice"] = unit
    return details
