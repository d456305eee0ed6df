"""A database that is locked, full, restarted, cut off or in collision: nothing is lost and nothing is done twice."""

import os
import re
import resource
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import invariants
import pytest
from commit_cutter import CommitCutter
from hubs import DrainedHub, RunningHub, free_port
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from connectors.stripe.events import EVENTS
from core.errors import Busy
from core.store import engine as engines
from core.store import pushes, schema, work
from core.store.clock import DatabaseClock

DOCUMENTS = ("invoice", "payment", "credit_note")

MODULES = {"P3": "web.webhooks", "P4": "web.webhooks", "P9": "worker.ingest", "P10": "worker.ingest"}


@pytest.fixture
def at(monkeypatch):
    """Does something once when that place is passed for that kind; says how often it was."""

    def once(place, kind, what):
        done = []

        def passed(name, of=""):
            if name == place and kind in {of, ""} and not done:
                done.append(name)
                what()

        monkeypatch.setattr(f"{MODULES.get(place, 'worker.deliver')}.failpoint", passed)
        return done

    return once


def tell_of(hub, outside, kind):
    """The messages about one kind of document, so that it is read for its own sake; what was answered."""
    return hub.tell(*[event for event in outside.events() if EVENTS.get(event["type"], ("",))[0] == kind])


def harm(outside, hub):
    """What is broken once every webhook was taken and all is done."""
    for _ in range(5):
        if set(hub.tell_all()) == {200}:
            break
    hub.work(survives=(Busy, IntegrityError))
    return invariants.broken(invariants.gather(outside, hub, "nobody"))


# --- locked ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def patience(monkeypatch):
    """The wait for a lock is a second here; what happens before and after its end is the same."""
    monkeypatch.setitem(engines._SQLITE, "busy_timeout", 1000)
    monkeypatch.setattr(engines, "_POSTGRESQL", engines._POSTGRESQL.replace("lock_timeout=5000", "lock_timeout=1000"))


def in_the_way(hub):
    """A session of somebody else's that keeps the inbox locked until it is rolled back."""
    other = hub.store.engine.connect()
    if hub.store.engine.dialect.name != "sqlite":  # there a transaction that may write locks everything
        other.exec_driver_sql("LOCK TABLE receipt IN EXCLUSIVE MODE")
    else:
        other.begin()
    return other


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize("held", ["a moment", "too long"])
def test_a_lock_is_waited_for_and_one_that_lasts_is_told_to_the_vendor_which_comes_again(open_hub, outside, held):
    hub = open_hub()
    outside.customer()
    (told, *_) = outside.events()
    other = in_the_way(hub)
    if held == "a moment":
        threading.Timer(0.2, other.rollback).start()
    status = hub.tell(told)
    kept = len(hub.rows(schema.receipt, schema.receipt.c.id)) if held == "a moment" else 0
    assert (status, kept) == (([200], 1) if held == "a moment" else ([503], 0))
    other.close()
    assert hub.tell(told) == [200]
    assert len(hub.rows(schema.event, schema.event.c.id)) == 1


def test_every_transaction_that_writes_says_so_when_it_begins(hub, outside):
    """SQLite: one that reads before it writes fails at once when another has written meanwhile. PostgreSQL: none of
    those that are only to look may write."""
    began, careless = {}, []

    @event.listens_for(hub.store.engine, "before_cursor_execute")
    def _note(connection, _cursor, statement, *_):
        begins = re.match(r"BEGIN( IMMEDIATE)?$|SET TRANSACTION .*(READ ONLY)", statement)
        if begins:
            began[connection] = statement == "BEGIN IMMEDIATE"
        elif re.match(r"INSERT|UPDATE|DELETE", statement) and not began.get(connection, True):
            careless.append(statement)

    outside.trade()
    assert harm(outside, hub) == []
    assert careless == []
    assert set(began.values()) == ({True, False} if hub.store.engine.dialect.name == "sqlite" else {False})


# --- full ------------------------------------------------------------------------------------------------------------


