"""How a subscription stands: what payments, and their absence, do to its status."""

from collections.abc import Iterator
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.rows import Row

ENDED = ("canceled", "incomplete_expired")


def of_invoice(account: Account, invoice: Row) -> Row | None:
    return account.store.find("subscription", invoice["_subscription"] or "")


def items(account: Account, subscription: Row) -> list[Row]:
    return list(account.store.where("subscription_item", "subscription", subscription.id))


def invoice_paid(account: Account, invoice: Row) -> None:
    subscription = of_invoice(account, invoice)
    if subscription is None or subscription["status"] in ENDED:
        return
    match subscription["status"]:
        case "incomplete" if subscription["latest_invoice"] == invoice.id:
            change(account, subscription, status="active")
        case "past_due" | "unpaid" if next(_owed(account, subscription), None) is None:
            change(account, subscription, status="active")
        case "paused" if subscription["_resuming"] == invoice.id:
            resumed(account, subscription)


def resumed(account: Account, subscription: Row) -> None:
    account.store.save(subscription, status="active", status_details=None, _resuming=None)
    account.emit("customer.subscription.resumed", subscription)


def payment_under_way(account: Account, invoice: Row) -> None:
    """Stripe: a subscription begins while its first debit is still processing (GK)."""
    subscription = of_invoice(account, invoice)
    if (
        subscription is None
        or subscription["status"] != "incomplete"
        or not account.settings.debits_begin_subscriptions
    ):
        return
    change(account, subscription, status="active")


def _owed(account: Account, subscription: Row) -> Iterator[Row]:
    for invoice in account.store.where("invoice", "_subscription", subscription.id):
        if invoice["status"] == "open" and invoice["attempted"]:
            yield invoice


def invoice_failed(account: Account, invoice: Row) -> None:
    subscription = of_invoice(account, invoice)
    if subscription is not None and subscription["status"] == "active":
        change(account, subscription, status="past_due")


def gave_up(account: Account, invoice: Row) -> None:
    """After the last retry, as the account is set up: cancel, leave unpaid, or leave past due."""
    subscription = of_invoice(account, invoice)
    if subscription is None or subscription["status"] in ENDED:
        return
    if account.settings.after_retries == "cancel":
        end(account, subscription, reason="payment_failed")
    elif account.settings.after_retries == "unpaid":
        change(account, subscription, status="unpaid")


def end(account: Account, subscription: Row, *, reason: str, status: str = "canceled") -> None:
    now = account.now(subscription["test_clock"])
    account.store.save(
        subscription,
        status=status,
        canceled_at=subscription["canceled_at"] or now,
        ended_at=now,
        cancellation_details={**subscription["cancellation_details"], "reason": reason},
    )
    event = "customer.subscription.deleted" if status == "canceled" else "customer.subscription.updated"
    account.emit(event, subscription)


def change(account: Account, subscription: Row, **changes: Any) -> None:
    account.update(subscription, "customer.subscription.updated", **changes)
