"""Access that runs out in the middle of work: one refresh whoever meets it, and a pause that loses nothing."""

import threading

import pytest
from outside import Outside

from connectors.registry import CONNECTORS
from core.clock import WallClock
from core.errors import RetryAfter
from worker import hub as hubs
from worker.reconnect import new_tokens
from worker.tokens import Tokens

HALF_AN_HOUR = 1801
TOKEN = "POST /connect/token"


@pytest.fixture
def outside():
    """Sandboxes of this test's own, since a reset leaves them what was granted."""
    opened = Outside()
    yield opened
    opened.close()


def refreshes(outside):
    return [call for call in outside.calls("xero") if call["path"] == "/connect/token"]


def tokens_of(hub, store):
    connection = hub.connection("Xero")
    return Tokens(store, connection, CONNECTORS["xero"].oauth)


@pytest.fixture
def sale(hub, outside):
    outside.sell()
    hub.tell_all()


def finished(hub, outside):
    hub.work()
    outside.move_clock("xero", 0)
    return hub.open_work() == {} and outside.agree() and set(outside.creations().values()) == {1}


@pytest.mark.usefixtures("sale")
def test_a_token_that_is_refused_in_the_middle_is_refreshed_once(hub, outside):
    outside.fail("xero", {"match": "PUT /api.xro/2.0/Invoices", "fault": "refuse", "status": 401})
    assert finished(hub, outside)
    assert len(refreshes(outside)) == 1


def test_workers_that_meet_an_expired_token_together_refresh_it_once(open_hub, outside):
    hub = open_hub(clock=WallClock())
    outside.move_clock("xero", HALF_AN_HOUR)
    stores = [hubs.open_store(hub.settings) for _ in range(6)]
    workers = [tokens_of(hub, store) for store in stores]
    used = [worker.headers()["Authorization"] for worker in workers]
    together = threading.Barrier(len(workers))
    renewed = []

    def meet(worker):
        together.wait()
        renewed.append((worker.renew(), worker.headers()["Authorization"]))

    threads = [threading.Thread(target=meet, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.engine.dispose()
    assert len(refreshes(outside)) == 1
    assert len(set(used)) == len(set(renewed)) == 1
    assert renewed[0] != (True, used[0])
    assert len(renewed) == len(workers)


@pytest.mark.usefixtures("sale")
def test_a_refresh_whose_answer_is_lost_is_asked_for_again_with_the_old_token(hub, outside):
    outside.move_clock("xero", HALF_AN_HOUR)
    outside.fail("xero", {"match": TOKEN, "fault": "commit_then_close"})
    assert finished(hub, outside)
    assert len(refreshes(outside)) == 2


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "refuse", "status": 500},
        {"fault": "refuse", "status": 429},
        {"fault": "malformed"},
        {"fault": "commit_then_close"},
    ],
    ids=lambda fault: str(fault.get("status", fault["fault"])),
)
@pytest.mark.usefixtures("sale")
def test_a_token_endpoint_in_trouble_is_waited_for(hub, outside, fault):
    outside.move_clock("xero", HALF_AN_HOUR)
    outside.fail("xero", {"match": TOKEN, "times": 5, **fault})
    assert finished(hub, outside)
    assert hub.connection("Xero").state == "active"


def test_a_token_that_is_still_good_is_used_while_its_successor_cannot_be_had(hub, outside):
    tokens = tokens_of(hub, hub.store)
    first = tokens.headers()
    outside.fail("xero", {"match": TOKEN, "fault": "refuse", "status": 503, "times": 2})
    hub.clock.sleep(1800 - 60)
    assert tokens.headers() == first
    hub.clock.sleep(61)
    with pytest.raises(RetryAfter):
        tokens.headers()
    assert tokens.headers() != first


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("invalid_grant", "Xero no longer accepts our consent. Connect it again; nothing is lost."),
        (
            "invalid_client",
            (
                "Xero did not renew our access (The token was not refreshed: the vendor says invalid_client.). "
                "Connect it again; nothing is lost."
            ),
        ),
    ],
)
@pytest.mark.usefixtures("sale")
def test_lost_consent_pauses_the_connection_and_new_tokens_let_it_go_on(hub, outside, error, sentence):
    outside.move_clock("xero", HALF_AN_HOUR)
    outside.fail(
        "xero", {"match": TOKEN, "fault": "refuse", "status": 400, "body": f'{{"error": "{error}"}}', "times": 9}
    )
    hub.work()
    paused = hub.connection("Xero")
    assert (paused.state, paused.pause_sentence) == ("paused", sentence)
    assert not {"delivery parked", "event parked"} & hub.open_work().keys()
    assert len(refreshes(outside)) == 1

    outside.mend()
    outside.move_clock("xero", 0)
    keys = outside.line["xero"]
    new_tokens(hub.store, hub.workspace_id, "Xero", keys["access_token"], keys["refresh_token"])
    assert finished(hub, outside)
