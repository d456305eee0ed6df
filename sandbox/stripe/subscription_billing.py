"""The invoices of a subscription: the first, one for each cycle, and those of changes in between."""

from collections.abc import Sequence
from typing import Any

from sandbox.stripe import (
    collection,
    discounts,
    invoice_lines,
    invoice_states,
    invoices,
    subscription_lines,
    subscription_standing,
)
from sandbox.stripe.account import Account
from sandbox.stripe.rows import Row

DAY_SECONDS = 86_400
TRIAL_WARNING_DAYS = 3


def bill(
    account: Account,
    subscription: Row,
    reason: str,
    *,
    gathered: tuple[int, int],
    items: list[Row],
    usage: Sequence[tuple[Row, int, int]] = (),
) -> Row | None:
    """A draft with the items' current periods, the usage of past ones, and what is pending.

    None where all that is nothing. `gathered` is the time in which pending items have come together.
    """
    if reason == "subscription_update":
        account.pacing.subscription_gets_an_invoice(subscription.id, account.now())
    customer = account.store.get("customer", subscription["customer"])
    invoice = invoices.blank(account, customer, subscription["currency"])
    now = invoice["created"]
    paused = subscription["pause_collection"]
    invoice |= {
        "auto_advance": subscription["status"] != "unpaid" and (paused or {}).get("behavior") != "keep_as_draft",
        "billing_reason": reason,
        "collection_method": subscription["collection_method"],
        "default_tax_rates": subscription["default_tax_rates"],
        "description": subscription["description"],
        "discounts": discounts.lasting(account, subscription["discounts"], now),
        "parent": invoices.of_subscription(subscription),
        "period_start": gathered[0],
        "period_end": gathered[1],
        "_days_until_due": subscription["days_until_due"],
        "_instead": paused["behavior"] if paused else None,
        "_subscription": subscription.id,
    }
    account.store.add(invoice)
    for item in items:
        subscription_lines.put_period(account, invoice, subscription, item)
    for item, start, end in usage:
        subscription_lines.put_usage(account, invoice, subscription, item, start=start, end=end)
    invoices.pull_pending_items(account, invoice, subscription.id)
    if not invoice["_lines"]:
        account.store.remove(invoice)
        return None
    invoice_lines.compute(account, invoice)
    account.emit("invoice.created", invoice)
    account.store.save(subscription, latest_invoice=invoice.id)
    _drop_spent_discounts(account, subscription)
    return invoice


def _drop_spent_discounts(account: Account, subscription: Row) -> None:
    if subscription["status"] == "trialing":
        return
    for spent in discounts.once(account, subscription["discounts"]):
        left = [id_ for id_ in subscription["discounts"] if id_ != spent.id]
        account.store.save(subscription, discounts=left)
        account.emit("customer.discount.deleted", spent)


def renew(account: Account, subscription: Row) -> None:
    """The current period is over: the next one begins, and an invoice is drafted for it."""
    now = account.now(subscription["test_clock"])
    items = subscription_standing.items(account, subscription)
    status = subscription["status"]
    if status in (*subscription_standing.ENDED, "incomplete", "paused") or not items:
        return
    start, end = items[0]["current_period_start"], items[0]["current_period_end"]
    if now < end:
        return
    if subscription["cancel_at"] is not None and subscription["cancel_at"] <= now:
        _cancel_at_end(account, subscription, items, start, end)
        return
    if status == "trialing" and not _trial_ended(account, subscription):
        return
    before = account.show(subscription)
    if status == "trialing":
        account.store.save(subscription, status="active")
    usage = [
        (item, start, end)
        for item in items
        if subscription_lines.is_metered(subscription_lines.price_of(account, item))
    ]
    begin_period(account, subscription, items, end)
    account.emit_changes(subscription, "customer.subscription.updated", before)
    invoice = bill(
        account,
        subscription,
        "subscription_cycle",
        gathered=(start, end),
        items=licensed(account, items),
        usage=usage,
    )
    if invoice is not None:
        collection.schedule(account, invoice)


