"""The kinds of record the hub moves today. `docs/decisions/` says where the later kinds will attach."""

from enum import StrEnum


class Kind(StrEnum):
    """In the order in which one may need the other: a payment needs its invoice, never the reverse."""

    CUSTOMER = "customer"
    PRODUCT = "product"
    TAX_RATE = "tax_rate"
    COUPON = "coupon"
    PROMOTION_CODE = "promotion_code"
    PRICE = "price"
    SUBSCRIPTION = "subscription"
    INVOICE = "invoice"
    PAYMENT = "payment"
    REFUND = "refund"
    CREDIT_NOTE = "credit_note"
    ALLOCATION = "allocation"
    CREDIT_REFUND = "credit_refund"
    BALANCE_TRANSACTION = "balance_transaction"


CATALOGUE = frozenset({Kind.PRODUCT, Kind.TAX_RATE, Kind.COUPON, Kind.PROMOTION_CODE, Kind.PRICE})
"""What is sold, apart from who buys it and what that comes to."""

_PREFIXES = {
    Kind.CUSTOMER: "cus",
    Kind.PRODUCT: "prd",
    Kind.TAX_RATE: "tax",
    Kind.COUPON: "cpn",
    Kind.PROMOTION_CODE: "pro",
    Kind.PRICE: "prc",
    Kind.SUBSCRIPTION: "sub",
    Kind.INVOICE: "inv",
    Kind.PAYMENT: "pay",
    Kind.REFUND: "ref",
    Kind.CREDIT_NOTE: "crn",
    Kind.ALLOCATION: "alc",
    Kind.CREDIT_REFUND: "crf",
    Kind.BALANCE_TRANSACTION: "btx",
}


def shown_id(kind: Kind, record_id: str) -> str:
    """How people see one of our ids: its kind's prefix and the id."""
    return f"{_PREFIXES[kind]}_{record_id}"
