import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import Misconfigured
from core.settings import settings_from
from core.store import connections, duties
from core.store.statehash import state_hash
from demo import auditor
from demo.hub import DemoHub
from demo.story.play import Story
from demo.stripe_account import StripeAccount
from demo.stripe_books import read_stripe
from demo.workspace import REFUNDS_ACCOUNT
from demo.xero_books import XeroOrganisation, read_xero
from worker.backup import ASK_FIRST_DAYS, asks_first, back_up, restore
from worker.hub import open_hub

_ROUNDS_MAX = 12
_SALES = 8


def _settle(hub, made):
    """All drains until nothing is open."""
    demo = DemoHub({}, None, hub, made, None, None)
    for _ in range(_ROUNDS_MAX):
        demo.drain_again()
        if not demo.open_work():
            return
        hub.clock.sleep(0.6)
    raise AssertionError(demo.open_work())


@pytest.fixture
def clients(wanted):
    if not wanted.embedded_database and shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not on the PATH")


def test_a_backup_made_while_the_hub_runs_restores_to_the_same_state(made, wanted, vendors, tmp_path, clients):
    hub, what = made
    with hub.store.read() as database:
        before = state_hash(hub.store, database, what.workspace_id)
    back_up(wanted, tmp_path / "copy")
    hub.store.engine.dispose()
    restore(wanted, tmp_path / "copy")
    again = open_hub(wanted)
    with again.store.read() as database:
        assert state_hash(again.store, database, what.workspace_id) == before
        assert all(asks_first(one, again.clock.now()) for one in connections.connections(database))
    again.store.engine.dispose()
    assert ASK_FIRST_DAYS > 0


def test_after_an_old_backup_is_restored_nothing_is_written_twice(made, wanted, vendors, tmp_path, clients):
    hub, what = made
    back_up(wanted, tmp_path / "before-the-sales")
    keys = vendors.line()
    stripe = StripeAccount(keys["stripe"]["base_url"], keys["stripe"]["api_key"])
    story = Story(stripe, seed=1)
    for scene in story.months()[0][:_SALES]:
        story.play(scene)
    _settle(hub, what)
    hub.store.engine.dispose()
    xero = XeroOrganisation(*(keys["xero"][name] for name in ("base_url", "access_token", "tenant_id")))
    written = read_xero(xero, REFUNDS_ACCOUNT)
    assert len([one for one in written.documents if one.kind == "invoice"]) >= _SALES // 2

    restore(wanted, tmp_path / "before-the-sales")
    again = open_hub(wanted)
    with again.store.read() as database:
        assert not duties.open_work(database, what.workspace_id)["delivery"]
    _settle(again, what)
    again.store.engine.dispose()
    assert read_xero(xero, REFUNDS_ACCOUNT) == written
    assert auditor.mismatches(read_stripe(stripe), written) == []


def test_a_backup_never_overwrites(wanted, tmp_path):
    (tmp_path / "there").write_bytes(b"older")
    with pytest.raises(Misconfigured, match="never overwrites"):
        back_up(wanted, tmp_path / "there")
    assert (tmp_path / "there").read_bytes() == b"older"


def test_what_is_not_a_backup_changes_nothing(made, wanted, tmp_path):
    if not wanted.embedded_database:
        pytest.skip("pg_restore judges its own files")
    (tmp_path / "letter.txt").write_text("dear hub")
    with pytest.raises(Misconfigured, match="nothing was changed"):
        restore(wanted, tmp_path / "letter.txt")
    open_hub(wanted).store.engine.dispose()


def test_a_hub_that_runs_is_not_restored_over_though_it_does_nothing_just_now(made, wanted, tmp_path, clients):
    hub, _ = made
    back_up(wanted, tmp_path / "copy")
    with hub.store.engine.connect():
        pass  # what it has open it keeps open, for the next time
    with pytest.raises(Misconfigured, match="stop all its processes, then restore"):
        restore(wanted, tmp_path / "copy")
    hub.store.engine.dispose()
    restore(wanted, tmp_path / "copy")


