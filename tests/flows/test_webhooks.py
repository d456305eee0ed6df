"""Webhooks are hints: told twice, in any order, or not at all, they leave the same books."""

import itertools
import json

import invariants
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import core.kinds
from core.store import schema
from worker.ingest import ingest
from worker.setup import set_up


@pytest.fixture
def sale(outside):
    return outside.sell()


def all_is_over(hub, outside):
    hub.work()
    return hub.open_work() == {} and outside.agree() and set(outside.creations().values()) == {1}


@pytest.mark.usefixtures("sale")
def test_every_webhook_told_twice_is_one_event_and_one_effect(hub, outside):
    assert set(hub.tell_all() + hub.tell_all()) == {200}
    assert all_is_over(hub, outside)
    before, calls = hub.state_hash(), len(outside.calls("xero"))
    assert set(hub.tell_all()) == {200}
    hub.work()
    assert len(hub.rows(schema.event, schema.event.c.id)) == len(outside.events())
    assert (hub.state_hash(), len(outside.calls("xero"))) == (before, calls)


@pytest.mark.usefixtures("sale")
def test_the_last_told_first_comes_out_the_same(hub, outside):
    for event in reversed(outside.events()):
        hub.tell(event)
        hub.work()
    assert all_is_over(hub, outside)


@pytest.mark.usefixtures("sale")
def test_what_no_webhook_told_is_found_by_the_poll(hub, outside):
    hub.pull()
    assert all_is_over(hub, outside)
    outside.sell()
    hub.clock.sleep(60)
    hub.pull()
    assert all_is_over(hub, outside)
    assert len(invariants.invoices(outside.documents()[1])) == 2


@pytest.mark.parametrize("first", ["invoice_payment.paid", "invoice.paid", "charge.succeeded", "invoice.finalized"])
def test_one_event_alone_brings_whatever_it_rests_on(hub, outside, sale, first):
    (event,) = [event for event in outside.events() if event["type"] == first]
    hub.tell(event)
    hub.work()
    kinds = {row.kind for row in hub.rows(schema.record, schema.record.c.kind)}
    assert {"customer", "product", "price", "tax_rate", "invoice"} <= kinds
    hub.tell_all()
    assert all_is_over(hub, outside)


def test_an_update_told_before_its_creation_is_no_trouble(hub, outside):
    customer = outside.customer()
    outside.stripe.create(f"customers/{customer['id']}", name="Ada later")
    created, updated = [event for event in outside.events() if event["type"].startswith("customer.")]
    for event in (updated, created):
        hub.tell(event)
        hub.work()
    assert hub.open_work() == {}
    (revision,) = hub.rows(schema.record, schema.record.c.revision)
    assert revision == (1,)


@pytest.mark.usefixtures("sale")
def test_an_id_used_twice_is_shown_to_a_person_and_the_truth_is_fetched(hub, outside):
    hub.tell_all()
    hub.work()
    before = hub.state_hash()
    (event,) = [event for event in outside.events() if event["type"] == "invoice.paid"]
    forged = json.loads(json.dumps(event))
    forged["data"]["object"]["total"] = 1
    assert hub.tell(forged, forged, event) == [200, 200, 200]
    hub.work()
    assert hub.open_work() == {"event parked": 1}
    (sentence,) = hub.sentences()
    assert sentence.endswith(
        f"sent event {event['id']} twice with different contents. The first one counts; the document was read afresh."
    )
    assert hub.state_hash() == before


def test_an_event_of_an_account_that_is_not_connected_is_kept_apart(hub, outside):
    outside.customer()
    (event,) = [event for event in outside.events() if event["type"] == "customer.created"]
    assert hub.tell({**event, "account": "acct_somebody_else"}) == [200]
    hub.work()
    (sentence,) = hub.sentences()
    assert sentence.startswith("A signed message was about account acct_somebody_else, which is not connected here.")
    assert hub.rows(schema.record, schema.record.c.id) == []


# --- any order -------------------------------------------------------------------------------------------------------


@pytest.fixture
def retold(hub, outside):
    """(events, whether to work after each) to the state hash of a new workspace that was told them so."""
    numbers = itertools.count(1)

    def tell(events, working):
        made = set_up(hub.store, json.dumps(outside.workspace(f"Retold {next(numbers)}")))
        hub.workspace_id, hub.door = made.workspace_id, made.doors["Stripe"]
        connection = hub.connection("Stripe")
        for event, works in zip(events, [*working, True], strict=True):
            assert hub.tell(event) == [200]
            for kind in core.kinds.Kind if works else ():
                ingest(hub.hub, hub.workspace_id, connection.id, kind)
        return hub.state_hash()

    return tell


@pytest.mark.usefixtures("sale")
def test_any_order_and_any_repetition_of_the_same_events_leaves_the_same_state(retold, outside):
    events = [event for event in outside.events() if not event["type"].startswith(("payment_method", "setup"))]
    straight = retold(events, [False] * (len(events) - 1))

    @given(
        order=st.permutations(range(len(events))),
        again=st.lists(st.integers(0, len(events) - 1), max_size=4),
        working=st.lists(st.booleans(), min_size=len(events) + 3, max_size=len(events) + 3),
    )
    @settings(max_examples=6, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def any_way(order, again, working):
        told = [events[place] for place in [*order, *again]]
        assert retold(told, working[: len(told) - 1]) == straight

    any_way()
