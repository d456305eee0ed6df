"""Coupons: a percentage or an amount off, once, for some months, or for ever. What they take off is fixed."""

from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.money import check_currency
from sandbox.stripe.params import (
    Form,
    Params,
    decimal,
    each,
    listing,
    metadata,
    moment,
    nested,
    one_of,
    positive,
    short_text,
    span,
    text,
)
from sandbox.stripe.rows import Row, merged_metadata, new_metadata
from sandbox.stripe.store import Page
from sandbox.stripe.tax_rates import as_number

CREATE = Form(
    {
        "amount_off": positive,
        "applies_to": nested({"products": each(text)}),
        "currency": text,
        "duration": one_of("forever", "once", "repeating"),
        "duration_in_months": positive,
        "id": text,
        "max_redemptions": positive,
        "metadata": metadata,
        "name": short_text,
        "percent_off": decimal,
        "redeem_by": moment,
    }
)
UPDATE = Form({"metadata": metadata, "name": short_text})
LIST = listing({"created": span})


def create(account: Account, params: Params) -> Row:
    store = account.store
    chosen = params.get("id")
    if chosen and store.find("coupon", chosen):
        raise StripeError(f"Coupon already exists: {chosen}.", code="resource_already_exists", param="id")
    duration = params.get("duration") or "once"
    if (duration == "repeating") != (params.get("duration_in_months") is not None):
        raise StripeError(
            "`duration_in_months` must be given with `duration=repeating`, and only then.",
            param="duration_in_months",
        )
    products = (params.get("applies_to") or {}).get("products") or []
    for at, product in enumerate(products):
        store.named("product", product, f"applies_to[products][{at}]")
    coupon = Row(
        {
            "id": chosen or store.letters(8),
            "object": "coupon",
            "created": account.now(),
            "duration": duration,
            "duration_in_months": params.get("duration_in_months"),
            "max_redemptions": params.get("max_redemptions"),
            "metadata": new_metadata(params.get("metadata")),
            "name": params.get("name"),
            "redeem_by": params.get("redeem_by"),
            "_products": products,
            **_off(params),
        }
    )
    return account.add(coupon, "coupon.created")


def _off(params: Params) -> dict[str, Any]:
    percent, amount = params.get("percent_off"), params.get("amount_off")
    if (percent is None) == (amount is None):
        raise StripeError(
            "You must specify exactly one of `percent_off` and `amount_off`.",
            code="parameter_missing" if percent is None else None,
            param="percent_off",
        )
    if amount is not None:
        if not params.get("currency"):
            raise StripeError(
                "You must pass `currency` when passing `amount_off`.",
                code="parameter_missing",
                param="currency",
            )
        return {"amount_off": amount, "currency": check_currency(params["currency"])}
    if percent is None or not 0 < percent <= 100:
        raise StripeError("`percent_off` must be above 0 and at most 100.", param="percent_off")
    return {"percent_off": as_number(percent), "_percent_off": str(percent)}


def retrieve(account: Account, _: Params, id_: str) -> Row:
    return account.store.get("coupon", id_)


def update(account: Account, params: Params, id_: str) -> Row:
    coupon = retrieve(account, params, id_)
    changes: dict[str, Any] = {"name": params["name"]} if "name" in params else {}
    if "metadata" in params:
        changes["metadata"] = merged_metadata(coupon, params["metadata"])
    return account.update(coupon, "coupon.updated", **changes)


def delete(account: Account, params: Params, id_: str) -> Row:
    """No one can redeem it any more; the discounts it has given keep their terms."""
    coupon = retrieve(account, params, id_)
    account.emit("coupon.deleted", coupon)
    return account.store.remove(coupon)


def listed(account: Account, params: Params) -> Page:
    return account.store.page("coupon", params)
