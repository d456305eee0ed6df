"""The least number of calls that the vendors' quotas allow for a body of documents."""

from collections.abc import Mapping

_XERO_BATCH = 50
_STRIPE_PAGE = 100


def minimum_calls(read: Mapping[str, int], written: Mapping[str, int]) -> Mapping[str, int]:
    """By vendor, for documents that are all known beforehand and wait to be moved at once.

    `read`: how many Stripe lists by name, a hundred on a page: invoices (which bring lines, customers and what was
    paid with them), balance transactions (which bring the money: from an invoice it is out of reach), credit notes.
    `written`: how many Xero holds in the end by name, fifty to a call; an allocation is a call of its own, since its
    path names the credit note; an invoice that is voided is written a second time. A thousand invoices with a customer
    and a payment each, fifty credited and refunded, make 62 and 22 of it.

    A business that is told of its documents one by one, as they come, cannot fill its batches: what it uses beyond
    this is the price of not waiting.
    """
    return {
        "stripe": sum(_full(count, _STRIPE_PAGE) for count in read.values()),
        "xero": sum(_full(count, 1 if name == "Allocations" else _XERO_BATCH) for name, count in written.items()),
    }


def _full(count: int, size: int) -> int:
    return -(-count // size)
