"""What a subscription puts on an invoice: its items for a period, and their usage for the period past."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.stripe import metering
from sandbox.stripe.account import Account
from sandbox.stripe.cycles import Rhythm
from sandbox.stripe.invoice_items import priced
from sandbox.stripe.money import plain, rounded, smallest_step
from sandbox.stripe.pricing import cost
from sandbox.stripe.rows import Row


def rhythm(subscription: Row, price: Mapping[str, Any]) -> Rhythm:
    recurring = price["recurring"]
    return Rhythm(
        recurring["interval"],
        recurring["interval_count"],
        subscription["billing_cycle_anchor"],
        subscription["_anchor_day"],
    )


def price_of(account: Account, item: Row) -> Row:
    return account.store.get("price", item["_price"])


def is_metered(price: Row) -> bool:
    return bool(price["recurring"]["usage_type"] == "metered")


def put_period(account: Account, invoice: Row, subscription: Row, item: Row) -> None:
    """An item's line for its current period, or for the part of a cycle that this period is."""
    price = price_of(account, item)
    start, end = item["current_period_start"], item["current_period_end"]
    step = smallest_step(subscription["currency"])
    trial = subscription["status"] == "trialing"
    full = cost(price, Decimal(item["quantity"]), step)
    amount = 0 if trial else rounded(full * part_of_cycle(subscription, price, start, end), step)
    name = account.store.get("product", price["product"])["name"]
    words = f"Trial period for {name}" if trial else f"{item['quantity']} x {name}"
    line = _put(
        account,
        invoice,
        subscription,
        item,
        amount=amount,
        description=words,
        period={"start": start, "end": end},
        quantity=Decimal(item["quantity"]),
    )
    account.store.save(item, _billed={"line": line.id, "start": start, "end": end})


def put_usage(account: Account, invoice: Row, subscription: Row, item: Row, *, start: int, end: int) -> None:
    price = price_of(account, item)
    usage = metering.usage(account, price["recurring"]["meter"], subscription["customer"], start, end)
    name = account.store.get("product", price["product"])["name"]
    _put(
        account,
        invoice,
        subscription,
        item,
        amount=cost(price, usage, smallest_step(subscription["currency"])),
        description=f"{plain(usage)} x {name}",
        period={"start": start, "end": end},
        quantity=usage,
    )


def part_of_cycle(subscription: Row, price: Row, start: int, end: int) -> Decimal:
    """1 for a full cycle, less for the stub before the anchor."""
    full_start = rhythm(subscription, price).last_before(end)
    if start <= full_start:
        return Decimal(1)
    return Decimal(end - start) / Decimal(end - full_start)


def _put(
    account: Account,
    invoice: Row,
    subscription: Row,
    item: Row,
    *,
    amount: int,
    description: str,
    period: dict[str, int],
    quantity: Decimal,
) -> Row:
    price = price_of(account, item)
    unit = price["unit_amount_decimal"]
    details = {
        "invoice_item": None,
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": subscription.id,
        "subscription_item": item.id,
    }
    line = account.store.add(
        Row(
            {
                "id": account.store.new_id("line_item"),
                "object": "line_item",
                "amount": amount,
                "currency": subscription["currency"],
                "description": description,
                "discounts": item["discounts"],
                "invoice": invoice.id,
                "metadata": subscription["metadata"],
                "parent": {
                    "type": "subscription_item_details",
                    "invoice_item_details": None,
                    "subscription_item_details": details,
                },
                "period": period,
                "pricing": priced(None if unit is None else Decimal(unit), price),
                "quantity": int(quantity),
                "quantity_decimal": plain(quantity),
                "subscription": subscription.id,
                "subtotal": amount,
                "_tax_rates": item["tax_rates"],
            }
        )
    )
    account.store.save(invoice, _lines=[*invoice["_lines"], line.id])
    return line
