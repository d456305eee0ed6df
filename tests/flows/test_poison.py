"""What makes the work stop each time is set aside while its neighbours flow; who comes too late records nothing."""

from contextlib import suppress
from dataclasses import replace

import pytest

from connectors.stripe import STRIPE
from connectors.xero import XERO
from core.kinds import Kind
from worker import deliver as delivering
from worker.deliver import deliver


class Crash(BaseException):
    """The work-horse is gone in the middle of it."""


@pytest.fixture
def crash_on(monkeypatch):
    """No worker survives this document, in that direction."""

    def crash_on(kind, part, name, of, origin_id):
        whole = getattr(of, part)[kind]
        inner = getattr(whole, name)

        def crash(given):
            if origin_id in {getattr(given, "origin_id", None), given["id"] if isinstance(given, dict) else None}:
                raise Crash
            return inner(given)

        monkeypatch.setitem(getattr(of, part), kind, replace(whole, **{name: crash}))

    return crash_on


def three(outside, kind):
    """Documents of one kind: (Stripe's id, how both ends call it) of each."""
    customer = outside.customer()
    invoices = [outside.invoice(customer) for _ in range(3)]
    if kind is Kind.PAYMENT:
        paid = [outside.pay(invoice) for invoice in invoices]
        return [(outside.intent(invoice), invoice["number"]) for invoice in paid]
    documents = [outside.credit(invoice, 500) for invoice in invoices] if kind is Kind.CREDIT_NOTE else invoices
    return [(document["id"], document["number"]) for document in documents]


def numbers(outside, kind):
    name = kind.value.replace("_", " ")
    documents = [document for document in outside.documents()[1].documents if document.kind == name]
    return {document.number.rpartition(" of ")[2] for document in documents}


@pytest.mark.parametrize("kind", [Kind.INVOICE, Kind.PAYMENT, Kind.CREDIT_NOTE])
@pytest.mark.parametrize(("part", "name", "of"), [("reads", "entity", STRIPE), ("writes", "row", XERO)])
def test_poison_is_set_aside_and_its_neighbours_flow(hub, outside, crash_on, kind, part, name, of):
    (_, before), (poison, _), (_, after) = three(outside, kind)
    crash_on(kind, part, name, of, poison)
    hub.tell_all()
    hub.work(survives=Crash)
    assert numbers(outside, kind) == {before, after}
    crashes = [sentence for sentence in hub.sentences() if "made the work stop" in sentence]
    assert len(crashes) == 1
    assert crashes[0].endswith("It is set aside so that others flow; press retry after an update of the hub.")


def test_poison_in_a_page_of_a_poll_is_set_aside_and_the_poll_goes_on(hub, outside, monkeypatch):
    customer = outside.customer()
    before, poison, after = (outside.invoice(customer) for _ in range(3))
    reads = STRIPE.reads[Kind.INVOICE]

    def stumble(row):
        if row["id"] == poison["id"]:
            raise ZeroDivisionError
        return reads.entity(row)

    monkeypatch.setitem(STRIPE.reads, Kind.INVOICE, replace(reads, entity=stumble))
    with suppress(ZeroDivisionError):
        hub.pull()
    hub.work(survives=ZeroDivisionError)
    assert numbers(outside, Kind.INVOICE) == {before["number"], after["number"]}
    assert [sentence for sentence in hub.sentences() if "made the work stop" in sentence]


# --- too late --------------------------------------------------------------------------------------------------------


def test_a_worker_that_slept_past_its_lease_sends_nothing_and_records_nothing(hub, outside, monkeypatch):
    outside.sell()
    hub.tell_all()
    slept = []

    def sleeps(place, kind):
        if place == "P14" and kind == Kind.PAYMENT and not slept:
            slept.append(place)
            hub.clock.sleep(hub.hub.lease_seconds + 1)
            deliver(hub.hub, hub.workspace_id, hub.connection("Xero").id, Kind.PAYMENT)

    monkeypatch.setattr(delivering, "failpoint", sleeps)
    hub.work()
    assert slept
    paid = [call for call in outside.calls("xero") if (call["method"], call["path"][-9:]) == ("PUT", "/Payments")]
    assert len(paid) == 1
    assert set(outside.creations().values()) == {1}
    assert outside.agree()
    assert hub.open_work() == {}
