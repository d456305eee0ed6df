"""What the next invoice would be: it is made, shown, and taken back."""

from sandbox.stripe import (
    discounts,
    invoice_items,
    invoice_lines,
    invoices,
    subscription_billing,
    subscription_changes,
    subscription_items,
    subscription_lines,
    subscription_standing,
    subscriptions,
)
from sandbox.stripe.account import Account
from sandbox.stripe.errors import Rehearsal, StripeError
from sandbox.stripe.money import check_currency
from sandbox.stripe.params import Form, Params, boolean, each, either, moment, nested, one_of, text
from sandbox.stripe.rows import Row, Shown

CREATE = Form(
    {
        "currency": text,
        "customer": text,
        "discounts": discounts.GIVEN,
        "invoice_items": each(nested({**invoice_items.FIELDS, "currency": text})),
        "preview_mode": one_of("next", "recurring"),
        "subscription": text,
        "subscription_details": nested(
            {
                "billing_cycle_anchor": nested({"type*": one_of("now", "unchanged")}),
                "cancel_at_period_end": boolean,
                "items": each(nested(subscription_items.CHANGED_FIELDS)),
                "proration_behavior": subscriptions.PRORATION,
                "proration_date": moment,
                "trial_end": either("now", moment),
            }
        ),
    }
)


def create(account: Account, params: Params) -> Shown:
    subscription = None
    if params.get("subscription"):
        subscription = account.store.named("subscription", params["subscription"], "subscription")
    customer_id = subscription["customer"] if subscription else params.get("customer")
    customer = account.store.named("customer", customer_id or "", "customer")
    currency = subscription["currency"] if subscription else params.get("currency") or customer["currency"] or "eur"
    for item in params.get("invoice_items") or ():
        invoice_items.create(account, {"currency": currency, **item, "customer": customer.id})
    invoice = (
        _of_subscription(account, subscription, params)
        if subscription
        else _of_customer(account, customer, check_currency(currency))
    )
    if "discounts" in params:
        ids = discounts.apply(account, params["discounts"], customer, currency, invoice=invoice.id)
        account.store.save(invoice, discounts=ids)
        invoice_lines.compute(account, invoice)
    raise Rehearsal({**account.show(invoice), "id": f"upcoming_{invoice.id}"})


def _of_customer(account: Account, customer: Row, currency: str) -> Row:
    invoice = account.store.add(invoices.blank(account, customer, currency))
    invoices.pull_pending_items(account, invoice, None)
    invoice_lines.compute(account, invoice)
    return invoice


def _of_subscription(account: Account, subscription: Row, params: Params) -> Row:
    """The invoice that a change makes at once, or else the one of the next cycle."""
    before = subscription["latest_invoice"]
    changes = params.get("subscription_details")
    if changes:
        subscription_changes.update(account, changes, subscription.id)
    if subscription["latest_invoice"] != before:
        return account.store.get("invoice", subscription["latest_invoice"])
    items = subscription_standing.items(account, subscription)
    start, end = items[0]["current_period_start"], items[0]["current_period_end"]
    usage = [
        (item, start, end)
        for item in items
        if subscription_lines.is_metered(subscription_lines.price_of(account, item))
    ]
    billed = [] if subscription["cancel_at_period_end"] else subscription_billing.licensed(account, items)
    account.store.save(subscription, status="active")
    subscription_billing.begin_period(account, subscription, items, end)
    invoice = subscription_billing.bill(
        account, subscription, "upcoming", gathered=(start, end), items=billed, usage=usage
    )
    if invoice is None:
        raise StripeError("No upcoming invoices for customer.", status=404, code="invoice_upcoming_none")
    return invoice
