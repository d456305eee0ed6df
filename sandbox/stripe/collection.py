"""Invoices that advance by themselves: finalised an hour after creation, collected, retried, given up."""

from sandbox.stripe import invoice_settling, invoice_states, subscription_standing
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.rows import Row

FINALIZED_AFTER_SECONDS = 3600
RETRY_DAYS = (3, 5, 7)
"""Days from one failed attempt to the next; after the last one it is over."""
DAY_SECONDS = 86_400


def schedule(account: Account, invoice: Row) -> None:
    """Stripe: drafts with auto_advance are finalised about an hour later."""
    if invoice["status"] != "draft":
        return
    at = account.now(invoice["test_clock"]) + FINALIZED_AFTER_SECONDS if invoice["auto_advance"] else None
    account.store.save(invoice, automatically_finalizes_at=at)
    if at is not None:
        account.agenda.put(invoice["test_clock"], at, "finalize_invoice", invoice.id)


def finalize_due(account: Account, invoice: Row) -> None:
    at = invoice["automatically_finalizes_at"]
    if invoice["status"] != "draft" or at is None or at > account.now(invoice["test_clock"]):
        return
    try:
        invoice_states.finalize(account, invoice)
    except StripeError as refused:
        account.store.save(invoice, automatically_finalizes_at=None, last_finalization_error=refused.error)
        account.emit("invoice.finalization_failed", invoice)
        return
    proceed(account, invoice)


def proceed(account: Account, invoice: Row) -> None:
    """An invoice that has just been finalised and advances by itself."""
    if invoice["status"] != "open":
        return
    if invoice["_instead"] == "void":
        invoice_states.void(account, {}, invoice.id)
    elif invoice["_instead"] == "mark_uncollectible":
        invoice_states.mark_uncollectible(account, {}, invoice.id)
    elif invoice["collection_method"] == "charge_automatically":
        attempt(account, invoice)
    else:
        invoice_states.send(account, {}, invoice.id)


def settle_now(account: Account, invoice: Row) -> None:
    """Finalised and collected without the hour's wait. A decline is raised, and nothing retries."""
    invoice_states.finalize(account, invoice)
    if invoice["status"] != "open":
        return
    if invoice["collection_method"] == "charge_automatically" and invoice["_instead"] is None:
        invoice_states.collect(account, invoice, None, off_session=True)
    else:
        proceed(account, invoice)


def settle_quietly(account: Account, invoice: Row) -> None:
    """The same, but a decline leaves the invoice open, to be retried."""
    invoice_states.finalize(account, invoice)
    proceed(account, invoice)


def attempt(account: Account, invoice: Row) -> None:
    try:
        invoice_states.collect(account, invoice, None, off_session=True)
    except StripeError:
        _plan_retry(account, invoice)


def failed_later(account: Account, invoice: Row) -> None:
    """A debit for it that was under way has failed: it was counted when it was tried."""
    invoice_settling.note_failed_attempt(account, invoice, attempts=0)
    if invoice["auto_advance"]:
        _plan_retry(account, invoice)


def retry_due(account: Account, invoice: Row) -> None:
    at = invoice["next_payment_attempt"]
    if invoice["status"] == "open" and at is not None and at <= account.now(invoice["test_clock"]):
        attempt(account, invoice)


def overdue(account: Account, invoice: Row) -> None:
    if invoice["status"] == "open":
        account.emit("invoice.overdue", invoice)


def _plan_retry(account: Account, invoice: Row) -> None:
    failed = invoice["attempt_count"]
    if failed > len(RETRY_DAYS) or not invoice["auto_advance"]:
        account.update(invoice, "invoice.updated", next_payment_attempt=None)
        subscription_standing.gave_up(account, invoice)
        return
    at = account.now(invoice["test_clock"]) + RETRY_DAYS[failed - 1] * DAY_SECONDS
    account.update(invoice, "invoice.updated", next_payment_attempt=at)
    account.agenda.put(invoice["test_clock"], at, "retry_payment", invoice.id)
