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
def poisoned(monkeypatch, outside):
    """An invoice that no worker survives, in either direction, between two good ones."""

    def crash_on(part, name, of, origin_id):
        whole = getattr(of, part)[Kind.INVOICE]
        inner = getattr(whole, name)

        def crash(given):
            if origin_id in {getattr(given, "origin_id", None), given["id"] if isinstance(given, dict) else None}:
                raise Crash
            return inner(given)

        monkeypatch.setitem(getattr(of, part), Kind.INVOICE, replace(whole, **{name: crash}))

    customer = outside.customer()
    before, poison, after = (outside.invoice(customer) for _ in range(3))
    return before, poison, after, crash_on


def numbers(outside):
    return {document.number for document in outside.documents()[1].documents}


@pytest.mark.parametrize(("part", "name", "of"), [("reads", "entity", STRIPE), ("writes", "row", XERO)])
def test_poison_is_set_aside_and_its_neighbours_flow(hub, outside, poisoned, monkeypatch, part, name, of):
    before, poison, after, crash_on = poisoned
    crash_on(part, name, of, poison["id"])
    hub.tell_all()
    hub.work(survives=Crash)
    assert numbers(outside) == {before["number"], after["number"]}
    (sentence,) = hub.sentences()
    assert "made the work stop" in sentence
    assert sentence.endswith("It is set aside so that others flow; press retry after an update of the hub.")


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
    assert numbers(outside) == {before["number"], after["number"]}
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
