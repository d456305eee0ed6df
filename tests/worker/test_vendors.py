"""What all connections to one vendor share: how many work there at once, and one question while it is away."""

import json
import threading
from contextlib import ExitStack
from dataclasses import replace

import pytest

from connectors.contract import RateLimit
from connectors.registry import CONNECTORS
from core.errors import NotAllowed, RetryAfter
from core.kinds import Kind
from core.store import connections, vendors
from worker.calls import Caller, rest
from worker.complaints import complaints
from worker.lane import working
from worker.setup import set_up

AWAY = RetryAfter("it has to wait (503).", 10)
NO_LIMITS = {"calls_per_window": "1000"}


@pytest.fixture
def companies(hub, workspace):
    """Three workspaces' connections to Stripe."""
    found = []
    for name in ("One", "Two", "Three"):
        workspace["workspace"] = name
        workspace["connections"][0]["options"] = NO_LIMITS
        made = set_up(hub.store, json.dumps(workspace))
        with hub.store.read() as database:
            links = connections.connections(database, made.workspace_id)
        found += [one for one in links if one.vendor == "stripe"]
    return found


def lane(hub, one, kind=Kind.INVOICE, purpose="ingest"):
    return working(hub, one.workspace_id, one.id, kind, purpose)


def gets_one(hub, one):
    with lane(hub, one) as held:
        return held is not None


def succeeded(hub, one):
    hub.store.write(one.workspace_id, lambda work: connections.succeeded(work, one.id))


def away(hub):
    with hub.store.read() as database:
        return vendors.away(database)


def declare(monkeypatch, **changed):
    monkeypatch.setitem(CONNECTORS, "stripe", replace(CONNECTORS["stripe"], **changed))


def test_a_vendor_that_answers_hardly_anybody_is_left_alone_as_a_whole_and_that_is_told_once(hub, companies, caplog):
    one, two, three = companies
    rest(hub, one, AWAY)
    assert gets_one(hub, three)
    rest(hub, two, AWAY)
    rest(hub, two, AWAY)
    assert not gets_one(hub, three)
    assert [(found.vendor, found.environment) for found in away(hub)] == [("stripe", "sandbox")]
    assert len([told for told in caplog.records if "Stripe (sandbox) has answered hardly any" in told.message]) == 1


def test_while_it_is_away_one_asks_for_all_connections_and_its_answer_opens_the_others(hub, companies, caplog):
    for one in companies[:2]:
        rest(hub, one, AWAY)
    hub.clock.sleep(30)
    with lane(hub, companies[2]) as asking:
        assert asking is not None
        assert [gets_one(hub, one) for one in companies[:2]] == [False, False]
        succeeded(hub, companies[2])
        assert [gets_one(hub, one) for one in companies[:2]] == [True, True]
    assert away(hub) == []
    assert len([told for told in caplog.records if "answers again" in told.message]) == 1


def test_whoever_asks_in_vain_leaves_all_of_them_resting(hub, companies):
    for one in companies[:2]:
        rest(hub, one, AWAY)
    hub.clock.sleep(30)
    with lane(hub, companies[2]):
        rest(hub, companies[2], RetryAfter("it has to wait (503).", 600))
    hub.clock.sleep(599)
    assert not any(gets_one(hub, one) for one in companies)


def test_whoever_had_nothing_to_ask_lets_another_connection_ask(hub, companies):
    for one in companies[:2]:
        rest(hub, one, AWAY)
    hub.clock.sleep(30)
    assert gets_one(hub, companies[2])
    assert gets_one(hub, companies[0])


def test_a_connection_that_gets_no_answer_for_long_is_told_of_once_and_once_when_it_is_back(hub, companies, caplog):
    def said():
        with hub.store.read() as database:
            [one] = [one for one in connections.connections(database) if one.id == companies[0].id]
            return complaints(database, [one], hub.clock.now())[one.id]

    for _ in range(2):
        rest(hub, companies[0], AWAY)
    assert (said(), caplog.records) == ("", [])
    for _ in range(3):
        rest(hub, companies[0], AWAY)
    assert said().startswith("Stripe gave no answer 5 times in a row.")
    succeeded(hub, companies[0])
    succeeded(hub, companies[0])
    assert said() == ""
    told = [one.message.partition(companies[0].id)[2] for one in caplog.records]
    assert [words.split(",")[0] for words in told] == [" got no answer 3 times in a row", " answers again"]


