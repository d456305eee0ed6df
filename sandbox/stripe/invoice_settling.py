"""What happens to an invoice when money for it arrives, or when an attempt to collect it fails."""

from typing import Any

from sandbox.stripe import charging, customer_balance, subscription_standing
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.rows import Row


def settle_invoices(account: Account, intent: Row) -> None:
    """A payment intent that has succeeded pays the invoices it was made for, as far as it reaches."""
    left = intent["amount_received"]
    for payment in account.store.where("invoice_payment", "_payment", intent.id):
        if payment["status"] != "open":
            continue
        amount = min(payment["amount_requested"], left)
        left -= amount
        invoice = account.store.get("invoice", payment["invoice"])
        at = account.now_for(invoice["customer"])
        transitions = {**payment["status_transitions"], "paid_at": at}
        account.store.save(payment, status="paid", amount_paid=amount, status_transitions=transitions)
        account.emit("invoice_payment.paid", payment)
        receive(account, invoice, amount)


def receive(account: Account, invoice: Row, amount: int) -> None:
    """What exceeds the amount remaining is credited to the customer."""
    applied = min(amount, invoice["amount_remaining"])
    changes: dict[str, Any] = {
        "amount_paid": invoice["amount_paid"] + applied,
        "amount_remaining": invoice["amount_remaining"] - applied,
    }
    if amount > applied:
        over = amount - applied
        changes["amount_overpaid"] = invoice["amount_overpaid"] + over
        owner = account.store.get("customer", invoice["customer"])
        customer_balance.move(account, owner, -over, invoice["currency"], "invoice_overpaid", invoice=invoice.id)
        account.emit("invoice.overpaid", invoice)
    change_due(account, invoice, changes)


def change_due(account: Account, invoice: Row, changes: dict[str, Any]) -> None:
    """`changes` hold what remains: the default payment follows it, and nothing left means paid."""
    rest = changes["amount_remaining"]
    if rest == 0:
        close_payment(account, invoice, "automatic")
        mark_paid(account, invoice, **changes)
        return
    payment = open_payment(account, invoice)
    if payment is not None and not is_under_way(account, payment):
        account.store.save(payment, amount_requested=rest)
        account.store.save(account.store.get("payment_intent", payment["_payment"]), amount=rest)
    account.update(invoice, "invoice.updated", **changes)


def mark_paid(account: Account, invoice: Row, **changes: Any) -> None:
    at = account.now_for(invoice["customer"])
    account.update(
        invoice,
        "invoice.updated",
        status="paid",
        attempted=True,
        next_payment_attempt=None,
        status_transitions={**invoice["status_transitions"], "paid_at": at},
        **changes,
    )
    account.emit("invoice.paid", invoice)
    account.emit("invoice.payment_succeeded", invoice)
    subscription_standing.invoice_paid(account, invoice)


def note_failed_attempt(account: Account, invoice: Row, *, attempts: int = 1) -> None:
    account.update(invoice, "invoice.updated", attempted=True, attempt_count=invoice["attempt_count"] + attempts)
    account.emit("invoice.payment_failed", invoice)
    subscription_standing.invoice_failed(account, invoice)


def open_payment(account: Account, invoice: Row) -> Row | None:
    """The default payment of an invoice that is still to be made."""
    payments = account.store.where("invoice_payment", "invoice", invoice.id)
    return next((one for one in payments if one["is_default"] and one["status"] == "open"), None)


def is_under_way(account: Account, payment: Row) -> bool:
    """Whether a bank was asked for the money and has not answered: that is not taken back."""
    return bool(account.store.get("payment_intent", payment["_payment"])["status"] == "processing")


def check_not_under_way(account: Account, invoice: Row, payment: Row) -> None:
    if is_under_way(account, payment):
        raise StripeError(
            f"A payment of invoice {invoice['number']} is processing; wait until it has succeeded or failed.",
            code="payment_intent_unexpected_state",
        )


def close_payment(account: Account, invoice: Row, reason: str) -> None:
    """Cancels the default payment, and the intent behind it."""
    payment = open_payment(account, invoice)
    if payment is None:
        return
    check_not_under_way(account, invoice, payment)
    at = account.now_for(invoice["customer"])
    transitions = {**payment["status_transitions"], "canceled_at": at}
    account.store.save(payment, status="canceled", status_transitions=transitions)
    charging.abandon(account, account.store.get("payment_intent", payment["_payment"]), reason)
