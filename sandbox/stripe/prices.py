"""Prices: per unit, in packages or in tiers; once or recurring. What they cost is fixed for life."""

from decimal import Decimal
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.money import check_amount, check_currency, plain
from sandbox.stripe.params import (
    Form,
    Params,
    Parser,
    boolean,
    count,
    decimal,
    each,
    either,
    listing,
    metadata,
    nested,
    one_of,
    positive,
    short_text,
    span,
    text,
)
from sandbox.stripe.rows import Row, merged_metadata, new_metadata
from sandbox.stripe.store import Page

INTERVALS = ("day", "month", "week", "year")
INTERVAL_DAYS_MAX = 3 * 366
_RECURRING: dict[str, Parser] = {"interval*": one_of(*INTERVALS), "interval_count": positive}
_TAX_BEHAVIOR = one_of("exclusive", "inclusive", "unspecified")
_AMOUNT: dict[str, Parser] = {"unit_amount": count, "unit_amount_decimal": decimal}

DEFAULT_PRICE: dict[str, Parser] = {
    "currency*": text,
    "metadata": metadata,
    "recurring": nested(_RECURRING),
    "tax_behavior": _TAX_BEHAVIOR,
    **_AMOUNT,
}
PRICE_DATA: dict[str, Parser] = {
    "currency*": text,
    "product*": text,
    "recurring": nested(_RECURRING),
    "tax_behavior": _TAX_BEHAVIOR,
    **_AMOUNT,
}
_TIER = {
    "flat_amount": count,
    "flat_amount_decimal": decimal,
    "unit_amount": count,
    "unit_amount_decimal": decimal,
    "up_to*": either("inf", positive),
}
CREATE: dict[str, Parser] = {
    "active": boolean,
    "billing_scheme": one_of("per_unit", "tiered"),
    "currency*": text,
    "lookup_key": text,
    "metadata": metadata,
    "nickname": short_text,
    "product": text,
    "recurring": nested(
        {
            **_RECURRING,
            "meter": text,
            "trial_period_days": count,
            "usage_type": one_of("licensed", "metered"),
        }
    ),
    "tax_behavior": _TAX_BEHAVIOR,
    "tiers": each(nested(_TIER)),
    "tiers_mode": one_of("graduated", "volume"),
    "transfer_lookup_key": boolean,
    "transform_quantity": nested({"divide_by*": positive, "round*": one_of("down", "up")}),
    **_AMOUNT,
}
UPDATE = Form(
    {
        "active": boolean,
        "lookup_key": text,
        "metadata": metadata,
        "nickname": short_text,
        "tax_behavior": _TAX_BEHAVIOR,
        "transfer_lookup_key": boolean,
    }
)
LIST = listing(
    {
        "active": boolean,
        "created": span,
        "currency": text,
        "lookup_keys": each(text),
        "product": text,
        "recurring": nested(
            {"interval": one_of(*INTERVALS), "meter": text, "usage_type": one_of("licensed", "metered")}
        ),
        "type": one_of("one_time", "recurring"),
    }
)


def create(account: Account, params: Params) -> Row:
    store = account.store
    currency = check_currency(params["currency"])
    fields: dict[str, Any] = {"currency": currency, **_cost(params, currency)}
    if params.get("recurring"):
        fields |= {"type": "recurring", "recurring": _recurring(account, params["recurring"])}
    product = _product_of(account, params)
    lookup_key = _claimed_lookup_key(account, params)
    for name in ("active", "nickname", "tax_behavior"):
        if params.get(name) is not None:
            fields[name] = params[name]
    price = Row(
        {
            "id": store.new_id("price"),
            "object": "price",
            "created": account.now(),
            "product": product,
            "lookup_key": lookup_key,
            "metadata": new_metadata(params.get("metadata")),
            **fields,
        }
    )
    return account.add(price, "price.created")


def inline(account: Account, data: Params) -> Row:
    """The price that `price_data` describes; it is inactive, since it is not meant to be used again."""
    return create(account, {**data, "active": False})


def retrieve(account: Account, _: Params, id_: str) -> Row:
    return account.store.get("price", id_)


def update(account: Account, params: Params, id_: str) -> Row:
    price = retrieve(account, params, id_)
    wanted = params.get("tax_behavior")
    if wanted and price["tax_behavior"] not in ("unspecified", wanted):
        raise StripeError("You cannot change the tax_behavior of a price once it is set.", param="tax_behavior")
    plain_ones = ("active", "nickname", "tax_behavior")
    changes: dict[str, Any] = {name: params[name] for name in plain_ones if name in params}
    if "lookup_key" in params:
        changes["lookup_key"] = _claimed_lookup_key(account, params)
    if "metadata" in params:
        changes["metadata"] = merged_metadata(price, params["metadata"])
    return account.update(price, "price.updated", **changes)


