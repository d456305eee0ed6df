"""What comes of an accepted quote: a subscription where it has recurring prices, else an invoice."""

from typing import Any

from sandbox.stripe import collection, invoice_items, invoice_lines, invoices, quote_lines, subscriptions
from sandbox.stripe.account import Account
from sandbox.stripe.rows import Row


def carry_out(account: Account, quote: Row) -> None:
    lines = quote_lines.lines(account, quote)
    prices = {line.id: account.store.get("price", line["_price"]) for line in lines}
    recurring = [line for line in lines if prices[line.id]["type"] == "recurring"]
    once = [line for line in lines if prices[line.id]["type"] == "one_time"]
    if recurring:
        _subscribe(account, quote, recurring, once)
    else:
        _invoice(account, quote, once)


def _item(line: Row) -> dict[str, Any]:
    return {
        "price": line["_price"],
        "quantity": line["quantity"],
        "tax_rates": line["_tax_rates"],
        "discounts": _as_given(line["_discounts"]),
    }


def _as_given(ids: list[str]) -> list[dict[str, str]]:
    return [{"discount": id_} for id_ in ids]


def _subscribe(account: Account, quote: Row, recurring: list[Row], once: list[Row]) -> None:
    details = quote["subscription_data"]
    params: dict[str, Any] = {
        "customer": quote["customer"],
        "items": [_item(line) for line in recurring],
        "add_invoice_items": [_item(line) for line in once],
        "collection_method": quote["collection_method"],
        "default_tax_rates": quote["default_tax_rates"],
        "description": details["description"],
        "discounts": _as_given(quote["discounts"]),
        "metadata": details["metadata"],
        "trial_period_days": details["trial_period_days"],
    }
    if quote["collection_method"] == "send_invoice":
        params["days_until_due"] = quote["invoice_settings"]["days_until_due"] or 30
    subscription = subscriptions.create(account, params)
    account.store.save(quote, subscription=subscription.id, invoice=subscription["latest_invoice"])


def _invoice(account: Account, quote: Row, once: list[Row]) -> None:
    customer = account.store.named("customer", quote["customer"], "customer")
    invoice = invoices.blank(account, customer, quote["currency"])
    invoice |= {
        "auto_advance": True,
        "billing_reason": "quote_accept",
        "collection_method": quote["collection_method"],
        "default_tax_rates": quote["default_tax_rates"],
        "discounts": quote["discounts"],
        "parent": {
            "type": "quote_details",
            "quote_details": {"quote": quote.id},
            "subscription_details": None,
        },
        "_days_until_due": quote["invoice_settings"]["days_until_due"],
    }
    account.store.add(invoice)
    for line in once:
        given = {name: value for name, value in _item(line).items() if name != "price"}
        invoice_items.create(
            account,
            {
                **given,
                "customer": customer.id,
                "currency": quote["currency"],
                "invoice": invoice.id,
                "pricing": {"price": line["_price"]},
            },
        )
    invoice_lines.compute(account, invoice)
    account.emit("invoice.created", invoice)
    collection.schedule(account, invoice)
    account.store.save(quote, invoice=invoice.id)