GROWING = ("receipt", "record", "observation")


class SQLiteDisk:
    """Makes the file as large as it will ever be, and gives it room again. What is written meanwhile is heavy, so that
    none of it fits into what is left of a page.
    """

    def __init__(self, hub):
        self._full = False
        self._engine = hub.store.engine
        with self._engine.begin() as database:
            database.execute(text("CREATE TABLE disk AS SELECT false AS is_full"))
            database.execute(text("CREATE TABLE weight (heavy BLOB)"))
            for table in GROWING:
                database.execute(
                    text(
                        f"CREATE TRIGGER extend_{table} BEFORE INSERT ON {table} WHEN (SELECT is_full FROM disk) "
                        "BEGIN INSERT INTO weight VALUES (zeroblob(1000000)); END"
                    )
                )

        @event.listens_for(self._engine, "checkout")
        def _limit(connection, _record, _proxy):
            pages = connection.execute("PRAGMA page_count").fetchone()[0] if self._full else 1073741823
            connection.execute(f"PRAGMA max_page_count={pages}")

    def is_full(self, full):
        self._full = False
        with self._engine.begin() as database:
            database.execute(text("UPDATE disk SET is_full = :full"), {"full": full})
        self._full = full


class PostgreSQLDisk:
    """A server's disk cannot be filled without being root: triggers say what PostgreSQL says of a full one (53100)."""

    def __init__(self, hub):
        self._engine = hub.store.engine
        with self._engine.begin() as database:
            database.execute(text("CREATE TABLE disk AS SELECT false AS is_full"))
            database.execute(
                text(
                    "CREATE FUNCTION extend() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                    "IF (SELECT is_full FROM disk) THEN RAISE EXCEPTION 'could not extend file' "
                    "USING ERRCODE = 'disk_full'; END IF; RETURN NEW; END $$"
                )
            )
            for table in GROWING:
                database.execute(
                    text(f"CREATE TRIGGER extend BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION extend()")
                )

    def is_full(self, full):
        with self._engine.begin() as database:
            database.execute(text("UPDATE disk SET is_full = :full"), {"full": full})


@pytest.fixture
def disk(hub):
    return SQLiteDisk(hub) if hub.store.engine.dialect.name == "sqlite" else PostgreSQLDisk(hub)


def test_a_full_disk_is_never_answered_with_2xx(hub, outside, disk):
    """P4, whatever the message is about."""
    outside.trade()
    disk.is_full(True)
    answers = hub.tell_all()
    assert answers[-1] == 503
    assert answers.count(200) == len(hub.rows(schema.receipt, schema.receipt.c.id))
    disk.is_full(False)
    assert harm(outside, hub) == []


@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize(("before", "left"), [("P9", "event pending"), ("P17", "push sent")], ids=["P10", "P17"])
def test_a_disk_that_fills_in_the_middle_loses_nothing_and_needs_no_hand_when_there_is_room(
    hub, outside, disk, at, before, left, kind
):
    """It fills right before that transaction: what was read, or what the vendor answered, cannot be written down."""
    outside.trade()
    tell_of(hub, outside, kind)
    filled = at(before, kind, lambda: disk.is_full(True))
    hub.work(until=lambda: bool(filled), survives=Busy)
    assert filled
    assert left in hub.open_work()
    disk.is_full(False)
    hub.clock.sleep(hub.hub.lease_seconds + 1)
    assert harm(outside, hub) == []


