"""The kinds of record the hub moves today. `docs/decisions/` says where the later kinds will attach."""

from enum import StrEnum


class Kind(StrEnum):
    """In the order in which one may need the other: a payment needs its invoice, never the reverse."""

    CUSTOMER = "customer"
    PRODUCT = "product"
    TAX_RATE = "tax_rate"
    PRICE = "price"
    INVOICE = "invoice"
    PAYMENT = "payment"


_PREFIXES = {
    Kind.CUSTOMER: "cus",
    Kind.PRODUCT: "prd",
    Kind.TAX_RATE: "tax",
    Kind.PRICE: "prc",
    Kind.INVOICE: "inv",
    Kind.PAYMENT: "pay",
}


def shown_id(kind: Kind, record_id: str) -> str:
    """How people see one of our ids: its kind's prefix and the id."""
    return f"{_PREFIXES[kind]}_{record_id}"
