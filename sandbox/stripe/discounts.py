"""A discount: a coupon as it lies on a subscription, an invoice or one of their items."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.dates import add_months
from sandbox.stripe.errors import StripeError
from sandbox.stripe.params import Params, each, nested, text
from sandbox.stripe.rows import Row
from sandbox.stripe.totals import Off

GIVEN = each(nested({"coupon": text, "discount": text, "promotion_code": text}))
"""The parameter `discounts`."""


def apply(
    account: Account, given: Iterable[Params] | None, customer: Row | None, currency: str, **on: Any
) -> list[str]:
    """Their ids; one that exists already may be given. `on` names what they lie on, such as invoice."""
    ids = []
    for at, one in enumerate(given or ()):
        param = f"discounts[{at}]"
        ways = [name for name in ("coupon", "discount", "promotion_code") if one.get(name)]
        if len(ways) != 1:
            raise StripeError("A discount takes exactly one of `coupon`, `discount` and `promotion_code`.", param=param)
        value = one[ways[0]]
        if ways == ["discount"]:
            ids.append(account.store.named("discount", value, f"{param}[discount]").id)
            continue
        promotion = None
        if ways == ["promotion_code"]:
            promotion = account.store.named("promotion_code", value, f"{param}[promotion_code]")
            _check_promotion(account, promotion, customer, param)
            value = promotion["promotion"]["coupon"]
        coupon = account.store.named("coupon", value, f"{param}[coupon]")
        _check_coupon(account, coupon, currency, param)
        ids.append(_redeem(account, coupon, promotion, customer, on).id)
    return ids


def _redeem(account: Account, coupon: Row, promotion: Row | None, customer: Row | None, on: dict[str, Any]) -> Row:
    start = account.now_for(customer.id if customer else None)
    months = coupon["duration_in_months"]
    for redeemed in (coupon, promotion):
        if redeemed is not None:
            account.store.save(redeemed, times_redeemed=redeemed["times_redeemed"] + 1)
    return account.add(
        Row(
            {
                "id": account.store.new_id("discount"),
                "object": "discount",
                "customer": customer.id if customer else None,
                "end": add_months(start, months) if months else None,
                "promotion_code": promotion.id if promotion else None,
                "source": {"coupon": coupon.id, "type": "coupon"},
                "start": start,
                "_amount_off": coupon["amount_off"],
                "_duration": coupon["duration"],
                "_percent_off": coupon["_percent_off"],
                "_products": coupon["_products"],
                **on,
            }
        ),
        "customer.discount.created" if on.get("subscription") else None,
    )


def _check_coupon(account: Account, coupon: Row, currency: str, param: str) -> None:
    if not account.show(coupon)["valid"]:
        raise StripeError(f"Coupon {coupon.id} is expired.", code="coupon_expired", param=param)
    if coupon["amount_off"] is not None and coupon["currency"] != currency:
        raise StripeError(
            f"The coupon {coupon.id} takes off {coupon['currency']} and cannot be used for {currency}.",
            param=param,
        )


def _check_promotion(account: Account, promotion: Row, customer: Row | None, param: str) -> None:
    late = promotion["expires_at"] is not None and account.now() > promotion["expires_at"]
    most = promotion["max_redemptions"]
    spent = most is not None and promotion["times_redeemed"] >= most
    if not promotion["active"] or late or spent:
        raise StripeError("This promotion code cannot be redeemed because it is not active.", param=param)
    if promotion["customer"] and (customer is None or promotion["customer"] != customer.id):
        raise StripeError("This promotion code belongs to another customer.", param=param)
    if promotion["restrictions"]["first_time_transaction"] and customer is not None:
        paid = account.store.where("invoice", "customer", customer.id)
        if any(invoice["status"] == "paid" and invoice["amount_paid"] for invoice in paid):
            raise StripeError(
                "This promotion code cannot be redeemed because the associated customer has prior transactions.",
                param=param,
            )


def lasting(account: Account, ids: Iterable[str], at: int) -> list[str]:
    """Those that still take something off at this moment."""
    rows = (account.store.get("discount", id_) for id_ in ids)
    return [row.id for row in rows if row["end"] is None or at < row["end"]]


def once(account: Account, ids: Iterable[str]) -> list[Row]:
    """Those of a coupon that is good for one invoice only."""
    rows = (account.store.get("discount", id_) for id_ in ids)
    return [row for row in rows if row["_duration"] == "once"]


def offs(account: Account, ids: Iterable[str]) -> tuple[Off, ...]:
    return tuple(_off(account.store.get("discount", id_)) for id_ in ids)


def _off(discount: Row) -> Off:
    percent = discount["_percent_off"]
    return Off(
        discount.id,
        None if percent is None else Decimal(percent),
        discount["_amount_off"],
        frozenset(discount["_products"] or ()),
    )