def licensed(account: Account, items: list[Row]) -> list[Row]:
    return [item for item in items if not subscription_lines.is_metered(subscription_lines.price_of(account, item))]


def begin_period(account: Account, subscription: Row, items: list[Row], start: int) -> None:
    """Every item's period from `start` to the next boundary, at which it is renewed."""
    for item in items:
        end = subscription_lines.rhythm(subscription, subscription_lines.price_of(account, item)).next_after(start)
        set_period(account, item, start, end)
    account.store.save(subscription)
    plan(account, subscription, min(item["current_period_end"] for item in items))


def set_period(account: Account, item: Row, start: int, end: int) -> None:
    account.store.save(item, current_period_start=start, current_period_end=end)


def plan(account: Account, subscription: Row, end: int) -> None:
    clock = subscription["test_clock"]
    account.agenda.put(clock, end, "renew_subscription", subscription.id)
    if subscription["status"] == "trialing":
        warning = max(end - TRIAL_WARNING_DAYS * DAY_SECONDS, account.now(clock))
        account.agenda.put(clock, warning, "trial_will_end", subscription.id)


def trial_will_end(account: Account, subscription: Row) -> None:
    if subscription["status"] == "trialing":
        account.emit("customer.subscription.trial_will_end", subscription)


def _trial_ended(account: Account, subscription: Row) -> bool:
    """Whether it goes on: without a payment method the trial's settings decide."""
    customer = account.store.get("customer", subscription["customer"])
    payable = subscription["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
    behavior = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    if payable or subscription["collection_method"] == "send_invoice" or behavior == "create_invoice":
        return True
    if behavior == "cancel":
        subscription_standing.end(account, subscription, reason="payment_failed")
    else:
        pause(account, subscription, "trial_end_without_payment_method")
    return False


def pause(account: Account, subscription: Row, why: str) -> None:
    now = account.now(subscription["test_clock"])
    details: dict[str, Any] = {
        "paused": {"subscription": {"type": why}, "transitioned_at": now, "type": "subscription"}
    }
    account.store.save(subscription, status="paused", status_details=details)
    account.emit("customer.subscription.paused", subscription)


def cancel_due(account: Account, subscription: Row) -> None:
    """`cancel_at` has come, which may be in the middle of a period."""
    at = subscription["cancel_at"]
    if at is None or at > account.now(subscription["test_clock"]):
        return
    if subscription["status"] in subscription_standing.ENDED:
        return
    items = subscription_standing.items(account, subscription)
    _cancel_at_end(account, subscription, items, items[0]["current_period_start"], at)


def _cancel_at_end(account: Account, subscription: Row, items: list[Row], start: int, end: int) -> None:
    subscription_standing.end(account, subscription, reason="cancellation_requested")
    bill_last_usage(account, subscription, items, start, end)


def bill_last_usage(account: Account, subscription: Row, items: list[Row], start: int, end: int) -> None:
    """What was used since the last invoice is still to be paid."""
    usage = [
        (item, start, end)
        for item in items
        if subscription_lines.is_metered(subscription_lines.price_of(account, item))
    ]
    if not usage:
        return
    invoice = bill(account, subscription, "subscription_cycle", gathered=(start, end), items=[], usage=usage)
    if invoice is not None:
        collection.schedule(account, invoice)


def expire(account: Account, subscription: Row) -> None:
    """Stripe: a first invoice that is not paid within 23 hours is void, and nothing comes after it."""
    if subscription["status"] != "incomplete":
        return
    subscription_standing.end(account, subscription, reason="payment_failed", status="incomplete_expired")
    invoice = account.store.find("invoice", subscription["latest_invoice"] or "")
    if invoice is not None and invoice["status"] == "open":
        invoice_states.void(account, {}, invoice.id)
