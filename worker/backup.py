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

from core.errors import Misconfigured
from core.settings import Settings
from core.store import connections, hub
from core.store.engine import open_engine
from core.store.migrate import check_schema
from worker.hub import open_store

Told = Callable[[int, int], None]
"""Hears how much is done, and of how much; of nothing where that is not known."""

_PAGES = 4096
"""Of the database, copied between two tellings."""
_CHUNK_BYTES = 16 * 1024 * 1024

ASK_FIRST_DAYS = 7
"""How long after a restore each write is asked about before it is made: it may have been made before."""


def back_up(settings: Settings, target: Path, told: Told = lambda *_: None) -> None:
    """A consistent copy while the hub runs. Refuses to overwrite; a copy that is not whole is not kept."""
    if target.exists():
        raise Misconfigured(f"{target} exists already; a backup never overwrites one.")
    unfinished = target.with_name(f"{target.name}.part")
    unfinished.unlink(missing_ok=True)
    if settings.embedded_database:
        _copy_sqlite(_path(settings), unfinished, told)
    else:
        _run("pg_dump", "--format=custom", f"--file={unfinished}", f"--dbname={settings.database_url}")
    unfinished.replace(target)


def restore(settings: Settings, source: Path, told: Told = lambda *_: None) -> None:
    """Puts a copy in the place of the database. The hub has to be stopped; what stood there is kept beside it.

    What happened after the copy was made is read again from the vendors, and whatever was written to them meanwhile
    is found by asking before anything is written again.
    """
    if settings.embedded_database:
        _restore_sqlite(_path(settings), source, told)
    else:
        _run(
            "pg_restore", "--clean", "--if-exists", "--exit-on-error", f"--dbname={settings.database_url}", str(source)
        )
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


def _path(settings: Settings) -> Path:
    return Path(settings.database_url.removeprefix("sqlite:///"))


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
    if place.exists():
        with closing(sqlite3.connect(place, timeout=0)) as standing:
            try:
                standing.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError:
                raise Misconfigured("The hub still runs on this database: stop it, then restore.") from None
            standing.rollback()
            standing.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        place.replace(place.with_name(f"{place.name}.before-restore"))
        for rest in ("-wal", "-shm"):
            place.with_name(place.name + rest).unlink(missing_ok=True)
    _copy_file(source, place, told)


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


def _run(program: str, *arguments: str) -> None:
    if shutil.which(program) is None:
        raise Misconfigured(
            f"{program} is not on the PATH: install PostgreSQL's client programs, of the server's version."
        )
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Misconfigured(
            f"{program} did not succeed: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}"
        )
