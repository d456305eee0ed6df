"""Copies of the database and back. The key is kept apart from them: with both, a copy tells everything."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from core.errors import Misconfigured
from core.settings import Settings
from core.store import connections, hub
from core.store.engine import at_work, open_engine
from core.store.migrate import check_schema
from worker.hub import open_store

Told = Callable[[int, int], None]
"""Hears how much is done, and of how much; of nothing where that is not known."""

_PAGES = 4096
"""Of the database, copied between two tellings."""
_CHUNK_BYTES = 16 * 1024 * 1024
_OWNER_ONLY = 0o600

_STILL_RUNS = "The hub still runs on this database: stop all its processes, then restore."

ASK_FIRST_DAYS = 7
"""How long after a restore each write is asked about before it is made: it may have been made before."""


def back_up(settings: Settings, target: Path, told: Told = lambda *_: None) -> None:
    """A consistent copy while the hub runs. Refuses to overwrite; a copy that is not whole is not kept."""
    if target.exists():
        raise Misconfigured(f"{target} exists already; a backup never overwrites one.")
    unfinished = _begun(target)
    if settings.embedded_database:
        _copy_sqlite(settings.database_file, unfinished, told)
    else:
        _run(settings, "pg_dump", "--format=custom", f"--file={unfinished}")
    unfinished.replace(target)


def restore(settings: Settings, source: Path, told: Told = lambda *_: None) -> None:
    """Puts a copy in the place of the database, as a whole or not at all. The hub has to be stopped; an SQLite file
    that stood there is kept beside it.

    What happened after the copy was made is read again from the vendors, and whatever was written to them meanwhile
    is found by asking before anything is written again.
    """
    if settings.embedded_database:
        _restore_sqlite(settings.database_file, source, told)
    else:
        _refuse_while_at_work(settings)
        _run(settings, "pg_restore", "--clean", "--if-exists", "--single-transaction", str(source))
    engine = open_engine(settings.database_url)
    try:
        check_schema(engine)
    finally:
        engine.dispose()
    store = open_store(settings)
    try:
        until = store.clock.now() + timedelta(days=ASK_FIRST_DAYS)
        with store.read() as database:
            found = connections.connections(database)
        for one in found:
            store.write(one.workspace_id, partial(connections.ask_first, connection_id=one.id, until=until))
        store.write("", hub.forget)
    finally:
        store.engine.dispose()


def asks_first(connection: connections.Connection, now: datetime) -> bool:
    """Whether the database was restored lately, so that what is to be created may be there already."""
    return connection.is_before(connections.ASK_FIRST_UNTIL, now)


def _begun(target: Path) -> Path:
    """An empty file beside the target, which nobody else may read: it holds who may log in, and all amounts."""
    unfinished = target.with_name(f"{target.name}.part")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=_OWNER_ONLY)
    return unfinished


def _copy_sqlite(source: Path, target: Path, told: Told) -> None:
    if not source.exists():
        raise Misconfigured(f"There is no database at {source} to back up.")
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        # one view of the whole, however many steps it takes: without it each write elsewhere begins the copy anew
        live.execute("BEGIN")
        live.execute("SELECT count(*) FROM sqlite_master")
        live.backup(copy, pages=_PAGES, progress=lambda _, left, pages: told(pages - left, pages), sleep=0)
        # one file is easier to carry than three
        copy.execute("PRAGMA journal_mode=DELETE")
        _check(copy, "The copy is damaged, so it was not kept: check the disk with `subledger doctor`.")


def _restore_sqlite(place: Path, source: Path, told: Told) -> None:
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as copy:
        _check(copy, f"{source} is not a whole backup of a hub; nothing was changed.")
    ready = _begun(place)
    _copy_file(source, ready, told)
    if place.exists():
        _fold_journal(place)
        before = place.with_name(f"{place.name}.before-restore")
        before.unlink(missing_ok=True)
        os.link(place, before)
    ready.replace(place)


def _fold_journal(place: Path) -> None:
    """Into the file itself, which works only while nobody has it open. SQLite: a copy, being of another journal mode,
    takes nothing from one that a damaged file leaves behind.
    """
    with closing(sqlite3.connect(place, timeout=0)) as standing:
        try:
            standing.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise Misconfigured(_STILL_RUNS) from None


def _refuse_while_at_work(settings: Settings) -> None:
    engine = open_engine(settings.database_url)
    try:
        if at_work(engine):
            raise Misconfigured(_STILL_RUNS)
    finally:
        engine.dispose()


def _copy_file(source: Path, target: Path, told: Told) -> None:
    size = source.stat().st_size
    with source.open("rb") as read, target.open("wb") as written:
        while chunk := read.read(_CHUNK_BYTES):
            written.write(chunk)
            told(written.tell(), size)
        written.flush()
        os.fsync(written.fileno())


def _check(database: sqlite3.Connection, sentence: str) -> None:
    try:
        found = database.execute("PRAGMA quick_check").fetchone()
        database.execute("SELECT count(*) FROM workspace")
    except sqlite3.DatabaseError:
        raise Misconfigured(sentence) from None
    if found != ("ok",):
        raise Misconfigured(sentence)


def _run(settings: Settings, program: str, *arguments: str) -> None:
    """One of PostgreSQL's client programs on the hub's database; the password is not for the list of processes."""
    if shutil.which(program) is None:
        raise Misconfigured(
            f"{program} is not on the PATH: install PostgreSQL's client programs, of the server's version."
        )
    plain = settings.database_url.replace("postgresql+psycopg:", "postgresql:", 1)
    address = {name: str(value) for name, value in conninfo_to_dict(plain).items()}
    password = address.pop("password", "")
    done = subprocess.run(
        [program, f"--dbname={make_conninfo(**address)}", *arguments],
        env={**os.environ, **({"PGPASSWORD": password} if password else {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Misconfigured(
            f"{program} did not succeed: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}"
        )
