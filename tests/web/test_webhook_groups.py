"""Messages that come together: one commit, an answer for each, and a known app that is never believed for too long."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from random import Random

import pytest
from sqlalchemy import event as listening
from sqlalchemy import text

import web.webhooks
from core.clock import WallClock
from core.ids import Ids
from core.seal import make_key_file, master_keys
from core.store import inbox
from core.store.engine import open_engine
from core.store.work import Store
from web.app import create_app
from worker.hub import Hub
from worker.setup import set_up, set_webhook_secret

GENTLE_SECONDS = 60


class Crowd:
    """The first message is held inside its unit of work until all the others wait behind it, in their order."""

    def __init__(self, doors, sign, monkeypatch):
        self.doors, self.sign = doors, sign
        self.commits = []
        self._held, self._go_on = threading.Event(), threading.Event()
        monkeypatch.setattr(web.webhooks, "failpoint", self._hold)
        listening.listen(doors.hub.store.engine, "commit", lambda _: self.commits.append("commit"))

    def _hold(self, place, *_):
        if place == "P4" and not self._held.is_set():
            self._held.set()
            assert self._go_on.wait(GENTLE_SECONDS)

    def tell(self, *bodies):
        """The statuses answered."""
        with ThreadPoolExecutor(len(bodies)) as threads:
            under_way = [threads.submit(self._post, bodies[0])]
            assert self._held.wait(GENTLE_SECONDS)
            waiting = self.doors.app.wsgi_app._writers[self.doors.workspace_id]._waiting
            for number, body in enumerate(bodies[1:], 1):
                under_way.append(threads.submit(self._post, body))
                while len(waiting) < number:
                    assert not under_way[-1].done()
                    time.sleep(0.001)
            self.commits.clear()
            self._go_on.set()
            return [one.result(GENTLE_SECONDS) for one in under_way]

    def _post(self, body):
        headers = {"Stripe-Signature": self.sign.stripe(body)}
        return self.doors.app.test_client().post(self.doors.stripe, data=body, headers=headers).status_code


@pytest.fixture
def crowd(doors, sign, monkeypatch):
    return Crowd(doors, sign, monkeypatch)


def test_messages_that_come_while_one_commits_share_the_next_commit_in_the_order_in_which_they_came(crowd, doors, sign):
    bodies = [sign.event(f"evt_{number}", remote_id=f"in_{number}") for number in (3, 1, 2, 5, 4)]
    assert crowd.tell(*bodies) == [200] * 5
    assert crowd.commits == ["commit"] * 2
    assert doors.receipts() == bodies
    assert [row.key for row in doors.events()] == ["evt_3", "evt_1", "evt_2", "evt_5", "evt_4"]
    assert {lane.kind for lane in doors.hub.bell.rung} == {"invoice"}


def test_the_bell_is_rung_once_for_all_that_one_commit_brought(crowd, doors, sign):
    crowd.tell(*[sign.event(f"evt_{number}") for number in range(6)], sign.event("evt_c", "customer", "cus_1"))
    assert sorted(lane.kind for lane in doors.hub.bell.rung) == ["customer", "invoice", "invoice"]


def test_a_message_that_cannot_be_stored_is_refused_alone_and_its_neighbours_are_stored_once(
    crowd, doors, sign, monkeypatch
):
    receive = inbox.receive

    def choke(store, work, messages):
        receive(store, work, messages)
        if any(b"evt_poison" in one.body for one in messages):
            raise ZeroDivisionError

    monkeypatch.setattr(inbox, "receive", choke)
    bodies = [sign.event(f"evt_{name}") for name in ("1", "2", "poison", "4")]
    assert crowd.tell(*bodies) == [200, 200, 500, 200]
    assert doors.receipts() == [bodies[0], bodies[1], bodies[3]]
    assert [row.key for row in doors.events()] == ["evt_1", "evt_2", "evt_4"]


def test_the_same_event_twice_in_one_commit_is_filed_once_and_with_other_contents_kept_beside(crowd, doors, sign):
    same = sign.event("evt_2")
    assert crowd.tell(sign.event("evt_1"), same, same, sign.event("evt_2", remote_id="in_other")) == [200] * 4
    assert len(doors.receipts()) == 4
    assert [(row.key.partition("#")[0], row.state) for row in doors.events()] == [
        ("evt_1", "pending"),
        ("evt_2", "pending"),
        ("evt_2", "parked"),
    ]


def test_a_known_app_is_read_nowhere_but_in_the_commit(doors, sign):
    doors.tell(sign.event("evt_0"))
    begun = []
    listening.listen(doors.hub.store.engine, "begin", lambda _: begun.append("begin"))
    assert doors.tell(sign.event("evt_1")).status_code == 200
    assert begun == ["begin"]


@pytest.mark.parametrize(("changes", "answer"), [(1, 200), (2, 401)])
def test_a_secret_that_is_changed_between_the_signature_and_the_commit_counts_at_once(
    doors, sign, monkeypatch, changes, answer
):
    doors.tell(sign.event("evt_0"))
    secrets = [f"whsec_sandbox_newer_{number}" for number in range(changes)]

    def change(place, *_):
        while place == "P3" and secrets:
            set_webhook_secret(doors.hub.store, doors.workspace_id, "Stripe", secrets.pop())

    monkeypatch.setattr(web.webhooks, "failpoint", change)
    assert doors.tell(sign.event("evt_1")).status_code == answer
    assert len(doors.receipts()) == (2 if answer == 200 else 1)


def test_an_app_that_changes_again_and_again_is_503_and_the_message_may_come_again(doors, sign, monkeypatch):
    def change(place, *_):
        if place == "P3":
            set_webhook_secret(doors.hub.store, doors.workspace_id, "Stripe", "whsec_sandbox_now")

    monkeypatch.setattr(web.webhooks, "failpoint", change)
    answer = doors.tell(sign.event())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert doors.receipts() == []


def test_pages_that_hold_every_connection_keep_no_message_out(doors, database_url, sign):
    ours = doors.hub.store
    pages = Hub(
        Store(open_engine(database_url), ours.masters, ours.clock, Ids(ours.clock)), doors.hub.bell, Random(1), 60
    )
    client = create_app(pages, doors=doors.hub).test_client()
    pool = pages.store.engine.pool
    held = [pages.store.engine.connect() for _ in range(pool.size() + pool._max_overflow)]
    body = sign.event()
    try:
        answer = client.post(doors.stripe, data=body, headers={"Stripe-Signature": sign.stripe(body)})
        assert answer.status_code == 200
    finally:
        for connection in held:
            connection.close()
        pages.store.engine.dispose()


def test_a_pool_without_a_free_connection_is_503(doors, sign, monkeypatch):
    engine = doors.hub.store.engine
    monkeypatch.setattr(engine.pool, "_timeout", 0.01)
    held = [engine.connect() for _ in range(engine.pool.size() + engine.pool._max_overflow)]
    try:
        answer = doors.tell(sign.event())
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    finally:
        for connection in held:
            connection.close()
    assert doors.tell(sign.event()).status_code == 200


# --- real processes --------------------------------------------------------------------------------------------------


class Served:
    """Web processes on one database, as `subledger web` starts them."""

    def __init__(self, home, database_url, workspace):
        make_key_file(home / "key")
        passings = home / "passings"  # counted exactly, however many threads pass
        passings.mkdir()
        self._environment = {
            **os.environ,
            "SUBLEDGER_HOME": str(home),
            "DATABASE_URL": database_url,
            "SUBLEDGER_FAILPOINT_DIR": str(passings),
        }
        engine, clock = open_engine(database_url), WallClock()
        self.hub = Hub(Store(engine, master_keys("", home / "key"), clock, Ids(clock)), None, Random(1), 60)
        self.path = set_up(self.hub.store, json.dumps(workspace)).doors["Stripe"]
        self._running = []

    def start(self, failpoints=""):
        """The port of one more."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        more = {"SUBLEDGER_PORT": str(port), "SUBLEDGER_FAILPOINTS": failpoints}
        self._running.append(
            subprocess.Popen(
                [sys.executable, "-m", "cli", "web"],
                env=self._environment | more,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        for _ in range(10 * GENTLE_SECONDS):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return port
            assert self._running[-1].poll() is None, "the web process ended"
            time.sleep(0.1)
        raise AssertionError("the web process does not listen")

    def keys(self):
        """Of the events that are filed."""
        with self.hub.store.read() as database:
            return sorted(database.execute(text("SELECT key FROM event")).scalars())

    def died(self):
        return [one.wait(GENTLE_SECONDS) for one in self._running]

    def close(self):
        for one in self._running:
            one.terminate()
            one.wait(GENTLE_SECONDS)
        self.hub.store.engine.dispose()


@pytest.fixture
def served(tmp_path, database_url, sign):
    started = Served(tmp_path, database_url, sign.workspace)
    yield started
    started.close()


def tell_all(port, path, sign, names, clients=16):
    """The names of the events that were answered with 200, told over several connections at once."""
    left, answered = iter(list(names)), []

    def client():
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=GENTLE_SECONDS)) as connection:
            while (name := next(left, None)) is not None:
                body = sign.event(name)
                connection.request("POST", path, body, {"Stripe-Signature": sign.stripe(body)})
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    answered.append(name)

    def until_it_dies():
        with suppress(OSError, http.client.HTTPException):
            client()

    threads = [threading.Thread(target=until_it_dies) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answered


@pytest.mark.parametrize("place", ["P4", "P5"])
def test_a_process_that_is_killed_among_many_loses_nobody_who_was_answered(served, sign, place):
    path = served.path
    names = [f"evt_{number:03}" for number in range(200)]
    answered = tell_all(served.start(f"{place}:kill@60"), path, sign, names)
    assert served.died() == [-9]
    filed = served.keys()
    assert set(answered) <= set(filed)
    assert len(answered) < len(names)
    assert len(filed) == len(set(filed))
    assert sorted(tell_all(served.start(), path, sign, names)) == names
    assert served.keys() == names


def test_two_processes_that_are_told_the_same_at_once_file_it_once(served, sign):
    path = served.path
    names = [f"evt_{number:03}" for number in range(150)]
    ports = [served.start(), served.start()]
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda port: tell_all(port, path, sign, names), ports))
    assert [sorted(one) for one in answers] == [names, names]
    assert served.keys() == names
