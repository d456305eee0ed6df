"""Processes are killed with SIGKILL wherever it hurts, in the middle of real work, and all comes out right.

One hub lives on from kill to kill. Each trade makes a document of every kind, so that one trade may kill a process at
the same point once for each of them.
"""

import json
import os
import signal
import socket
from contextlib import suppress
from datetime import datetime
from functools import partial

import invariants
import pytest
from hubs import POLL_SECONDS, RunningHub

from core.store import connections, schema
from sandbox.stripe.courier import signature
from worker.setup import set_up

DOCUMENTS = ("invoice", "payment", "credit_note")
WRITTEN = (*DOCUMENTS, "allocation", "credit_refund")
PLURALS = {"invoice": "Invoices", "payment": "Payments", "credit_note": "CreditNotes", "allocation": "Allocations"}

# the web process: it is one for all, so that it dies of one kind after the other
STORING = ["P4", "P5"]

# worker: before the read, after the read, inside the work transaction, after it;
# chosen to be sent; promised to be sent; answered; written down
WORKING = {
    "P8": DOCUMENTS,
    "P9": DOCUMENTS,
    "P10": DOCUMENTS,
    "P11": DOCUMENTS,
    "P12": DOCUMENTS,
    "P14": WRITTEN,
    "P17": WRITTEN,
    "P18": DOCUMENTS,
}

DATABASES = [pytest.param(name, marks=pytest.mark.xdist_group(f"life on {name}")) for name in ("sqlite", "postgresql")]


@pytest.fixture(scope="module", params=DATABASES)
def life(request, empty_database, served, tmp_path_factory):
    """One life of a hub on each kind of database, with two of what there may be two of."""
    served.reset()
    with empty_database(request.param) as url:
        running = RunningHub(served, tmp_path_factory.mktemp("life"), url, workers=2, schedulers=2, before=_bystander)
        served.subscribe_to_xero(f"{running.base_url}{running.xero_door}")
        running.wait(lambda: served.xero_deliveries()[0] == "ENABLED", "Xero to be content with the door")
        yield running
        running.close()


def _bystander(running):
    """Another tenant with the same accounts, who is not to be worked for."""
    running.bystander = set_up(running.store, json.dumps(running.outside.workspace("Bystander"))).workspace_id
    with running.store.read() as database:
        ids = [one.id for one in connections.connections(database, running.bystander)]
    for of in ids:
        running.store.write(running.bystander, partial(connections.pause, connection_id=of, sentence="not its turn"))


def harm(life, served):
    """What is broken once all is quiet again."""
    return invariants.broken(invariants.once_quiet(served, life, life.bystander))


def of_each(points):
    return [pytest.param(point, kinds, id=f"{point}-{'+'.join(kinds)}") for point, kinds in points.items()]


# --- the web process -------------------------------------------------------------------------------------------------


