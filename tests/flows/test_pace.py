"""A vendor's budget of calls: what needs more than a window holds is done all the same, and few are used well."""

import pytest

from connectors.registry import CONNECTORS
from core.kinds import Kind
from core.store import connections
from worker import budget
from worker.complaints import complaints
from worker.sweep import schedule

HOUR = 3600


def test_a_batch_that_needs_more_calls_than_a_window_holds_is_read_all_the_same(open_hub, outside):
    hub = open_hub(stripe={"calls_per_window": "2"})
    for _ in range(4):
        outside.sell()
    hub.tell_all()
    hub.work()
    assert hub.open_work() == {}
    assert outside.agree()


@pytest.fixture
def nearly_used_up(hub, outside):
    """A sale has arrived, and Xero's day has 400 calls left; now it has more again by giving a number."""

    def allow(calls):
        outside._admin("POST", "xero", "limits", {"day": calls})

    outside.sell()
    allow(400)
    hub.tell_all()
    hub.work()
    assert hub.open_work() == {}
    return allow


def xero(hub):
    return hub.connection("Xero")


def is_low(hub):
    return budget.is_low(xero(hub), CONNECTORS["xero"], hub.clock.now())


def writes(outside):
    return [one for one in outside.calls("xero") if one["effects"] and "/api.xro/" in one["path"]]


def tell(hub):
    hub.tell_all()
    for _ in range(4):
        for lane in hub.due():
            hub.drain(lane.purpose, Kind(lane.kind), "Stripe" if lane.purpose == "ingest" else "Xero")
        hub.clock.sleep(2)


@pytest.mark.usefixtures("nearly_used_up")
def test_when_a_days_calls_run_low_what_is_owed_waits_for_company_and_goes_within_the_hour(hub, outside):
    assert is_low(hub)
    before = len(writes(outside))
    for _ in range(3):
        outside.sell()
        tell(hub)
        hub.clock.sleep(HOUR / 6)
    assert len(writes(outside)) == before
    hub.work()
    assert hub.open_work() == {}
    assert outside.agree()
    # three customers, three invoices, three payments
    assert len(writes(outside)) == before + 3


def test_when_there_are_more_again_nothing_waits_any_longer(hub, outside, nearly_used_up):
    nearly_used_up(5000)
    outside.sell()
    hub.pull()
    hub.clock.sleep(HOUR)
    hub.work()
    assert not is_low(hub)
    outside.sell()
    began = hub.clock.now()
    hub.tell_all()
    hub.work()
    assert (hub.clock.now() - began).total_seconds() < 60
    assert outside.agree()


@pytest.mark.usefixtures("nearly_used_up")
def test_a_person_is_told_how_few_are_left(hub):
    with hub.store.read() as database:
        links = connections.connections(database, hub.workspace_id)
        said = complaints(database, links, hub.clock.now())[xero(hub).id]
    assert said.startswith(f"Xero has {xero(hub).day_left} calls left of its day. What is owed waits up to an hour")


@pytest.mark.usefixtures("nearly_used_up")
def test_polls_are_rarer_then(hub, monkeypatch):
    rung = []
    monkeypatch.setattr(type(hub.hub.bell), "ring", lambda _, *lanes: rung.extend(lanes))
    seconds = CONNECTORS["xero"].poll_seconds
    for _ in range(8):
        schedule(hub.hub)
        hub.clock.sleep(seconds)
    of_xero = [one for one in rung if one.connection_id == xero(hub).id]
    assert len(of_xero) in {2 * len(CONNECTORS["xero"].pulls), 3 * len(CONNECTORS["xero"].pulls)}


@pytest.mark.usefixtures("nearly_used_up")
def test_what_was_said_yesterday_says_nothing_of_today(hub):
    hub.clock.sleep(24 * HOUR)
    assert not is_low(hub)


def test_where_a_day_is_used_up_everything_waits_and_goes_by_itself_the_next_day(hub, outside):
    outside._admin("POST", "xero", "limits", {"enforced": True, "day": 0})
    outside.sell()
    hub.tell_all()
    hub.work(until=lambda: xero(hub).not_before is not None)
    assert hub.sentences() == []
    assert writes(outside) == []
    outside._admin("POST", "xero", "limits", {"day": 5000})
    hub.work()
    assert hub.open_work() == {}
    assert outside.agree()