def listed(account: Account, params: Params) -> Page:
    keys = set(params.get("lookup_keys") or ())
    recurring = params.get("recurring") or {}

    def keep(row: Row) -> bool:
        rhythm = row["recurring"] or {}
        return (not keys or row["lookup_key"] in keys) and all(
            rhythm.get(name) == value for name, value in recurring.items()
        )

    where = {name: params.get(name) for name in ("active", "currency", "product", "type")}
    return account.store.page("price", params, where, keep)


def _product_of(account: Account, params: Params) -> str:
    if not params.get("product"):
        raise StripeError(
            "You must specify either `product` or `product_data` when creating a price.",
            code="parameter_missing",
            param="product",
        )
    return account.store.named("product", params["product"], "product").id


def _claimed_lookup_key(account: Account, params: Params) -> str | None:
    key: str | None = params.get("lookup_key")
    holder = next(account.store.where("price", "lookup_key", key), None) if key else None
    if holder is not None:
        if not params.get("transfer_lookup_key"):
            raise StripeError(
                f"A price (`{holder.id}`) already uses that lookup key.",
                code="resource_already_exists",
                param="lookup_key",
            )
        account.update(holder, "price.updated", lookup_key=None)
    return key


def _recurring(account: Account, given: Params) -> dict[str, Any]:
    usage = given.get("usage_type") or "licensed"
    meter = given.get("meter")
    if usage == "metered" and not meter:
        raise StripeError(
            "Metered prices must be backed by a meter: `recurring[meter]` is missing.",
            code="parameter_missing",
            param="recurring[meter]",
        )
    if meter:
        account.store.named("billing.meter", meter, "recurring[meter]")
    days = {"day": 1, "week": 7, "month": 31, "year": 366}[given["interval"]]
    times = given.get("interval_count") or 1
    if days * times > INTERVAL_DAYS_MAX:
        raise StripeError("A billing interval is at most three years.", param="recurring[interval_count]")
    return {
        "interval": given["interval"],
        "interval_count": times,
        "meter": meter,
        "trial_period_days": given.get("trial_period_days"),
        "usage_type": usage,
    }


def _cost(params: Params, currency: str) -> dict[str, Any]:
    tiers, mode = params.get("tiers"), params.get("tiers_mode")
    if params.get("billing_scheme") == "tiered":
        if not tiers or not mode:
            raise StripeError("Tiered prices need `tiers` and `tiers_mode`.", code="parameter_missing", param="tiers")
        for name in ("unit_amount", "unit_amount_decimal", "transform_quantity"):
            if params.get(name) is not None:
                raise StripeError(f"`{name}` cannot be used with tiers.", param=name)
        return {"billing_scheme": "tiered", "tiers_mode": mode, "_tiers": _tiers(tiers)}
    if tiers or mode:
        raise StripeError("`tiers` need `billing_scheme=tiered`.", param="tiers")
    amount = unit_amount(params, "unit_amount")
    if amount is None:
        raise StripeError(
            "Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set.",
            code="parameter_missing",
            param="unit_amount",
        )
    whole = amount == amount.to_integral_value()
    if whole:
        check_amount(int(amount), currency, "unit_amount")
    return {
        "unit_amount": int(amount) if whole else None,
        "unit_amount_decimal": plain(amount),
        "transform_quantity": params.get("transform_quantity"),
    }


def unit_amount(params: Params, name: str) -> Decimal | None:
    """From `unit_amount` or `unit_amount_decimal`, of which only one may be given."""
    exact = params.get(f"{name}_decimal")
    if exact is not None and params.get(name) is not None:
        raise StripeError(f"You may only specify one of these parameters: {name}, {name}_decimal.", param=name)
    if exact is not None and exact < 0:
        raise StripeError(f"Invalid decimal: {exact}; must be non-negative.", param=f"{name}_decimal")
    return exact if exact is not None else None if params.get(name) is None else Decimal(params[name])


def _tiers(given: list[Params]) -> list[dict[str, Any]]:
    tiers, below = [], 0
    for at, tier in enumerate(given):
        last = at == len(given) - 1
        if (tier["up_to"] == "inf") != last:
            raise StripeError("Only the last tier is unbounded: `up_to=inf`.", param=f"tiers[{at}][up_to]")
        if not last and tier["up_to"] <= below:
            raise StripeError("Tiers must be in ascending order of `up_to`.", param=f"tiers[{at}][up_to]")
        below = below if last else tier["up_to"]
        unit, flat = unit_amount(tier, "unit_amount"), unit_amount(tier, "flat_amount")
        if unit is None and flat is None:
            raise StripeError("A tier needs a unit amount or a flat amount.", param=f"tiers[{at}]")
        tiers.append(
            {
                **_both("flat_amount", flat),
                **_both("unit_amount", unit),
                "up_to": None if last else tier["up_to"],
            }
        )
    return tiers


def _both(name: str, amount: Decimal | None) -> dict[str, Any]:
    if amount is None:
        return {name: None, f"{name}_decimal": None}
    whole = amount == amount.to_integral_value()
    return {name: int(amount) if whole else None, f"{name}_decimal": plain(amount)}