def test_a_door_killed_with_half_a_message_in_its_hands_has_stored_nothing(life, served):
    """P1 as it is for the sender: the headers and half of the body have arrived."""
    served.fail("stripe", {"webhook": "customer.updated", "fault": "drop"})
    served.stripe.create(f"customers/{life.customer['id']}", email="half@books.example")
    event = next(event for event in reversed(served.events()) if event["type"] == "customer.updated")
    body = json.dumps(event).encode()
    stamped = signature(served.line["stripe"]["webhook_secret"], event["created"], body)
    head = (
        f"POST {life.door} HTTP/1.1\r\nHost: hub\r\nStripe-Signature: {stamped}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((life.settings.host, life.settings.port)) as vendor:
        vendor.sendall(head.encode() + body[: len(body) // 2])
        killed = life.child("web").pid
        os.kill(killed, signal.SIGKILL)
        with suppress(ConnectionResetError):
            assert vendor.recv(1) == b""
    life.wait_for_another_door(killed)
    with socket.create_connection((life.settings.host, life.settings.port)) as vendor:
        vendor.sendall(head.encode() + body)
        assert vendor.recv(12) == b"HTTP/1.1 200"
    assert [row.key for row in life.rows(schema.event, schema.event.c.key)].count(event["id"]) == 1
    assert harm(life, served) == []


def test_a_door_killed_before_it_has_stored_a_message_is_told_again(life, served):
    places = ("P1", "P2", "P3")
    life.die_at(*places)
    life.trade_until_struck(*places)
    assert harm(life, served) == []


@pytest.mark.parametrize("point", STORING, ids=[f"{point}-{'+'.join(DOCUMENTS)}" for point in STORING])
def test_a_door_killed_while_it_stores_a_message_loses_nothing_and_does_nothing_twice(life, served, point):
    for kind in DOCUMENTS:
        life.die_at(f"{point}/{kind}")
        door = life.child("web").pid
        life.trade_until_struck(f"{point}/{kind}")
        life.wait_for_another_door(door)
    assert harm(life, served) == []


@pytest.mark.parametrize("place", ["P6", "P6-inside"])
def test_a_process_killed_while_it_rings_the_bell_holds_nothing_up(life, served, place):
    """`P6-inside`: it has said that it rings, and the job is not in the queue."""
    life.die_at(place)
    life.trade_until_struck(place)
    assert harm(life, served) == []


# --- workers ---------------------------------------------------------------------------------------------------------


def test_a_worker_killed_between_the_bell_and_its_lane_loses_no_work(life, served):
    life.die_at("P7")
    life.trade_until_struck("P7")
    assert harm(life, served) == []


@pytest.mark.parametrize(("point", "kinds"), of_each(WORKING))
def test_a_worker_that_is_killed_loses_nothing_and_does_nothing_twice(life, served, point, kinds):
    places = [f"{point}/{kind}" for kind in kinds]
    life.die_at(*places)
    life.trade_until_struck(*places)
    assert harm(life, served) == []


TRIES = 5


def hung(served, plural, after):
    """Whether a write has reached Xero, and Xero has not done it."""
    writes = [call for call in served.calls("xero", after) if call["method"] == "PUT"]
    return any(call["path"].endswith(plural) and call["fault"] == "hang" for call in writes)


def killed_on_the_way(life, served, kind):
    """Whether its worker was killed while a write of this kind was on its way. It may have stopped waiting before, and
    what pays out a credit note is a payment to Xero, too.
    """
    after = len(served.calls("xero"))
    served.fail("xero", {"match": f"PUT *{PLURALS[kind]}", "fault": "hang"})
    served.trade(life.customer)
    life.wait(lambda: hung(served, PLURALS[kind], after), f"the write of a {kind} to be on its way")
    try:
        os.kill(life.holder("deliver", kind), signal.SIGKILL)
    except ProcessLookupError:
        return False
    rows = life.rows(schema.push, schema.push.c.kind, schema.push.c.state)
    return (kind, "sent") in [row for row in rows if row.state == "sent"]


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_worker_killed_before_the_vendor_did_what_it_was_sent_sends_it_again(life, served, kind):
    """P15: the bytes have left, and nothing has come of them."""
    assert any(killed_on_the_way(life, served, kind) for _ in range(TRIES))
    assert harm(life, served) == []


AFTER_COMMIT = {
    ("invoice", "payment", "credit_note", "allocation"): [f"P16/{plural}" for plural in PLURALS.values()],
    # what is paid out of a credit note is a payment too, and the second of a trade
    ("credit_refund",): ["P16/Payments@2"],
}


@pytest.mark.parametrize("kinds", [pytest.param(kinds, id=f"P16-{'+'.join(kinds)}") for kinds in AFTER_COMMIT])
def test_a_worker_killed_when_the_vendor_has_done_it_finds_it_by_asking(life, served, kinds):
    places = AFTER_COMMIT[kinds]
    life.die_at(*places)
    life.trade_until_struck(*places)
    assert harm(life, served) == []


ECHOES = {"invoice": "INVOICE", "payment": "INVOICE", "credit_note": "CREDITNOTE"}
"""Xero tells of invoices and credit notes; a payment shows as a change of its invoice."""


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_worker_killed_when_the_echo_of_its_write_has_overtaken_its_answer_writes_nothing_twice(life, served, kind):
    """P19: the vendor's webhook about our own write is there before we have written down that we wrote."""
    life.stop_at(f"P17/{kind}")
    heard = len(served.xero_deliveries()[1])
    life.trade_until_struck(f"P17/{kind}")
    held = life.stopped()

    def echoed():
        told = [
            json.loads(one["body"])["events"] for one in served.xero_deliveries()[1][heard:] if one["status"] == 200
        ]
        return ECHOES[kind] in {event["eventCategory"] for events in told for event in events}

    life.wait(echoed, f"Xero's echo of a {kind}")
    life.wait(lambda: "event pending" not in life.open_work(), "the echo to be read")
    os.kill(held, signal.SIGKILL)
    assert harm(life, served) == []


def test_a_worker_that_slept_past_its_lease_wakes_up_and_does_no_harm(life, served):
    """Another has finished its work meanwhile."""
    life.stop_at("P14/payment")
    life.trade_until_struck("P14/payment")
    zombie = life.stopped()
    life.wait_until_quiet()
    os.kill(zombie, signal.SIGCONT)
    life.wait(lambda: not _runs(zombie), "the zombie to end")
    assert harm(life, served) == []


def _runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# --- all of them -----------------------------------------------------------------------------------------------------


def test_a_power_cut_in_the_middle_loses_nothing_and_does_nothing_twice(life, served):
    for _ in range(3):
        served.trade(life.customer)
    life.wait(life.open_work, "work to cut off")
    life.kill_all()
    assert harm(life, served) == []


def polls(served):
    """The moments at which the hub began to ask Stripe what is new."""
    asked = [call for call in served.calls("stripe") if call["path"] == "/v1/events"]
    return [datetime.fromisoformat(call["at"]) for call in asked if "starting_after" not in call["query"]]


@pytest.mark.parametrize("place", ["P20", "P20-after"])
def test_of_two_schedulers_killed_around_a_slot_one_runs_it_once(life, served, place):
    life.die_at(place)
    life.wait(lambda: life.struck(place), f"a scheduler to die at {place}")
    served.trade(life.customer)
    assert harm(life, served) == []
    moments = polls(served)
    slots = (max(moments) - min(moments)).total_seconds() / POLL_SECONDS
    assert len(moments) <= slots + 2