def test_a_restore_that_is_cut_off_leaves_what_stood_there(made, wanted, tmp_path, monkeypatch, clients):
    hub, what = made
    back_up(wanted, tmp_path / "copy")
    hub.store.write(what.workspace_id, lambda work: work.connection.exec_driver_sql(_ONE_FAILURE))
    hub.store.engine.dispose()
    if wanted.embedded_database:
        monkeypatch.setattr("worker.backup.os.fsync", lambda _: (_ for _ in ()).throw(OSError("no space left")))
        with pytest.raises(OSError, match="no space left"):
            restore(wanted, tmp_path / "copy")
    else:
        (tmp_path / "cut").write_bytes((tmp_path / "copy").read_bytes()[:-2000])
        with pytest.raises(Misconfigured, match="pg_restore did not succeed"):
            restore(wanted, tmp_path / "cut")
    again = open_hub(wanted)
    with again.store.read() as database:
        assert database.exec_driver_sql("SELECT count(*) FROM log_in_failure").scalar() == 1
    again.store.engine.dispose()


_ONE_FAILURE = "INSERT INTO log_in_failure VALUES ('somebody', 1, '2026-01-01')"


@pytest.mark.parametrize("torn", ["the whole", "its middle"])
def test_a_damaged_database_gives_way_to_a_backup_and_is_kept(made, wanted, tmp_path, torn):
    """With what it had not yet taken over from its journal, which would spoil the copy."""
    if not wanted.embedded_database:
        pytest.skip("PostgreSQL keeps its own files")
    hub, what = made
    back_up(wanted, tmp_path / "copy")
    place = Path(wanted.database_url.removeprefix("sqlite:///"))
    journal = place.with_name(f"{place.name}-wal")
    hub.store.write(what.workspace_id, lambda work: work.connection.exec_driver_sql(_ONE_FAILURE))
    left = journal.read_bytes()
    assert left
    hub.store.engine.dispose()
    content = bytearray(place.read_bytes())
    start, end = (0, len(content)) if torn == "the whole" else (4096, 40 * 4096)
    content[start:end] = b"\xff" * (end - start)
    place.write_bytes(bytes(content))
    journal.write_bytes(left)
    restore(wanted, tmp_path / "copy")
    assert b"\xff" * 4096 in place.with_name(f"{place.name}.before-restore").read_bytes()
    again = open_hub(wanted)
    with again.store.read() as database:
        assert database.exec_driver_sql("SELECT count(*) FROM log_in_failure").scalar() == 0
    again.store.engine.dispose()


def test_nobody_else_on_the_machine_may_read_a_backup(made, wanted, tmp_path, clients):
    back_up(wanted, tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600


def test_the_list_of_processes_tells_nobody_the_password_of_the_database(tmp_path, monkeypatch):
    """PostgreSQL's own programs are given it where only their user can look."""
    for name in ("pg_dump", "pg_restore"):
        program = tmp_path / name
        program.write_text(
            f'#!/bin/sh\necho "$@" >> "{tmp_path}/asked"; echo "$PGPASSWORD" >> "{tmp_path}/given"; exit 1\n'
        )
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    address = "postgresql+psycopg://hub:p%40ss%20word@127.0.0.1:9/books?sslmode=disable"
    wanted = settings_from({"SUBLEDGER_HOME": str(tmp_path), "DATABASE_URL": address})
    with pytest.raises(Misconfigured, match="pg_dump did not succeed: no reason given"):
        back_up(wanted, tmp_path / "copy")
    assert (tmp_path / "given").read_text() == "p@ss word\n"
    asked = (tmp_path / "asked").read_text()
    assert "p@ss" not in asked
    assert "p%40ss" not in asked
    assert all(part in asked for part in ("user=hub", "dbname=books", "host=127.0.0.1", "port=9", "sslmode=disable"))
    with pytest.raises(Misconfigured, match="cannot be reached"):
        restore(wanted, tmp_path / "copy")


def test_a_backup_is_one_view_of_the_whole_though_the_hub_writes_meanwhile(made, wanted, tmp_path, monkeypatch):
    """With small steps and a writer between any two of them it ends, and holds what stood when it began."""
    if not wanted.embedded_database:
        pytest.skip("pg_dump takes its own view")
    hub, _ = made
    monkeypatch.setattr("worker.backup._PAGES", 8)
    told = []

    def write(done, of):
        told.append((done, of))
        with hub.store.engine.begin() as connection:
            connection.exec_driver_sql(f"INSERT INTO log_in_failure VALUES ('{done}', 1, '2026-01-01')")

    back_up(wanted, tmp_path / "copy", write)
    assert len(told) > 3
    assert told[-1][0] == told[-1][1]
    with closing(sqlite3.connect(tmp_path / "copy")) as copy:
        assert copy.execute("SELECT count(*) FROM log_in_failure").fetchone() == (0,)
    hub.store.engine.dispose()
    heard = []
    restore(wanted, tmp_path / "copy", lambda *of: heard.append(of))
    assert heard[-1] == ((tmp_path / "copy").stat().st_size,) * 2
