"""Promotion codes: what a customer types in to get a coupon."""

from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.params import (
    Form,
    Params,
    boolean,
    count,
    listing,
    metadata,
    moment,
    nested,
    one_of,
    positive,
    span,
    text,
)
from sandbox.stripe.rows import Row, merged_metadata, new_metadata
from sandbox.stripe.store import Page

_RESTRICTIONS = {
    "first_time_transaction": boolean,
    "minimum_amount": count,
    "minimum_amount_currency": text,
}
CREATE = Form(
    {
        "active": boolean,
        "code": text,
        "customer": text,
        "expires_at": moment,
        "max_redemptions": positive,
        "metadata": metadata,
        "promotion*": nested({"type*": one_of("coupon"), "coupon": text}),
        "restrictions": nested(_RESTRICTIONS),
    }
)
UPDATE = Form({"active": boolean, "metadata": metadata})
LIST = listing({"active": boolean, "code": text, "coupon": text, "created": span, "customer": text})

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def create(account: Account, params: Params) -> Row:
    store = account.store
    coupon = store.named("coupon", params["promotion"].get("coupon") or "", "promotion[coupon]")
    if params.get("customer"):
        store.named("customer", params["customer"], "customer")
    code = params.get("code") or "".join(store.random.choices(_LETTERS, k=8))
    if any(
        other["active"] and other["code"].lower() == code.lower() and other["customer"] == params.get("customer")
        for other in store.where("promotion_code", "_code", code.lower())
    ):
        raise StripeError(
            f"An active promotion code with `code: {code}` already exists.",
            code="resource_already_exists",
            param="code",
        )
    promotion = Row(
        {
            "id": store.new_id("promotion_code"),
            "object": "promotion_code",
            "active": params.get("active", True),
            "code": code,
            "created": account.now(),
            "customer": params.get("customer"),
            "expires_at": params.get("expires_at"),
            "max_redemptions": params.get("max_redemptions"),
            "metadata": new_metadata(params.get("metadata")),
            "promotion": {"type": "coupon", "coupon": coupon.id},
            "restrictions": {
                "first_time_transaction": False,
                "minimum_amount": None,
                "minimum_amount_currency": None,
                **(params.get("restrictions") or {}),
            },
            "_code": code.lower(),
            "_coupon": coupon.id,
        }
    )
    return account.add(promotion, "promotion_code.created")


def retrieve(account: Account, _: Params, id_: str) -> Row:
    return account.store.get("promotion_code", id_)


def update(account: Account, params: Params, id_: str) -> Row:
    promotion = retrieve(account, params, id_)
    changes: dict[str, Any] = {}
    if params.get("active") is not None:
        changes["active"] = params["active"]
    if "metadata" in params:
        changes["metadata"] = merged_metadata(promotion, params["metadata"])
    return account.update(promotion, "promotion_code.updated", **changes)


def listed(account: Account, params: Params) -> Page:
    code = params.get("code")
    where = {
        "active": params.get("active"),
        "customer": params.get("customer"),
        "_code": code.lower() if code else None,
        "_coupon": params.get("coupon"),
    }
    return account.store.page("promotion_code", params, where)
