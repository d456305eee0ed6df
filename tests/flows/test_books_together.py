"""Two drains that change the books of one document at once leave what they would leave one after the other."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from core.accounts import AccountRole
from core.kinds import Kind
from core.store import connections, ledger
from worker.bookkeeping import Bookkeeper

WRITING = (Kind.CREDIT_NOTE, Kind.PAYMENT)


@pytest.fixture
def settled(hub, outside):
    """An invoice in dollars that a credit note and a payment have settled, of which the hub knows the invoice: what the
    two are worth in euro is a cent less than what it is worth, and that cent is rounding's."""
    invoice = outside.invoice(outside.customer(), currency="usd", tax="")
    hub.tell_all()
    hub.work()
    outside.credit(invoice, 1009)
    outside.pay(invoice)
    hub.tell_all()


def rounding(hub):
    with hub.store.read() as database:
        (book,) = connections.books(database, hub.workspace_id)
        rows = ledger.balances(database, hub.workspace_id, book.id)
    return [row.base_minor for row in rows if row.role is AccountRole.ROUNDING]


@pytest.mark.usefixtures("settled")
def test_what_two_drains_settle_together_is_rounded_off_once(hub, monkeypatch):
    both, original = threading.Barrier(2), Bookkeeper.post_what_follows

    def at_the_same_moment(*arguments):
        # SQLite has one writer: there the other cannot come, and is not waited for
        with suppress(threading.BrokenBarrierError):
            both.wait(1)
        original(*arguments)

    hub.drain("ingest", Kind.INVOICE, "Stripe")
    monkeypatch.setattr(Bookkeeper, "post_what_follows", at_the_same_moment)
    with ThreadPoolExecutor(2) as drains:
        for done in [drains.submit(hub.drain, "ingest", kind, "Stripe") for kind in WRITING]:
            done.result(30)
    monkeypatch.undo()
    assert rounding(hub) == [1]
    hub.work()
    assert rounding(hub) == [1]
