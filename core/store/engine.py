"""The database's settings are code: the same for every process, checked when it starts."""

import sqlite3
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from core.errors import Misconfigured

BUSY_TIMEOUT_MS = 5000
_NAME = "subledger"
"""How the hub's sessions are called in PostgreSQL's own lists."""

_SQLITE = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: a commit survives a power cut
    "foreign_keys": 1,
    "busy_timeout": BUSY_TIMEOUT_MS,
}

_POSTGRESQL = (
    "-c synchronous_commit=on -c lock_timeout=5000 -c statement_timeout=60000 "
    "-c idle_in_transaction_session_timeout=60000 -c TimeZone=UTC"
)


def open_engine(url: str) -> Engine:
    """Connects to nothing yet. Raises Misconfigured for an address that cannot be one."""
    return _sqlite(url) if url.startswith("sqlite") else _postgresql(url)


def check_engine(engine: Engine) -> None:
    """Refuses to start on a database that would lose or damage rows. Raises Misconfigured with one sentence."""
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                _check_sqlite(connection)
            elif connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "off":
                raise Misconfigured("PostgreSQL runs with synchronous_commit=off: committed rows could be lost.")
    except DBAPIError as error:
        where = engine.url.render_as_string(hide_password=True)
        raise Misconfigured(f"The database {where} cannot be reached: {_first_line(error)}") from None


def at_work(engine: Engine) -> bool:
    """PostgreSQL: whether any process of a hub, on any host, has this database open."""
    check_engine(engine)
    with engine.connect() as connection:
        others = connection.exec_driver_sql(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = %s AND pid <> pg_backend_pid()",
            (_NAME,),
        )
        return bool(others.scalar())


def _sqlite(url: str) -> Engine:
    # not parsed as an address: a question mark in a folder's name is part of the name
    file = URL.create("sqlite", database=url.removeprefix("sqlite:///"))
    engine = create_engine(file, connect_args={"isolation_level": None})

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: Any) -> None:
        # the wait comes first: even switching the journal may find another process at work
        for name, value in reversed(_SQLITE.items()):
            connection.execute(f"PRAGMA {name}={value}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # SQLite: a transaction that reads before it writes fails at once when another has written meanwhile,
        # whatever the busy time-out; so a transaction that will write says so from the start.
        writes = connection.get_execution_options().get("writes", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _check_sqlite(connection: Connection) -> None:
    for name, value in _SQLITE.items():
        if connection.exec_driver_sql(f"PRAGMA {name}").scalar() != value:
            raise Misconfigured(f"SQLite does not take the setting {name}={value} here: use a local disk.")


def _postgresql(url: str) -> Engine:
    try:
        parsed = make_url(url).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError) as error:
        raise Misconfigured(f"DATABASE_URL cannot be used: {error}.") from None
    engine = create_engine(
        parsed,
        connect_args={"options": _POSTGRESQL, "connect_timeout": 5, "application_name": _NAME},
        pool_pre_ping=True,
        pool_size=10,
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # PostgreSQL: each statement of a transaction sees another moment, unless it is asked for one view of all
        if not connection.get_execution_options().get("writes", True):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    return engine


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0]