def test_the_trouble_of_one_is_not_the_vendors(hub, companies):
    for _ in range(3):
        rest(hub, companies[0], AWAY)
    assert away(hub) == []
    assert gets_one(hub, companies[1])


@pytest.mark.parametrize(
    "trouble", [RetryAfter("the budget is used up", 30, is_there=True), NotAllowed("may not read", 300)]
)
def test_whoever_is_answered_and_has_to_wait_does_not_say_that_it_is_away(hub, companies, trouble):
    for one in companies:
        rest(hub, one, trouble)
    assert away(hub) == []


def test_what_a_person_reads_names_the_vendor_for_as_long_as_it_is_away(hub, companies):
    def said():
        with hub.store.read() as database:
            links = connections.connections(database, companies[0].workspace_id)
            return {one.name: complaints(database, links, hub.clock.now())[one.id] for one in links}

    for one in companies[:2]:
        rest(hub, one, AWAY)
    assert said()["Stripe"].startswith("Stripe (sandbox) has answered hardly any of its connections since 2026-03-01")
    assert said()["Xero"] == ""
    succeeded(hub, companies[0])
    assert said()["Stripe"] == ""


def test_no_more_work_at_a_vendor_at_once_than_it_declares_whoever_they_work_for(hub, companies, monkeypatch):
    declare(monkeypatch, lanes_max=2)
    one, two, three = companies
    with lane(hub, one) as first, lane(hub, two) as second:
        assert first is not None
        assert second is not None
        assert not gets_one(hub, three)
    assert gets_one(hub, three)


def test_no_more_of_one_connections_lanes_work_at_once_than_it_may_have_calls_under_way(hub, companies, monkeypatch):
    declare(monkeypatch, limit=RateLimit(calls=100, per_seconds=1, at_once=2))
    one, other, _ = companies
    with lane(hub, one), lane(hub, one, Kind.CUSTOMER), lane(hub, one, Kind.PAYMENT) as third:
        assert third is None
        assert gets_one(hub, other)


def test_of_many_that_ask_at_the_same_moment_no_more_than_so_many_get_a_lane(hub, companies, monkeypatch):
    declare(monkeypatch, lanes_max=3)
    kinds = (Kind.CUSTOMER, Kind.INVOICE, Kind.PAYMENT)
    together, leave, got = threading.Barrier(9), threading.Event(), []

    def ask(one, kind):
        together.wait(10)
        with ExitStack() as stack:
            got.append(stack.enter_context(lane(hub, one, kind)) is not None)
            leave.wait(10)

    asking = [threading.Thread(target=ask, args=(one, kind)) for one in companies for kind in kinds]
    for thread in asking:
        thread.start()
    while len(got) < len(asking) and any(thread.is_alive() for thread in asking):
        leave.wait(0.01)
    leave.set()
    for thread in asking:
        thread.join(10)
    assert sorted(got) == [False] * 6 + [True] * 3


def test_the_last_calls_of_a_window_are_kept_for_what_is_dearer(hub, companies, monkeypatch):
    one = companies[0]
    hub.store.write(one.workspace_id, lambda work: connections._set(work, one.id, options={}))
    declare(monkeypatch, limit=RateLimit(calls=10, per_seconds=60, at_once=9))

    def calls(kind, purpose):
        with lane(hub, one, kind, purpose) as held:
            caller = Caller(held, CONNECTORS["stripe"])
            for made in range(20):
                with pytest.raises(RetryAfter) as told:
                    caller.call(lambda client: client.ask("/v1/account"))
                if "budget" in str(told.value):
                    return made
        raise AssertionError("there is no end to it")

    assert calls("everything", "pull") == 7
    assert calls(Kind.PRICE, "ingest") == 1
    assert calls(Kind.CUSTOMER, "ingest") == 1
    assert calls(Kind.INVOICE, "ingest") == 1
    assert calls(Kind.PAYMENT, "ingest") == 0
