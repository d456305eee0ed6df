"""A whole small business in every order and any repetition of its events: the books come out the same."""

import itertools
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.stripe import STRIPE
from connectors.stripe.events import EVENTS
from core.canonical import canonical_json
from core.kinds import Kind
from core.store.statehash import state_lines
from demo import auditor
from worker.ingest import ingest
from worker.pull import pull
from worker.setup import set_up


@pytest.fixture
def business(outside):
    """A customer who is renamed; an invoice that a credit note lowers, paid, partly given back with a credit note and
    without one; one that is void; one whose credit note is void. All that Stripe told about it."""
    customer = outside.customer()
    outside.trade(customer)
    void, lowered = (outside.invoice(customer) for _ in range(2))
    outside.stripe.create(f"invoices/{void['id']}/void")
    note = outside.credit(lowered, 500)
    outside.stripe.create(f"credit_notes/{note['id']}/void")
    outside.stripe.create(f"customers/{customer['id']}", email="ada@books.example")
    return [event for event in outside.events() if event["type"] in EVENTS]


@pytest.fixture
def workspaces(hub, outside):
    """Makes the hub work for a new tenant of the same business."""
    numbers = itertools.count(1)

    def another():
        made = set_up(hub.store, json.dumps(outside.workspace(f"Retold {next(numbers)}")))
        hub.workspace_id, hub.door = made.workspace_id, made.doors["Stripe"]
        return hub.connection("Stripe")

    return another


def read(hub):
    """Whatever is to be read in this workspace."""
    for lane in hub.lanes_due("ingest"):
        if lane.workspace_id == hub.workspace_id:
            ingest(hub.hub, lane.workspace_id, lane.connection_id, Kind(lane.kind))


@pytest.fixture
def retold(hub, workspaces):
    """(events, whether to work after each) to the state hash of a new workspace that was told them so."""

    def tell(events, working):
        workspaces()
        for event, works in zip(events, [*working, True], strict=True):
            assert hub.tell(event) == [200]
            if works:
                read(hub)
        assert not {"event pending", "event parked"} & hub.open_work().keys()
        return hub.state_hash()

    return tell


def test_any_order_and_any_repetition_of_the_same_events_leaves_the_same_state(retold, business):
    straight = retold(business, [False] * (len(business) - 1))
    places = range(len(business))

    @given(
        order=st.permutations(places),
        again=st.lists(st.sampled_from(places), max_size=4),
        working=st.lists(st.booleans(), min_size=len(business) + 3, max_size=len(business) + 3),
    )
    @settings(max_examples=6, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def any_way(order, again, working):
        told = [business[place] for place in [*order, *again]]
        assert retold(told, working[: len(told) - 1]) == straight

    any_way()


def lines(hub):
    """What the state hash is made of, each line by itself."""
    with hub.store.read() as database:
        return {canonical_json(line).decode() for line in state_lines(hub.store, database, hub.workspace_id)}


def test_what_was_told_is_what_a_poll_alone_finds(hub, workspaces, retold, business):
    """But for payments that never came: their intents are told of, and no list that is polled shows them."""
    retold(business, [False] * (len(business) - 1))
    told = lines(hub)
    connection = workspaces()
    for stream in STRIPE.pulls:
        pull(hub.hub, hub.workspace_id, connection.id, stream)
    read(hub)
    polled = lines(hub)
    unpaid = {json.loads(line)[1] for line in told if line.startswith('["record"') and '"succeeded":false' in line}
    assert len(unpaid) == 2
    assert polled == {line for line in told if not any(f'"{name}"' in line for name in unpaid)}


def test_the_last_told_first_comes_out_the_same(hub, outside, business):
    for event in reversed(business):
        hub.tell(event)
        hub.work()
    assert hub.open_work() == {}
    # what was void before it was ever told is not written, only to be made void there
    (void,) = outside.documents()[0].voided
    assert auditor.mismatches(*outside.documents()) == [f"invoice {void} is void in Stripe, not in Xero"]
    assert set(outside.creations().values()) == {1}
