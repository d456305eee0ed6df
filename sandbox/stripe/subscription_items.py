"""The items of a subscription, as parameters ask for them and as they are stored."""

from decimal import Decimal
from typing import Any

from sandbox.stripe import discounts, prices, tax_rates
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.params import (
    Params,
    Parser,
    boolean,
    count,
    decimal,
    each,
    metadata,
    nested,
    one_of,
    positive,
    text,
)
from sandbox.stripe.rows import Row, merged_metadata, new_metadata

ITEMS_MAX = 20
_PRICE_DATA = {
    "currency*": text,
    "product*": text,
    "recurring*": nested({"interval*": one_of(*prices.INTERVALS), "interval_count": positive}),
    "tax_behavior": one_of("exclusive", "inclusive", "unspecified"),
    "unit_amount": count,
    "unit_amount_decimal": decimal,
}
FIELDS: dict[str, Parser] = {
    "discounts": discounts.GIVEN,
    "metadata": metadata,
    "price": text,
    "price_data": nested(_PRICE_DATA),
    "quantity": count,
    "tax_rates": each(text),
}
CHANGED_FIELDS: dict[str, Parser] = {**FIELDS, "id": text, "deleted": boolean, "clear_usage": boolean}


def price_given(account: Account, given: Params, param: str, currency: str | None) -> Row:
    """A recurring, active price in the currency of the subscription."""
    if given.get("price_data"):
        account.store.named("product", given["price_data"]["product"], f"{param}[price_data][product]")
        price = prices.inline(account, given["price_data"])
    else:
        price = account.store.named("price", given.get("price") or "", f"{param}[price]")
        if not price["active"]:
            raise StripeError(
                f"The price specified is inactive. This field only accepts active prices: {price.id}.",
                param=f"{param}[price]",
            )
    if price["type"] != "recurring":
        raise StripeError(
            "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.",
            param=f"{param}[price]",
        )
    if currency is not None and price["currency"] != currency:
        raise StripeError(
            f"The price specified only supports `{price['currency']}`. This doesn't match the expected "
            f"currency: `{currency}`.",
            param=f"{param}[price]",
        )
    return price


def quantity_given(price: Row, given: Params, before: int | None = None) -> int | None:
    """None for metered prices, which count by themselves."""
    if price["recurring"]["usage_type"] == "metered":
        if given.get("quantity") is not None:
            raise StripeError("You cannot set a quantity for a metered price.", param="quantity")
        return None
    if given.get("quantity") is not None:
        return int(given["quantity"])
    return 1 if before is None else before


def check_rhythm(account: Account, items: list[Row]) -> None:
    """GK: all items of a subscription share one rhythm."""
    rhythms = set()
    for item in items:
        recurring = account.store.get("price", item["_price"])["recurring"]
        rhythms.add((recurring["interval"], recurring["interval_count"]))
    if len(rhythms) > 1:
        raise StripeError("All items of a subscription must have the same billing interval.", param="items")
    if len(items) > ITEMS_MAX:
        raise StripeError(f"A subscription has at most {ITEMS_MAX} items.", param="items")
    if len({item["_price"] for item in items}) < len(items):
        raise StripeError("A subscription cannot have several items of the same price.", param="items")


def new(account: Account, subscription: Row, price: Row, given: Params, param: str) -> Row:
    """Not stored yet, without a period."""
    id_ = account.store.new_id("subscription_item", 14)
    owner = account.store.find("customer", subscription["customer"])
    return Row(
        {
            "id": id_,
            "object": "subscription_item",
            "created": account.now(subscription["test_clock"]),
            "current_period_start": 0,
            "current_period_end": 0,
            "discounts": discounts.apply(
                account,
                given.get("discounts"),
                owner,
                price["currency"],
                subscription=subscription.id,
                subscription_item=id_,
            ),
            "metadata": new_metadata(given.get("metadata")),
            "quantity": quantity_given(price, given),
            "subscription": subscription.id,
            "tax_rates": tax_rates.named(account, given.get("tax_rates"), f"{param}[tax_rates]"),
            "_price": price.id,
        }
    )


def changes(account: Account, item: Row, given: Params, param: str) -> dict[str, Any]:
    """Of an item that stays: price, quantity, and what does not cost."""
    changed: dict[str, Any] = {}
    price = account.store.get("price", item["_price"])
    if given.get("price") or given.get("price_data"):
        price = price_given(account, given, param, price["currency"])
        changed["_price"] = price.id
    if "_price" in changed or given.get("quantity") is not None:
        changed["quantity"] = quantity_given(price, given, item["quantity"])
    if "metadata" in given:
        changed["metadata"] = merged_metadata(item, given["metadata"])
    if "tax_rates" in given:
        changed["tax_rates"] = tax_rates.named(account, given["tax_rates"], f"{param}[tax_rates]")
    if "discounts" in given:
        owner = account.store.find("customer", account.store.get("subscription", item["subscription"])["customer"])
        changed["discounts"] = discounts.apply(
            account,
            given["discounts"],
            owner,
            price["currency"],
            subscription=item["subscription"],
            subscription_item=item.id,
        )
    return changed


def percent_left(account: Account, ids: list[str]) -> Decimal:
    """What discounts by percentage leave of an amount, as a factor."""
    factor = Decimal(1)
    for off in discounts.offs(account, ids):
        if off.percent is not None:
            factor *= 1 - off.percent / 100
    return factor
