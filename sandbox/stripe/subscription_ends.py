"""Cancelling now, pausing and resuming."""

from sandbox.stripe import (
    collection,
    subscription_billing,
    subscription_changes,
    subscription_lines,
    subscription_standing,
)
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.params import Form, Params, boolean, moment, nested, one_of, short_text, text
from sandbox.stripe.rows import Row

CANCEL = Form(
    {
        "cancellation_details": nested({"comment": short_text, "feedback": text}),
        "invoice_now": boolean,
        "prorate": boolean,
    }
)
PAUSE = Form(
    {
        "type": one_of("subscription"),
        "bill_for": nested(
            {
                "outstanding_usage_through": nested({"type*": one_of("none", "now")}),
                "unused_time_from": nested({"type*": one_of("item_current_period_start", "none", "now")}),
            }
        ),
        "invoicing_behavior": one_of("invoice", "pending_invoice_item"),
    }
)
RESUME = Form(
    {
        "billing_cycle_anchor": nested({"type*": one_of("now", "unchanged")}),
        "payment_behavior": one_of("resume_on_payment_attempt", "resume_on_payment_success"),
        "proration_behavior": one_of("always_invoice", "create_prorations", "none"),
        "proration_date": moment,
    }
)
NOTHING = Form({})


def cancel(account: Account, params: Params, id_: str) -> Row:
    """At once. Stripe: what was paid for the rest of the period is only given back if it is asked for."""
    subscription = account.store.get("subscription", id_)
    if subscription["status"] in subscription_standing.ENDED:
        raise StripeError(f"No such subscription: '{id_}'", status=404, code="resource_missing", param="id")
    now = account.now(subscription["test_clock"])
    items = subscription_standing.items(account, subscription)
    if params.get("prorate"):
        for item in items:
            subscription_changes.credit(account, subscription, item, now)
    if params.get("cancellation_details"):
        details = {**subscription["cancellation_details"], **params["cancellation_details"]}
        account.store.save(subscription, cancellation_details=details)
    subscription_standing.end(account, subscription, reason="cancellation_requested")
    if params.get("invoice_now"):
        start = items[0]["current_period_start"]
        usage = [(item, start, now) for item in items if _metered(account, item)]
        invoice = subscription_billing.bill(
            account, subscription, "subscription_cycle", gathered=(start, now), items=[], usage=usage
        )
        if invoice is not None:
            collection.settle_quietly(account, invoice)
    for invoice in account.store.where("invoice", "_subscription", id_):
        if invoice["status"] == "draft":
            account.store.save(invoice, auto_advance=False, automatically_finalizes_at=None)
    return subscription


def _metered(account: Account, item: Row) -> bool:
    return subscription_lines.is_metered(subscription_lines.price_of(account, item))


def delete_discount(account: Account, _: Params, id_: str) -> Row:
    subscription = account.store.get("subscription", id_)
    if not subscription["discounts"]:
        raise StripeError("No active discount for this subscription.", status=404, code="resource_missing", param="id")
    discount = account.store.get("discount", subscription["discounts"][-1])
    account.emit("customer.discount.deleted", discount)
    subscription_standing.change(account, subscription, discounts=subscription["discounts"][:-1])
    return Row({**discount.shown(), "deleted": True})


def pause(account: Account, params: Params, id_: str) -> Row:
    """No cycles until it is resumed; unused time is credited where `bill_for` says so."""
    subscription = account.store.get("subscription", id_)
    if subscription["status"] not in ("active", "past_due", "trialing", "unpaid"):
        raise StripeError(f"A subscription that is {subscription['status']} cannot be paused.")
    now = account.now(subscription["test_clock"])
    bill_for = params.get("bill_for") or {}
    items = subscription_standing.items(account, subscription)
    unused = (bill_for.get("unused_time_from") or {}).get("type", "none")
    if unused != "none":
        for item in items:
            start = item["current_period_start"] if unused == "item_current_period_start" else now
            subscription_changes.credit(account, subscription, item, start)
    usage = []
    if (bill_for.get("outstanding_usage_through") or {}).get("type") == "now":
        usage = [(item, item["current_period_start"], now) for item in items if _metered(account, item)]
    if params.get("invoicing_behavior") == "invoice" and (usage or unused != "none"):
        invoice = subscription_billing.bill(
            account, subscription, "subscription_update", gathered=(now, now), items=[], usage=usage
        )
        if invoice is not None:
            collection.settle_quietly(account, invoice)
    for item in items:
        account.store.save(item, _billed=None)
    subscription_billing.pause(account, subscription, "pause_requested")
    return subscription


def resume(account: Account, params: Params, id_: str) -> Row:
    """A new period begins now, unless the old rhythm is to be kept; its invoice is to be paid first."""
    subscription = account.store.get("subscription", id_)
    if subscription["status"] != "paused":
        raise StripeError(f"Only a paused subscription can be resumed; this one is {subscription['status']}.")
    now = account.now(subscription["test_clock"])
    items = subscription_standing.items(account, subscription)
    if (params.get("billing_cycle_anchor") or {}).get("type") != "unchanged":
        account.store.save(subscription, billing_cycle_anchor=now, _anchor_day=None)
    subscription_billing.begin_period(account, subscription, items, now)
    for item in items:
        subscription_billing.set_period(account, item, now, item["current_period_end"])
    invoice = subscription_billing.bill(
        account,
        subscription,
        "subscription_update",
        gathered=(now, now),
        items=subscription_billing.licensed(account, items),
    )
    if invoice is None or params.get("payment_behavior") == "resume_on_payment_attempt":
        subscription_standing.resumed(account, subscription)
    else:
        account.store.save(subscription, _resuming=invoice.id)
    if invoice is not None:
        collection.settle_quietly(account, invoice)
    return subscription
