"""Much of what stands there is not changed at once: a mistake somewhere is likelier, so a person looks first."""

from dataclasses import replace

import pytest

from connectors.registry import CONNECTORS
from core.kinds import Kind
from core.reasons import ReasonCode
from core.store import outbox
from worker import safety_stop

DAY = 24 * 60 * 60


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(safety_stop, "FEW", 3)


@pytest.fixture
def customers(hub, outside):
    """Five of them, each with an invoice in Xero."""
    bought = [outside.customer(f"Customer {number}") for number in range(5)]
    for one in bought:
        outside.sell(one)
    settle(hub)
    assert hub.open_work() == {}
    return bought


def settle(hub):
    hub.tell_all()
    hub.work()


def rename(outside, customers, name):
    for number, one in enumerate(customers):
        outside.stripe.create(f"customers/{one['id']}", name=f"{name} {number}")


def names(outside):
    return sorted(one["Name"] for one in outside.xero("GET", "Contacts")["Contacts"])


def changes(outside):
    return [one for one in outside.calls("xero") if one["method"] == "POST" and one["path"].endswith("/Contacts")]


def press_retry(hub):
    xero = hub.connection("Xero").id
    hub.store.write(hub.workspace_id, lambda work: outbox.release(work, xero, [ReasonCode.MASS_CHANGE]))
    hub.work()


def test_many_changes_at_once_wait_for_a_person_and_nothing_of_them_is_sent(hub, outside, customers):
    before = names(outside)
    rename(outside, customers, "Renamed")
    settle(hub)
    assert names(outside) == before
    assert changes(outside) == []
    assert hub.open_work() == {"delivery parked": 5}
    [sentence] = hub.sentences()
    assert "Xero, and with it 5 of the 5 that stand there" in sentence


def test_a_full_batch_counts_what_waits_behind_it(hub, outside, customers, monkeypatch):
    writes = CONNECTORS["xero"].writes
    monkeypatch.setitem(writes, Kind.CUSTOMER, replace(writes[Kind.CUSTOMER], batch_max=2))
    rename(outside, customers, "Renamed")
    settle(hub)
    assert changes(outside) == []
    assert hub.open_work() == {"delivery parked": 5}


def test_what_is_new_is_not_held_up(hub, outside, customers):
    rename(outside, customers, "Renamed")
    outside.sell(outside.customer("New"))
    settle(hub)
    assert "New" in names(outside)
    assert hub.open_work() == {"delivery parked": 5}


def test_whoever_says_that_it_is_meant_lets_all_of_them_go(hub, outside, customers):
    rename(outside, customers, "Renamed")
    settle(hub)
    press_retry(hub)
    assert hub.open_work() == {}
    assert names(outside) == [f"Renamed {number}" for number in range(5)]


def test_a_few_changes_go_by_themselves_day_after_day(hub, outside, customers):
    for day in range(3):
        rename(outside, customers[:3], f"Day {day}")
        settle(hub)
        assert hub.open_work() == {}
        hub.clock.sleep(DAY + 1)
    assert len(changes(outside)) == 3


def test_few_at_a_time_are_many_in_a_day(hub, outside, customers):
    rename(outside, customers[:2], "First")
    settle(hub)
    rename(outside, customers[2:4], "Second")
    settle(hub)
    assert hub.open_work() == {"delivery parked": 2}
    assert len(changes(outside)) == 1
    hub.clock.sleep(DAY + 1)
    rename(outside, customers[4:], "Third")
    settle(hub)
    assert hub.open_work() == {"delivery parked": 2}


@pytest.mark.parametrize(
    ("there", "concerned", "stops"), [(5, 3, False), (5, 4, True), (1000, 100, False), (1000, 101, True)]
)
def test_few_are_no_more_than_a_few_or_one_in_ten(there, concerned, stops):
    assert safety_stop.too_many(there, concerned) is stops
