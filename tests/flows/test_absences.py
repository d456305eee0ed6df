"""What a vendor no longer lists is gone only when it says so itself; very much of it at once is for a person."""

import pytest

from connectors.stripe import history
from core.kinds import Kind
from core.reasons import ReasonCode
from core.store import inbox, schema
from worker import safety_stop
from worker.pull import WHOLE_EVERY


@pytest.fixture(autouse=True)
def deaf(monkeypatch):
    """Stripe tells of nothing that happens, neither by webhook nor when it is asked for its events."""
    monkeypatch.setattr("connectors.stripe.client.notifications", lambda _: [])


@pytest.fixture
def read(hub):
    """Everything is read from the beginning, on so many days. The first import, of documents alone, was before them."""
    hub.pull()
    hub.clock.sleep(WHOLE_EVERY.total_seconds() + 1)

    def days(count):
        for _ in range(count):
            hub.pull()
            hub.clock.sleep(WHOLE_EVERY.total_seconds() + 1)

    return days


def buried(hub):
    """The origin ids of what is known to be gone."""
    record = schema.record
    return {row.origin_id for row in hub.rows(record, record.c.origin_id, record.c.removed_at) if row.removed_at}


def reads(outside, customer):
    return [call for call in outside.calls("stripe") if call["path"] == f"/v1/customers/{customer['id']}"]


def test_what_two_readings_did_not_show_is_asked_for_and_what_is_gone_gets_its_tombstone(hub, outside, read):
    gone, there = outside.customer("Gone"), outside.customer("There")
    read(1)
    outside.delete_customer(gone)
    read(1)
    assert (buried(hub), len(reads(outside, gone))) == (set(), 1)
    read(1)
    assert buried(hub) == {gone["id"]}
    assert len(reads(outside, there)) == 0
    assert hub.open_work() == {}


def test_what_is_known_to_be_gone_is_not_asked_for_again(hub, outside, read):
    gone = outside.customer("Gone")
    read(1)
    outside.delete_customer(gone)
    read(4)
    assert len([call for call in reads(outside, gone) if call["method"] == "GET"]) == 1


def test_what_a_list_forgot_and_its_id_finds_is_not_gone(hub, outside, read, monkeypatch):
    customer = outside.customer("There")
    read(1)
    next_page = history.next_page

    def forgetful(ask, at):
        rows, onward = next_page(ask, at)
        return {key: row for key, row in rows.items() if key != (Kind.CUSTOMER, customer["id"])}, onward

    monkeypatch.setattr(history, "next_page", forgetful)
    read(3)
    assert buried(hub) == set()
    assert reads(outside, customer)
    assert hub.open_work() == {}


def test_an_item_that_somebody_deleted_at_xero_is_told_to_a_person(hub, outside, read):
    outside.sell()
    read(1)
    [item] = [one["ItemID"] for one in outside.xero("GET", "Items")["Items"]][:1]
    outside.delete_item(item)
    read(2)
    [sentence] = hub.sentences()
    assert "was written to Xero and is no longer there" in sentence


def test_where_very_much_is_missing_nothing_is_asked_before_a_person_has_looked(hub, outside, read, monkeypatch):
    monkeypatch.setattr(safety_stop, "FEW", 2)
    customers = [outside.customer(f"Customer {number}") for number in range(4)]
    read(1)
    for one in customers:
        outside.delete_customer(one)
    read(3)
    assert buried(hub) == set()
    assert hub.open_work() == {"event parked": 4}
    [sentence] = hub.sentences()
    assert "is no longer among what Stripe lists, and with it 4 of 4" in sentence
    stripe = hub.connection("Stripe").id
    hub.store.write(hub.workspace_id, lambda work: inbox.release(work, stripe, [ReasonCode.MASS_ABSENCE]))
    hub.work()
    assert buried(hub) == {one["id"] for one in customers}
    assert hub.open_work() == {}
