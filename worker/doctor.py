"""Looks a hub over, as far as one can without disturbing it: each finding is one sentence that says what to do."""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Engine

from core.errors import HubError, Misconfigured
from core.seal import master_keys
from core.settings import Settings
from core.store import connections
from core.store.engine import check_engine, open_engine
from core.store.migrate import check_schema
from worker.embedded import check_redis
from worker.hub import open_store
from worker.one_hub import OneHub

_NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "glusterfs", "ceph", "afs"}
)

_MEND_FIRST = "This could not be checked: mend what is wrong above first."


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    good: bool
    sentence: str


def examine(settings: Settings) -> Iterator[Finding]:
    """Every check that can still be made; one that fails may make later ones impossible, and they say so.

    What was said once is not said again.
    """
    said: set[str] = set()
    for finding in _examine(settings):
        again = not finding.good and finding.sentence in said
        yield replace(finding, sentence=_MEND_FIRST) if again else finding
        said.add(finding.sentence)


def _examine(settings: Settings) -> Iterator[Finding]:
    yield _tried("key", "The master key is there.", lambda: _check_keys(settings))
    yield _tried("privacy", "Nobody else on this machine may read its files.", lambda: _check_privacy(settings))
    yield _tried("failpoints", "No process is made to die on purpose.", _check_failpoints)
    yield _tried("disk", "The database is on a disk of this machine.", lambda: check_disk(settings))
    engine = open_engine(settings.database_url)
    try:
        yield _tried("database", "The database answers and takes its settings.", lambda: check_engine(engine))
        yield _tried("schema", "The database is at this version's schema.", lambda: check_schema(engine))
        yield _tried("integrity", "The database is whole.", lambda: _check_integrity(engine))
        yield _tried("secrets", "Every stored secret opens with the key.", lambda: _check_secrets(settings))
        yield _tried(
            "connections", "No connection is paused or lacks a permission.", lambda: _check_connections(settings)
        )
    finally:
        engine.dispose()
    yield _tried("one hub", "No other hub works on this database.", lambda: _check_one_hub(settings))
    if settings.redis_url:
        yield _tried("redis", "Redis answers and keeps what it is given.", lambda: check_redis(settings))
    else:
        yield Finding("redis", True, "The embedded Redis is started by `subledger up`.")


def check_disk(settings: Settings) -> None:
    """SQLite: its locks do not hold on a network file system, and two hubs would overwrite each other."""
    if not settings.embedded_database or not sys.platform.startswith("linux"):
        return
    path = settings.database_file
    kind = _file_system(path, Path("/proc/mounts").read_text())
    if kind in _NETWORK_FILE_SYSTEMS:
        raise Misconfigured(
            f"{path} is on a network file system ({kind}), where SQLite loses data: use a local disk or PostgreSQL."
        )


def _file_system(path: Path, mounts: str) -> str:
    """The type of the file system that holds the path, by the longest mount point above it."""
    best, kind = "", ""
    for line in mounts.splitlines():
        _, point, fs_type, *_ = line.split(" ")
        point = point.encode().decode("unicode_escape")
        above = point == "/" or path == Path(point) or Path(point) in path.parents
        if above and len(point) >= len(best):
            best, kind = point, fs_type
    return kind


def _tried(what: str, good: str, check: Callable[[], None]) -> Finding:
    try:
        check()
    except HubError as error:
        return Finding(what, False, str(error))
    except Exception as error:  # noqa: BLE001 - a doctor that stops at a surprise finds nothing more
        return Finding(what, False, f"{_MEND_FIRST} ({type(error).__name__})")
    return Finding(what, True, good)


def _check_failpoints() -> None:
    if os.environ.get("SUBLEDGER_FAILPOINTS"):
        raise Misconfigured("SUBLEDGER_FAILPOINTS makes processes die on purpose, as tests want it: unset it.")


def _check_keys(settings: Settings) -> None:
    master_keys(settings.keys, settings.home / "key")


def _check_privacy(settings: Settings) -> None:
    files = [] if settings.keys else [settings.home / "key"]
    files += [settings.database_file] if settings.embedded_database else []
    for file in files:
        if file.exists() and _is_open(file) and _is_open(file.parent):
            raise Misconfigured(f"{file} may be read by other users of this machine: run `chmod 700 {file.parent}`.")


def _is_open(path: Path) -> bool:
    """To others than its owner."""
    return bool(path.stat().st_mode & 0o077)


def _check_integrity(engine: Engine) -> None:
    if engine.dialect.name != "sqlite":
        return
    with engine.connect().execution_options(writes=False) as database:
        found = database.exec_driver_sql("PRAGMA quick_check").scalar()
        orphans = database.exec_driver_sql("PRAGMA foreign_key_check").fetchone()
    if found != "ok" or orphans is not None:
        raise Misconfigured(
            "The database file is damaged: stop the hub and restore a backup (`subledger restore FILE`)."
        )


def _check_secrets(settings: Settings) -> None:
    store = open_store(settings)
    try:
        with store.read() as database:
            for connection in connections.connections(database):
                connections.credentials(store, database, connection)
    finally:
        store.engine.dispose()


def _check_one_hub(settings: Settings) -> None:
    store = open_store(settings)
    try:
        OneHub(settings, store).check()
    finally:
        store.engine.dispose()


def _check_connections(settings: Settings) -> None:
    store = open_store(settings)
    try:
        with store.read() as database:
            found = connections.connections(database)
            troubled = [one for one in found if one.state != "active" or one.pause_sentence]
    finally:
        store.engine.dispose()
    if troubled:
        raise Misconfigured(" ".join(one.pause_sentence or f"{one.name} is paused." for one in troubled))
