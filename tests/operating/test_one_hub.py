"""Two hubs on one database are refused in one sentence; the processes and hosts of one hub are welcome."""

import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from core.clock import ManualClock, WallClock
from core.errors import Misconfigured
from core.seal import new_master_key
from core.settings import settings_from
from core.store import bodies, hub
from worker.backup import back_up, restore
from worker.bell import connect, embedded_socket
from worker.doctor import examine
from worker.embedded import EmbeddedRedis
from worker.hub import open_store
from worker.one_hub import OneHub

ROOT = Path(__file__).parents[2]
WAIT_SECONDS = 60


class Host:
    """A machine, or a container: its own home, and the addresses that somebody gave it."""

    def __init__(self, home, database_url, keys, redis_url=""):
        home.mkdir()
        self.told = {
            "SUBLEDGER_HOME": str(home),
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "SUBLEDGER_KEYS": keys,
        }
        self.settings = settings_from(self.told)
        self.children = []
        self.store = None

    def start(self, process):
        """Its first line, or the sentence with which it refuses."""
        child = subprocess.Popen(
            [sys.executable, "-m", "cli", process, "--json"],
            env={**os.environ, **self.told, "SUBLEDGER_PORT": free_port()},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.children.append(child)
        line = child.stdout.readline()
        if line:
            return json.loads(line)
        child.wait(WAIT_SECONDS)
        assert child.returncode == 1
        return json.loads(child.stderr.read().splitlines()[-1])

    def doctor(self):
        return next(one for one in examine(self.settings) if one.what == "one hub")

    def stop(self):
        for child in self.children:
            child.terminate()
        for child in self.children:
            child.wait(WAIT_SECONDS)
            child.stdout.close()
            child.stderr.close()
        self.children.clear()
        if self.store is not None:
            self.store.engine.dispose()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture
def hosts(database_url, tmp_path):
    """Makes hosts of one database; each is stopped at the end."""
    with ExitStack() as opened:

        def host(name, keys, redis_url="", database=database_url):
            made = Host(tmp_path / name, database, keys, redis_url)
            opened.callback(made.stop)
            return made

        yield host


@pytest.fixture
def redis(tmp_path):
    """Starts a Redis of one's own; its address."""
    with ExitStack() as opened:

        def start(name):
            home = tmp_path / f"redis-{name}"
            home.mkdir()
            settings = settings_from({"SUBLEDGER_HOME": str(home)})
            opened.callback(EmbeddedRedis(settings, WallClock()).close)
            return f"unix://{embedded_socket(settings)}"

        yield start


@pytest.fixture
def key():
    return new_master_key()


def sealed(host):
    """Something is sealed in its database."""
    store = open_store(host.settings)
    with store.engine.begin() as connection:
        connection.execute(text("INSERT INTO workspace VALUES ('W', 'W', '2026-01-01 00:00:00')"))
    store.write("W", lambda work: bodies.keep(store, work, [b"a document"]))
    store.engine.dispose()


def joined(host, clock=None):
    """The host's sign of life, given in this process."""
    host.store = host.store or open_store(host.settings, clock=clock)
    one = OneHub(host.settings, host.store)
    one.join()
    return one


def test_processes_and_hosts_of_one_hub_share_its_database(hosts, redis, key):
    bell = redis("shared")
    here, there = hosts("here", key, bell), hosts("there", key, bell)
    assert here.start("scheduler") == {"up": "scheduler"}
    assert there.start("worker") == {"up": "worker"}
    assert there.start("web")["up"] == "web"
    assert here.doctor().good


def test_a_hub_with_another_redis_is_refused(hosts, redis, key):
    first, second = hosts("first", key, redis("first")), hosts("second", key, redis("second"))
    assert first.start("scheduler") == {"up": "scheduler"}
    sentence = second.start("worker")["error"]
    assert sentence.startswith("Another hub, with another Redis, works on this database")
    assert second.doctor().sentence == sentence
    first.stop()
    joined(second)
    with pytest.raises(Misconfigured, match="Another hub"):
        joined(first)


def test_a_hub_with_an_embedded_redis_of_its_own_is_refused(hosts, key):
    first, second = hosts("first", key), hosts("second", key)
    joined(first)
    joined(first)
    assert "Another hub" in second.start("up")["error"]


def test_a_hub_with_another_key_is_refused(hosts, redis, key):
    bell = redis("shared")
    first, second = hosts("first", key, bell), hosts("second", new_master_key(), bell)
    sealed(first)
    joined(first)
    told = second.start("web")["error"]
    assert told.startswith("The key does not open what this database holds, so it is another hub's")
    assert second.doctor().sentence == told


def test_keys_may_be_changed_host_by_host(hosts, redis, key):
    bell = redis("shared")
    before, after = hosts("before", key, bell), hosts("after", f"{new_master_key()},{key}", bell)
    sealed(before)
    joined(before)
    joined(after)


def test_a_hub_that_was_killed_makes_room_after_half_a_minute_and_ends_when_it_comes_back(hosts, key):
    clock = ManualClock(WallClock().now())
    first, second = hosts("first", key), hosts("second", key)
    killed = joined(first, clock)
    with pytest.raises(Misconfigured, match="Another hub"):
        joined(second, clock)
    clock.sleep(hub.GONE_SECONDS + 1)
    joined(second, clock)
    with pytest.raises(Misconfigured, match="Another hub"):
        killed.give_sign()


def test_a_redis_that_forgot_everything_is_still_the_same_hubs(hosts, redis, key):
    bell = redis("shared")
    here, there = hosts("here", key, bell), hosts("there", key, bell)
    running = joined(here)
    with connect(here.settings, timeout_seconds=5) as opened:
        opened.flushall()
    running.give_sign()
    joined(there)


def test_a_scheduler_that_slept_too_long_belongs_to_the_hub_that_another_host_began_anew(hosts, redis, key):
    bell = redis("shared")
    clock = ManualClock(WallClock().now())
    here, there = hosts("here", key, bell), hosts("there", key, bell)
    slept = joined(here, clock)
    clock.sleep(hub.GONE_SECONDS + 1)
    with connect(here.settings, timeout_seconds=5) as opened:
        opened.flushall()  # as the mark expires meanwhile
    joined(there, clock)
    slept.give_sign()
    slept.give_sign()
    joined(there, clock)


def test_one_redis_for_two_databases_is_refused(hosts, redis, key, empty_database):
    bell = redis("shared")
    joined(hosts("first", key, bell))
    with empty_database("sqlite") as url:
        second = hosts("second", key, bell, url)
        with pytest.raises(Misconfigured, match="rings for a hub on another database"):
            joined(second)
        second.stop()


def test_a_copy_put_back_is_nobodys_yet(made, wanted, tmp_path):
    store = made[0].store
    OneHub(wanted, store).join()
    back_up(wanted, tmp_path / "copy")
    store.engine.dispose()
    restore(wanted, tmp_path / "copy")
    with store.read() as database:
        assert hub.working(database).bell == ""


def test_web_comes_up_though_redis_is_away(hosts, key, tmp_path):
    assert hosts("here", key, f"unix://{tmp_path / 'nobody.sock'}").start("web")["up"] == "web"
