"""Invoices from draft to their end; their lines, their payments and their money live beside this file."""

from typing import Any

from sandbox.stripe import collection, discounts, invoice_lines, invoice_states, tax_rates
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.money import check_currency
from sandbox.stripe.params import (
    Form,
    Params,
    Parser,
    boolean,
    count,
    each,
    listing,
    metadata,
    moment,
    nested,
    one_of,
    short_text,
    span,
    text,
)
from sandbox.stripe.rows import Row, merged_metadata, new_metadata
from sandbox.stripe.store import Page, paged

_COLLECTION = one_of("charge_automatically", "send_invoice")
_FIELDS: dict[str, Parser] = {
    "auto_advance": boolean,
    "collection_method": _COLLECTION,
    "custom_fields": each(nested({"name*": text, "value*": text})),
    "days_until_due": count,
    "default_payment_method": text,
    "default_tax_rates": each(text),
    "description": short_text,
    "discounts": discounts.GIVEN,
    "due_date": moment,
    "effective_at": moment,
    "footer": short_text,
    "metadata": metadata,
    "number": text,
    "statement_descriptor": text,
}
CREATE = Form(
    {
        **_FIELDS,
        "currency": text,
        "customer*": text,
        "pending_invoice_items_behavior": one_of("exclude", "include"),
        "subscription": text,
    }
)
UPDATE = Form(_FIELDS)
FINALIZE = Form({"auto_advance": boolean})
LIST = listing(
    {
        "collection_method": _COLLECTION,
        "created": span,
        "customer": text,
        "due_date": span,
        "status": one_of("draft", "open", "paid", "uncollectible", "void"),
        "subscription": text,
    }
)
LIST_LINES = listing({})

NUMBER_CHARACTERS_MAX = 26
DAY_SECONDS = 86_400


def create(account: Account, params: Params) -> Row:
    store = account.store
    customer = store.named("customer", params["customer"], "customer")
    currency = check_currency(params.get("currency") or customer["currency"] or "eur")
    subscription = params.get("subscription")
    if subscription:
        store.named("subscription", subscription, "subscription")
        account.pacing.subscription_gets_an_invoice(subscription, account.now())
    invoice = blank(account, customer, currency)
    invoice |= {
        "metadata": new_metadata(params.get("metadata")),
        **_changes(account, invoice, params),
    }
    if subscription:
        invoice |= {
            "parent": of_subscription(store.get("subscription", subscription)),
            "_subscription": subscription,
        }
    _check_due_date(invoice)
    store.add(invoice)
    if params.get("pending_invoice_items_behavior") == "include":
        pull_pending_items(account, invoice, subscription)
    invoice_lines.compute(account, invoice)
    account.emit("invoice.created", invoice)
    if customer["currency"] is None:
        account.update(customer, "customer.updated", currency=currency)
    collection.schedule(account, invoice)
    return invoice


def blank(account: Account, customer: Row, currency: str) -> Row:
    """A draft without lines, not stored yet, with the customer's particulars of this moment."""
    now = account.now(customer["test_clock"])
    return Row(
        {
            "id": account.store.new_id("invoice"),
            "object": "invoice",
            "created": now,
            "currency": currency,
            "customer": customer.id,
            **particulars(account, customer),
            "period_end": now,
            "period_start": now,
            "test_clock": customer["test_clock"],
            "webhooks_delivered_at": now,
            "_lines": [],
        }
    )


def particulars(account: Account, customer: Row) -> dict[str, Any]:
    """Stripe: drafts follow the customer; finalising freezes them."""
    ids = account.store.where("tax_id", "customer", customer.id)
    return {
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_shipping": customer["shipping"],
        "customer_tax_exempt": customer["tax_exempt"],
        "customer_tax_ids": [{"type": one["type"], "value": one["value"]} for one in ids],
    }


def of_subscription(subscription: Row) -> dict[str, Any]:
    """The hash `parent` of an invoice that a subscription made."""
    details = {"metadata": subscription["metadata"], "subscription": subscription.id}
    return {"type": "subscription_details", "quote_details": None, "subscription_details": details}


def pull_pending_items(account: Account, invoice: Row, subscription: str | None) -> None:
    """Pending items of this currency go on the draft: all, or those of one subscription and of none."""
    items = [
        item
        for item in account.store.where("invoiceitem", "customer", invoice["customer"])
        if item["invoice"] is None
        and item["currency"] == invoice["currency"]
        and (subscription is None or _subscription_of(item) in (None, subscription))
    ]
    invoice_lines.put(account, invoice, items)


def _subscription_of(item: Row) -> str | None:
    parent = item["parent"]
    subscription: str | None = parent["subscription_details"]["subscription"] if parent else None
    return subscription


