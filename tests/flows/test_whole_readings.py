"""Once a day everything is read from the beginning: news may have been missed for good, and nobody would know."""

from datetime import timedelta

import pytest

from connectors.registry import CONNECTORS
from worker.pull import WHOLE_EVERY


@pytest.fixture
def deaf(monkeypatch):
    """Stripe tells of nothing that happens, neither by webhook nor when it is asked for its events."""
    monkeypatch.setattr("connectors.stripe.client.notifications", lambda _: [])


def lists_of_invoices(outside):
    return [call for call in outside.calls("stripe") if call["path"] == "/v1/invoices"]


@pytest.mark.usefixtures("deaf")
def test_what_no_news_ever_told_is_found_by_the_next_days_reading(hub, outside):
    customer = outside.customer()
    outside.sell(customer)
    hub.pull()
    assert outside.agree()
    outside.stripe.create(f"customers/{customer['id']}", name="Another Name")
    outside.sell()
    hub.pull()
    assert not outside.agree()
    hub.clock.sleep(WHOLE_EVERY.total_seconds() + 1)
    hub.pull()
    assert hub.open_work() == {}
    assert outside.agree()
    assert "Another Name" in [contact["Name"] for contact in outside.xero("GET", "Contacts")["Contacts"]]


def test_within_a_day_nothing_is_read_twice(hub, outside):
    outside.sell()
    hub.pull()
    read = len(lists_of_invoices(outside))
    for _ in range(3):
        hub.clock.sleep(WHOLE_EVERY.total_seconds() / 4)
        hub.pull()
    assert len(lists_of_invoices(outside)) == read


def test_a_days_reading_in_which_nothing_is_new_writes_nothing(hub, outside):
    outside.trade()
    hub.pull()
    known, written = hub.state_hash(), outside.creations()
    hub.clock.sleep(WHOLE_EVERY.total_seconds() + 1)
    hub.pull()
    assert len(lists_of_invoices(outside)) > 1
    assert (hub.state_hash(), outside.creations()) == (known, written)


@pytest.mark.parametrize("connector", CONNECTORS.values(), ids=CONNECTORS)
def test_everything_is_read_anew_before_a_vendor_forgets_what_it_would_have_told(connector):
    assert connector.remembers_days is None or timedelta(days=connector.remembers_days) > WHOLE_EVERY
