"""A discount: a coupon as it lies on a customer, a subscription, an invoice or an item."""

from collections.abc import Iterable
from decimal import Decimal

from sandbox.stripe.account import Account
from sandbox.stripe.rows import Row
from sandbox.stripe.totals import Off


def offs(account: Account, ids: Iterable[str]) -> tuple[Off, ...]:
    return tuple(_off(account, account.store.get("discount", id_)) for id_ in ids)


def _off(account: Account, discount: Row) -> Off:
    coupon = account.store.get("coupon", discount["source"]["coupon"])
    percent = coupon["_percent_off"]
    return Off(
        discount.id,
        None if percent is None else Decimal(percent),
        coupon["amount_off"],
        frozenset(coupon["_products"] or ()),
    )
