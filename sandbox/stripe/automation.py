"""What happens by itself: every kind of appointment, and what is done when its time has come."""

from collections.abc import Callable

from sandbox.stripe import (
    collection,
    debits,
    disputes,
    payouts,
    quotes,
    refunds,
    subscription_billing,
    subscription_changes,
)
from sandbox.stripe.account import Account
from sandbox.stripe.agenda import BUSINESS_DAY
from sandbox.stripe.rows import Row

Job = Callable[[Account, Row], None]


def _refund_fails(account: Account, refund: Row) -> None:
    if refund["status"] in ("pending", "succeeded"):
        refunds.fail(account, refund)


def _refund_succeeds(account: Account, refund: Row) -> None:
    if refund["status"] == "pending":
        refunds.succeed(account, refund)


def _payout_arrives(account: Account, payout: Row) -> None:
    if payout["status"] in ("pending", "in_transit"):
        payouts.arrive(account, payout)


def _dispute_begins(account: Account, charge: Row) -> None:
    if not charge["disputed"] and not charge["refunded"]:
        disputes.begin(account, charge)


def _inquiry_begins(account: Account, charge: Row) -> None:
    if not charge["disputed"] and not charge["refunded"]:
        disputes.inquire(account, charge)


def _inquiry_ends(account: Account, dispute: Row) -> None:
    if dispute["status"] in disputes.INQUIRY:
        disputes.leave_off(account, dispute)


def _appeal_ends(account: Account, dispute: Row) -> None:
    if dispute["status"] == "appeal_needs_response":
        disputes.decide(account, dispute, won=False)


JOBS: dict[str, tuple[str, Job]] = {
    "appeal_ends": ("dispute", _appeal_ends),
    "cancel_subscription": ("subscription", subscription_billing.cancel_due),
    "debit_ends": ("charge", debits.end),
    "dispute_begins": ("charge", _dispute_begins),
    "expire_subscription": ("subscription", subscription_billing.expire),
    "finalize_invoice": ("invoice", collection.finalize_due),
    "inquiry_begins": ("charge", _inquiry_begins),
    "inquiry_ends": ("dispute", _inquiry_ends),
    "invoice_overdue": ("invoice", collection.overdue),
    "payout_arrives": ("payout", _payout_arrives),
    "quote_expires": ("quote", quotes.expire),
    "refund_fails": ("refund", _refund_fails),
    "refund_succeeds": ("refund", _refund_succeeds),
    "renew_subscription": ("subscription", subscription_billing.renew),
    "resume_collection": ("subscription", subscription_changes.resume_collection),
    "retry_payment": ("invoice", collection.retry_due),
    "trial_will_end": ("subscription", subscription_billing.trial_will_end),
}


def run_due(account: Account) -> None:
    """All that has become due on the wall clock and on the account's business day."""
    run(account, None, account.now())
    run(account, BUSINESS_DAY, account.latest())


def advance(account: Account, clock: Row, until: int) -> None:
    """Everything on a test clock up to that moment, each at its own time."""
    while (at := account.agenda.next_at(clock.id)) is not None and at <= until:
        account.store.save(clock, frozen_time=max(at, clock["frozen_time"]))
        run(account, clock.id, at)
    account.store.save(clock, frozen_time=until)


def run(account: Account, clock: str | None, until: int) -> None:
    while (due := account.agenda.take(clock, until)) is not None:
        kind, job = JOBS[due.job]
        row = account.store.find(kind, due.id)
        if row is not None and not row.deleted:
            job(account, row)
