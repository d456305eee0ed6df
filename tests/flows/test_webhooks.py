"""Webhooks are hints: told twice, in any order, or not at all, they leave the same books."""

import invariants
import pytest

from core.store import schema


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
def test_what_no_webhook_told_is_found_by_the_poll(hub, outside):
    hub.pull()
    assert all_is_over(hub, outside)
    outside.sell()
    hub.clock.sleep(60)
    hub.pull()
    assert all_is_over(hub, outside)
    assert len(invariants.invoices(outside.documents()[1])) == 2


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


def test_an_event_of_an_account_that_is_not_connected_is_kept_apart(hub, outside):
    outside.customer()
    (event,) = [event for event in outside.events() if event["type"] == "customer.created"]
    assert hub.tell({**event, "account": "acct_somebody_else"}) == [200]
    hub.work()
    (sentence,) = hub.sentences()
    assert sentence.startswith("A signed message was about account acct_somebody_else, which is not connected here.")
    assert hub.rows(schema.record, schema.record.c.id) == []
