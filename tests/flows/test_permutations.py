"""A whole small business in every order and any repetition of its events: the books come out the same."""

import itertools
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.kinds import Kind
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
    return outside.events()


@pytest.fixture
def workspaces(hub, outside):
    """Makes the hub work for a new tenant of the same business."""
    numbers = itertools.count(1)

    def another():
        made = set_up(hub.store, json.dumps(outside.workspace(f"Retold {next(numbers)}")))
        hub.workspace_id, hub.door = made.workspace_id, made.doors["Stripe"]
        return hub.connection("Stripe")

    return another


@pytest.fixture
def retold(hub, workspaces):
    """(events, whether to work after each) to the state hash of a new workspace that was told them so."""

    def tell(events, working):
        connection = workspaces()
        for event, works in zip(events, [*working, True], strict=True):
            assert hub.tell(event) == [200]
            for kind in Kind if works else ():
                ingest(hub.hub, hub.workspace_id, connection.id, kind)
        assert "event pending" not in hub.open_work()
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


def test_what_was_told_is_what_a_poll_alone_finds(hub, workspaces, retold, business):
    told = retold(business, [False] * (len(business) - 1))
    connection = workspaces()
    for kind in Kind:
        pull(hub.hub, hub.workspace_id, connection.id, kind)
    for kind in Kind:
        ingest(hub.hub, hub.workspace_id, connection.id, kind)
    assert hub.state_hash() == told


@pytest.mark.usefixtures("business")
def test_the_business_arrives_whole_whatever_is_told_first(hub, outside):
    for event in reversed(outside.events()):
        hub.tell(event)
        hub.work()
    assert hub.open_work() == {}
    assert outside.agree()
    assert set(outside.creations().values()) == {1}