@contextmanager
def no_file_longer_than(size):
    """For this process; whatever would grow a file beyond it fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_checkpoint_that_finds_no_room_loses_nothing(outside, empty_database, tmp_path):
    """SQLite: what was committed stands in the write-ahead log until there is room in the file itself."""
    with empty_database("sqlite") as url:
        hub = DrainedHub(outside, tmp_path, url)
        database = Path(hub.store.engine.url.database)
        with hub.store.engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE ballast AS SELECT zeroblob(30000000) AS weight")
        checkpoint(hub)
        size = database.stat().st_size
        outside.trade()
        with no_file_longer_than(size):
            hub.tell_all()
            hub.work()
            with pytest.raises(sqlite3.OperationalError):
                checkpoint(hub)
            assert hub.open_work() == {}
        assert database.stat().st_size == size
        checkpoint(hub)
        assert database.stat().st_size > size
        assert harm(outside, hub) == []
        hub.close()


def checkpoint(hub):
    with hub.store.engine.connect() as connection:
        connection.connection.dbapi_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def test_a_log_that_cannot_be_written_holds_nothing_up(outside, database_url, tmp_path):
    """Every line that the door logs meets a full disk."""
    hub = DrainedHub(outside, tmp_path, database_url)
    port = free_port()
    environment = {**os.environ, **hub.environment, "SUBLEDGER_PORT": str(port)}
    with Path("/dev/full").open("wb") as full:
        web = subprocess.Popen(
            [sys.executable, "-m", "cli", "web"], env=environment, stdout=subprocess.DEVNULL, stderr=full
        )
    try:
        outside.stripe.create("webhook_endpoints", url=f"http://127.0.0.1:{port}{hub.door}", enabled_events=["*"])
        wait(lambda: listens(port))
        outside.trade()
        wait(lambda: not outside.deliveries()[1])
        assert {one["status"] for one in outside.deliveries()[0]} == {200}
        assert harm(outside, hub) == []
    finally:
        web.terminate()
        web.wait(30)
        hub.close()


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait(until):
    for _ in range(600):
        if until():
            return
        time.sleep(0.1)
    raise AssertionError("waited in vain")


# --- gone ------------------------------------------------------------------------------------------------------------


class Server:
    """The test session's PostgreSQL, which may be restarted; what the session had open to it is then gone."""

    def __init__(self, cluster, admin):
        self._cluster, self._admin = cluster, admin
        self.port, self.url = cluster.port, cluster.url

    def restart(self):
        self._cluster.restart()
        self._admin.dispose()


@pytest.fixture
def server(postgresql_cluster):
    return Server(*postgresql_cluster)


@pytest.fixture
def on_postgresql(empty_database, server, outside, tmp_path):
    """A hub whose way to PostgreSQL leads through a cutter."""
    with empty_database("postgresql") as url:
        cutter = CommitCutter(server.port)
        hub = DrainedHub(outside, tmp_path, url.replace(f":{server.port}/", f":{cutter.port}/"))
        yield hub, cutter
        hub.close()
        cutter.close()


@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize("place", ["P4", "P10", "P17"])
def test_a_server_that_is_restarted_in_the_middle_loses_nothing(on_postgresql, server, outside, at, place, kind):
    """What `pg_ctl restart -m immediate` does: in the inbox's transaction, in the work's, before the answer's."""
    hub, _ = on_postgresql
    outside.trade()
    restarted = at(place, kind, server.restart)
    answers = tell_of(hub, outside, kind)
    assert (503 in answers) == (place == "P4")
    hub.work(survives=Busy)
    assert restarted
    assert harm(outside, hub) == []


@pytest.fixture
def promising(monkeypatch):
    """(kind, what) to what is done in the transaction that promises to send one."""

    def before(kind, what):
        prepare = pushes.prepare

        def prepared(store, work, connection_id, of, **wanted):
            if of == kind:
                monkeypatch.setattr(pushes, "prepare", prepare)
                what()
            return prepare(store, work, connection_id, of, **wanted)

        monkeypatch.setattr(pushes, "prepare", prepared)

    return before


@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize("place", ["P4", "P10", "promise", "P17"])
def test_a_commit_whose_answer_is_lost_is_unknown_and_found_out(on_postgresql, outside, at, promising, place, kind):
    """The inbox's, the work's, that of the promise to send, that of the vendor's answer."""
    hub, cutter = on_postgresql
    outside.trade()
    if place == "promise":
        promising(kind, cutter.arm)
    else:
        at(place, kind, cutter.arm)
    answers = tell_of(hub, outside, kind)
    assert (503 in answers) == (place == "P4")
    hub.work(survives=Busy)
    assert cutter.cuts == 1
    assert harm(outside, hub) == []


