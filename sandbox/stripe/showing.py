"""How a stored object looks on the wire: its own fields, and those that are computed when it is shown.

`COMPUTED` fields are always there; `INCLUDED` ones only where `expand[]` asks for them.
"""

from collections.abc import Callable, Iterable

from sandbox.stripe.rows import Row, Shown
from sandbox.stripe.store import Store

Computing = Callable[[Store, Row], Shown]

EMBEDDED_MAX = 10
"""How many objects an embedded list shows before it says has_more."""


def show(store: Store, row: Row) -> Shown:
    shown = row.shown()
    if not row.deleted and row.kind in COMPUTED:
        shown.update(COMPUTED[row.kind](store, row))
    return shown


def list_of(store: Store, rows: Iterable[Row], url: str) -> Shown:
    listed = list(rows)
    return {
        "object": "list",
        "data": [show(store, row) for row in listed[:EMBEDDED_MAX]],
        "has_more": len(listed) > EMBEDDED_MAX,
        "url": url,
    }


def _tax_rates(store: Store, ids: Iterable[str]) -> list[Shown]:
    return [show(store, store.get("tax_rate", id_)) for id_ in ids]


def _event(_: Store, row: Row) -> Shown:
    told = {"object": row["_object"]}
    if row["_previous"] is not None:
        told["previous_attributes"] = row["_previous"]
    return {"data": told, "pending_webhooks": row["_pending"] or 0}


def _invoice(store: Store, row: Row) -> Shown:
    lines = (store.get("line_item", id_) for id_ in row["_lines"] or ())
    return {
        "default_tax_rates": _tax_rates(store, row["default_tax_rates"]),
        "lines": list_of(store, lines, f"/v1/invoices/{row.id}/lines"),
    }


def _invoice_payments(store: Store, row: Row) -> Shown:
    payments = [*store.where("invoice_payment", "invoice", row.id)][::-1]
    return list_of(store, payments, f"/v1/invoice_payments?invoice={row.id}")


def _coupon(store: Store, row: Row) -> Shown:
    late = row["redeem_by"] is not None and store.now() > row["redeem_by"]
    spent = row["max_redemptions"] is not None and row["times_redeemed"] >= row["max_redemptions"]
    return {"valid": not late and not spent}


def _credit_note(store: Store, row: Row) -> Shown:
    lines = (store.get("credit_note_line_item", id_) for id_ in row["_lines"])
    return {"lines": list_of(store, lines, f"/v1/credit_notes/{row.id}/lines")}


def _plan(price: Row) -> Shown:
    """A recurring price as the older plan."""
    recurring, package = price["recurring"], price["transform_quantity"]
    return {
        "id": price.id,
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": False,
        "metadata": price["metadata"],
        "meter": recurring["meter"],
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": price["tiers_mode"],
        "transform_usage": package,
        "trial_period_days": recurring["trial_period_days"],
        "usage_type": recurring["usage_type"],
    }


def _subscription_item(store: Store, row: Row) -> Shown:
    price = store.get("price", row["_price"])
    shown = {
        "plan": _plan(price),
        "price": show(store, price),
        "tax_rates": _tax_rates(store, row["tax_rates"]),
    }
    return shown | ({"quantity": row["quantity"]} if row["quantity"] is not None else {})


def _subscription(store: Store, row: Row) -> Shown:
    items = store.where("subscription_item", "subscription", row.id)
    return {
        "default_tax_rates": _tax_rates(store, row["default_tax_rates"]),
        "items": list_of(store, items, f"/v1/subscription_items?subscription={row.id}"),
    }


def _subscriptions(store: Store, row: Row) -> Shown:
    living = [
        one
        for one in store.where("subscription", "customer", row.id)
        if one["status"] not in ("canceled", "incomplete_expired")
    ]
    return list_of(store, living[::-1], f"/v1/customers/{row.id}/subscriptions")


COMPUTED: dict[str, Computing] = {
    "coupon": _coupon,
    "credit_note": _credit_note,
    "credit_note_line_item": lambda store, row: {"tax_rates": _tax_rates(store, row["tax_rates"])},
    "dispute": lambda store, row: {
        "balance_transactions": [show(store, store.get("balance_transaction", id_)) for id_ in row["_movements"] or ()]
    },
    "event": _event,
    "invoice": _invoice,
    "item": lambda store, row: {"price": show(store, store.get("price", row["_price"]))},
    "subscription": _subscription,
    "subscription_item": _subscription_item,
    "invoiceitem": lambda store, row: {"tax_rates": _tax_rates(store, row["tax_rates"])},
}

INCLUDED: dict[tuple[str, str], Computing] = {
    ("coupon", "applies_to"): lambda _, row: {"products": row["_products"]},
    ("charge", "refunds"): lambda store, row: list_of(
        store, [*store.where("refund", "charge", row.id)][::-1], f"/v1/charges/{row.id}/refunds"
    ),
    ("invoice", "payments"): _invoice_payments,
    ("price", "tiers"): lambda _, row: row["_tiers"],
    ("quote", "line_items"): lambda store, row: list_of(
        store, (store.get("item", id_) for id_ in row["_lines"]), f"/v1/quotes/{row.id}/line_items"
    ),
    ("customer", "subscriptions"): _subscriptions,
    ("customer", "tax_ids"): lambda store, row: list_of(
        store, [*store.where("tax_id", "customer", row.id)][::-1], f"/v1/customers/{row.id}/tax_ids"
    ),
}