def retrieve(account: Account, _: Params, id_: str) -> Row:
    return account.store.get("invoice", id_, "invoice")


def update(account: Account, params: Params, id_: str) -> Row:
    invoice = retrieve(account, params, id_)
    always = {"auto_advance", "default_payment_method", "metadata"}
    if invoice["status"] != "draft" and not set(params) <= always:
        invoice_lines.check_editable(invoice)
    before = account.show(invoice)
    changes = _changes(account, invoice, params)
    if "metadata" in params:
        changes["metadata"] = merged_metadata(invoice, params["metadata"])
    _check_due_date(Row({**invoice, **changes}))
    account.store.save(invoice, **changes)
    if invoice["status"] == "draft":
        invoice_lines.compute(account, invoice)
    account.emit_changes(invoice, "invoice.updated", before)
    if "auto_advance" in params:
        collection.schedule(account, invoice)
    return invoice


def delete(account: Account, _: Params, id_: str) -> Row:
    invoice = retrieve(account, _, id_)
    if invoice["status"] != "draft" or invoice["_subscription"]:
        raise StripeError(
            "You can only delete draft invoices that no subscription has made.", code="invoice_not_editable"
        )
    for item in [*account.store.where("invoiceitem", "invoice", id_)]:
        invoice_lines.take_off(account, invoice, item)
    account.emit("invoice.deleted", invoice)
    return account.store.remove(invoice)


def finalize(account: Account, params: Params, id_: str) -> Row:
    invoice = retrieve(account, params, id_)
    if params.get("auto_advance") is not None:
        account.store.save(invoice, auto_advance=params["auto_advance"])
    invoice_states.finalize(account, invoice)
    if invoice["auto_advance"]:
        collection.proceed(account, invoice)
    return invoice


def listed(account: Account, params: Params) -> Page:
    due = params.get("due_date")

    def keep(row: Row) -> bool:
        return due is None or (row["due_date"] is not None and _within(row["due_date"], due))

    where = {name: params.get(name) for name in ("collection_method", "customer", "status")}
    where["_subscription"] = params.get("subscription")
    return account.store.page("invoice", params, where, keep)


def _within(at: int, bounds: dict[str, int]) -> bool:
    tests = {"gt": at.__gt__, "gte": at.__ge__, "lt": at.__lt__, "lte": at.__le__}
    return all(tests[name](bound) for name, bound in bounds.items())


def list_lines(account: Account, params: Params, invoice: str) -> Page:
    row = account.store.get("invoice", invoice, "invoice")
    lines = (account.store.get("line_item", id_) for id_ in row["_lines"])
    return paged(lines, params, "line_item")


_PLAIN = (
    "auto_advance",
    "collection_method",
    "custom_fields",
    "default_payment_method",
    "description",
    "due_date",
    "effective_at",
    "footer",
    "number",
    "statement_descriptor",
)


def _changes(account: Account, invoice: Row, params: Params) -> dict[str, Any]:
    changes = {name: params[name] for name in _PLAIN if name in params}
    if "default_tax_rates" in params:
        rates = params["default_tax_rates"]
        changes["default_tax_rates"] = tax_rates.named(account, rates, "default_tax_rates")
    if "discounts" in params:
        owner = account.store.find("customer", invoice["customer"])
        changes["discounts"] = discounts.apply(
            account, params["discounts"], owner, invoice["currency"], invoice=invoice.id
        )
    if "days_until_due" in params:
        changes["_days_until_due"] = params["days_until_due"]
    if params.get("number"):
        _check_number(account, invoice, params["number"])
    if params.get("default_payment_method"):
        account.store.named("payment_method", params["default_payment_method"], "default_payment_method")
    return changes


def _check_number(account: Account, invoice: Row, number: str) -> None:
    if len(number) > NUMBER_CHARACTERS_MAX:
        raise StripeError(f"Invoice numbers have at most {NUMBER_CHARACTERS_MAX} characters.", param="number")
    holder = next(account.store.where("invoice", "number", number), None)
    if holder is not None and holder is not invoice:
        raise StripeError(
            f"The invoice number {number} is already in use.", code="resource_already_exists", param="number"
        )


def _check_due_date(invoice: Row) -> None:
    sent = invoice["collection_method"] == "send_invoice"
    given = invoice["due_date"] is not None or invoice["_days_until_due"] is not None
    if given and not sent:
        raise StripeError(
            "You can only set `due_date` and `days_until_due` if `collection_method` is `send_invoice`.",
            param="due_date",
        )
    if sent and not given:
        raise StripeError(
            "If invoices have `collection_method` set to `send_invoice`, `due_date` or `days_until_due` must "
            "be specified.",
            code="parameter_missing",
            param="days_until_due",
        )
