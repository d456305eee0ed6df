from dataclasses import replace

import pytest

from connectors.contract import RateLimit
from connectors.registry import CONNECTORS
from core.errors import RetryAfter
from core.kinds import Kind
from core.store import connections
from worker.calls import Caller
from worker.lane import working


@pytest.fixture
def stripe(hub, workspace_id):
    with hub.store.read() as database:
        return next(one for one in connections.connections(database, workspace_id) if one.vendor == "stripe")


def ask(client):
    return client.ask("/v1/account")


def test_calls_beyond_the_budget_of_a_short_window_wait_for_the_next_one(hub, stripe):
    with working(hub, stripe.workspace_id, stripe.id, Kind.INVOICE, "ingest") as held:
        caller = Caller(held, CONNECTORS["stripe"])
        began = hub.clock.now()
        waited = []
        for _ in range(3):
            with pytest.raises(RetryAfter, match="could not be sent"):
                caller.call(ask)
            waited.append((hub.clock.now() - began).total_seconds())
        assert waited[:2] == [0, 0]
        assert 0 < waited[2] <= 1


def test_calls_beyond_the_budget_of_a_long_window_are_put_off(hub, stripe):
    slow = replace(CONNECTORS["stripe"], limit=RateLimit(calls=2, per_seconds=60, at_once=9))
    with working(hub, stripe.workspace_id, stripe.id, Kind.INVOICE, "ingest") as held:
        caller = Caller(held, slow)
        for _ in range(2):
            with pytest.raises(RetryAfter, match="could not be sent"):
                caller.call(ask)
        with pytest.raises(RetryAfter, match="The budget of Stripe is used up for now") as used_up:
            caller.call(ask)
        assert 2 < used_up.value.seconds <= 60
        hub.clock.sleep(60)
        with pytest.raises(RetryAfter, match="could not be sent"):
            caller.call(ask)


def test_who_has_lost_the_lane_makes_no_call(hub, stripe):
    lane = (hub, stripe.workspace_id, stripe.id, Kind.INVOICE, "ingest")
    asked = []
    with working(*lane) as late:
        hub.clock.sleep(hub.lease_seconds)
        with working(*lane):
            Caller(late, CONNECTORS["stripe"]).call(lambda client: asked.append(client.ask("/v1/account")))
        asked.append("not reached: the work ends without a word")
    assert asked == ["not reached: the work ends without a word"]