def test_the_clock_of_a_server_that_is_away_says_so_and_is_asked_again_at_the_next_tick(server):
    away = engines.open_engine(server.url("nobody").replace(f":{server.port}/", f":{free_port()}/"))
    with pytest.raises(Busy, match="went away"):
        DatabaseClock(away).now()


def _has_worked(running):
    """The scheduler has taken a slot, and the worker has read what was told or changed."""
    slots, events = schema.schedule_slot, schema.event
    return running.rows(slots, slots.c.slot) and any(
        row.state == "done" for row in running.rows(events, events.c.state)
    )


def test_processes_outlive_a_restart_of_their_server(empty_database, server, served, tmp_path):
    """Nobody has to start them again."""
    served.reset()
    with empty_database("postgresql") as url:
        running = RunningHub(served, tmp_path, url, workers=1)
        try:
            pids = {name: running.child(name).pid for name in ("web", "worker 0", "scheduler 0")}
            # one that is still starting when its server goes away ends with a sentence, as it should
            served.trade()
            running.wait(lambda: _has_worked(running), "scheduler and worker to be up")
            served.trade()
            running.wait(running.open_work, "work to do")
            server.restart()
            assert pids == {name: running.child(name).pid for name in pids}
            assert invariants.broken(invariants.once_quiet(served, running, "nobody")) == []
        finally:
            running.close()


# --- in collision ----------------------------------------------------------------------------------------------------


@pytest.fixture
def collide(hub):
    """(kind, how it ends, how often) to what makes the work transaction of that kind collide, when it hands over what
    is owed: PostgreSQL with its own errors, SQLite, where writers queue, with a row that another made first."""
    engine, left = hub.store.engine, []

    @event.listens_for(engine, "connect")
    def _know(connection, _record):
        if engine.dialect.name == "sqlite":
            connection.create_function("collides", 0, lambda: bool(left and left.pop()))

    engine.dispose()

    def prepare(kind, state, times):
        left.extend([True] * times)
        with engine.begin() as database:
            if engine.dialect.name == "sqlite":
                database.exec_driver_sql(
                    f"CREATE TRIGGER collide BEFORE INSERT ON delivery WHEN NEW.kind = '{kind}' AND collides() "
                    "BEGIN SELECT RAISE(ABORT, 'another was first'); END"
                )
                return
            database.exec_driver_sql("CREATE SEQUENCE collisions")  # it counts on in a transaction that is undone
            database.exec_driver_sql(
                "CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF nextval('collisions') <= {times} THEN RAISE EXCEPTION 'forced' USING ERRCODE = '{state}'; "
                "END IF; RETURN NEW; END $$"
            )
            database.exec_driver_sql(
                "CREATE TRIGGER collide BEFORE INSERT ON delivery FOR EACH ROW "
                f"WHEN (NEW.kind = '{kind}') EXECUTE FUNCTION collide()"
            )

    return prepare


@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize("state", ["serialization_failure", "deadlock_detected"])
def test_a_collision_is_tried_again_as_a_whole_without_asking_the_vendor_again(
    hub, outside, collide, monkeypatch, kind, state
):
    waits = {}
    monkeypatch.setattr(work.time, "sleep", lambda seconds: waits.update({seconds: len(outside.calls("stripe"))}))
    outside.trade()
    collide(kind, state, 4)
    assert harm(outside, hub) == []
    assert len(waits) == 4
    assert all(0 <= seconds <= 0.05 * number for number, seconds in enumerate(waits, 1))
    assert len(set(waits.values())) == 1


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_collision_that_lasts_is_given_up_after_five_tries_and_the_work_is_done_later(
    hub, outside, collide, monkeypatch, kind
):
    waits = []
    monkeypatch.setattr(work.time, "sleep", waits.append)
    outside.trade()
    collide(kind, "serialization_failure", 5)
    assert harm(outside, hub) == []
    assert len(waits) == 4
