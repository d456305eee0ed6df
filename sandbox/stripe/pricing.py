"""What a quantity costs at a price: per unit, in packages, in tiers. Rounded once, at the end."""

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from sandbox.stripe.money import rounded


def cost(price: Mapping[str, Any], quantity: Decimal, step: int = 1) -> int:
    """`price` is a stored price, whose decimals are strings; `step` is what its currency rounds to."""
    if price["billing_scheme"] == "tiered":
        tiers = price["_tiers"]
        exact = _volume(tiers, quantity) if price["tiers_mode"] == "volume" else _graduated(tiers, quantity)
        return rounded(exact, step)
    package = price["transform_quantity"]
    if package:
        way = ROUND_CEILING if package["round"] == "up" else ROUND_FLOOR
        quantity = (quantity / package["divide_by"]).to_integral_value(way)
    return rounded(Decimal(price["unit_amount_decimal"]) * quantity, step)


def _of_tier(tier: Mapping[str, Any], quantity: Decimal) -> Decimal:
    return Decimal(tier["unit_amount_decimal"] or 0) * quantity + Decimal(tier["flat_amount_decimal"] or 0)


def _volume(tiers: list[dict[str, Any]], quantity: Decimal) -> Decimal:
    """The tier that the whole quantity falls into prices all of it."""
    reached = (tier for tier in tiers if tier["up_to"] is None or quantity <= tier["up_to"])
    return _of_tier(next(reached), quantity)


def _graduated(tiers: list[dict[str, Any]], quantity: Decimal) -> Decimal:
    """Each tier prices what falls into it; its flat amount counts as soon as it is reached."""
    total, below = Decimal(0), Decimal(0)
    for tier in tiers:
        top = quantity if tier["up_to"] is None else min(quantity, Decimal(tier["up_to"]))
        total += _of_tier(tier, top - below)
        below = top
        if tier["up_to"] is None or quantity <= tier["up_to"]:
            break
    return total
