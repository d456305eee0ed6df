"""The unit of work: the only place that commits.

No network is used inside one (a tripwire asserts it), and it is short. Outside effects never happen in it, so that the
whole of it can be repeated when the database asks for that.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, Engine, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from core.clock import Clock
from core.errors import Busy, Overtaken
from core.ids import Ids
from core.seal import DataKey, MasterKeys
from core.tripwire import inside_work

_ATTEMPTS_MAX = 5
_SERIALIZATION, _DEADLOCK, _LOCK_TIMEOUT, _DISK_FULL = "40001", "40P01", "55P03", "53100"

_T = TypeVar("_T")


@dataclass(slots=True)
class Work:
    """One transaction of one workspace, with the moment it began."""

    connection: Connection
    workspace_id: str
    now: datetime
    new_id: Callable[[], str]
    new_data_keys: dict[str, tuple[str, DataKey]] = field(default_factory=dict)
    """Made in this transaction: known to others only after its commit."""


class Store:
    """A database, the keys that open what is sealed in it, and the clock and ids of its rows."""

    def __init__(self, engine: Engine, masters: MasterKeys, clock: Clock, ids: Ids) -> None:
        self.engine = engine
        self.masters = masters
        self.clock = clock
        self.data_keys: dict[tuple[str, str], tuple[str, DataKey]] = {}
        self.new_id = ids.new

    def write(self, workspace_id: str, work: Callable[[Work], _T]) -> _T:
        """Runs `work` in one transaction and commits it, all or nothing.

        Repeated, at most five times, when the database says that it collided with another. Raises Busy when the
        database cannot take it in time, is full or is away. Never begun inside another one.
        """
        assert not inside_work.get(), "a unit of work may not begin inside another"
        for attempt in range(1, _ATTEMPTS_MAX + 1):
            unit = None
            token = inside_work.set(True)
            try:
                with self.engine.begin() as connection:
                    unit = Work(connection, workspace_id, self.clock.now(), self.new_id)
                    result = work(unit)
            except Overtaken:
                if attempt == _ATTEMPTS_MAX:
                    raise
            except DBAPIError as error:
                if attempt == _ATTEMPTS_MAX or not _collided(error):
                    raise _busy(error) or error from None
                time.sleep(random.uniform(0, 0.05 * attempt))  # noqa: S311 - jitter, not a secret
            else:
                self.data_keys.update({(workspace_id, scope): entry for scope, entry in unit.new_data_keys.items()})
                return result
            finally:
                inside_work.reset(token)
        raise AssertionError("the last attempt returns or raises")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view; nothing that is done in it stays. Raises Busy when the database is away."""
        try:
            with self.engine.connect().execution_options(writes=False) as connection, connection.begin() as view:
                yield connection
                view.rollback()
        except DBAPIError as error:
            raise _busy(error) or error from None


def _collided(error: DBAPIError) -> bool:
    """Whether the same work, done again, may well succeed. A row that another inserted first is then found."""
    return isinstance(error, IntegrityError) or _state(error) in {_SERIALIZATION, _DEADLOCK}


def _busy(error: DBAPIError) -> Busy | None:
    """What the error means for whoever wanted to read or write; None if it is a mistake of ours."""
    text, state = str(error.orig).lower(), _state(error)
    never_reached = isinstance(error, OperationalError) and error.statement is None
    if never_reached or error.connection_invalidated or state.startswith(("08", "57P")):
        return Busy("The database went away; nothing is known to be written, try again shortly.")
    if not isinstance(error, OperationalError):
        return None
    if "locked" in text or "busy" in text or state in {_SERIALIZATION, _DEADLOCK, _LOCK_TIMEOUT}:
        return Busy("The database is locked by another process; nothing was written, try again shortly.")
    if state == _DISK_FULL or "full" in text or "readonly" in text:
        return Busy(
            "The database cannot grow (disk full or read-only); nothing was written. Make room, then try again."
        )
    return None


def _state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def insert_new(work: Work, table: Table) -> Insert:
    """Inserts the rows whose key is not there yet, and passes over the others."""
    on_postgresql = work.connection.dialect.name == "postgresql"
    into: postgresql.Insert | sqlite.Insert
    into = postgresql.insert(table) if on_postgresql else sqlite.insert(table)
    return into.on_conflict_do_nothing()
