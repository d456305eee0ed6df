"""Counting failed log-ins: by whom, from where, and both, within a quarter of an hour."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from core.store import schema
from core.store.work import Work

WINDOW_SECONDS = 15 * 60


def wait_seconds(database: Connection, limits: Mapping[str, int], now: datetime) -> int:
    """`limits`: key to the failures it may have. 0 if another try may be made, else the seconds until then."""
    failure = schema.log_in_failure
    rows = database.execute(
        select(failure).where(failure.c.key.in_(list(limits)), failure.c.since > _window_start(now))
    ).all()
    waits = [
        (row.since + timedelta(seconds=WINDOW_SECONDS) - now).total_seconds()
        for row in rows
        if row.failures >= limits[row.key]
    ]
    return int(max(waits)) + 1 if waits else 0


def count_failure(work: Work, keys: Mapping[str, int]) -> None:
    failure = schema.log_in_failure
    work.connection.execute(delete(failure).where(failure.c.since <= _window_start(work.now)))
    for key in keys:
        counted = work.connection.execute(
            update(failure).where(failure.c.key == key).values(failures=failure.c.failures + 1)
        ).rowcount
        if not counted:
            work.connection.execute(insert(failure).values(key=key, failures=1, since=work.now))


def forgive(work: Work, key: str) -> None:
    work.connection.execute(delete(schema.log_in_failure).where(schema.log_in_failure.c.key == key))


def _window_start(now: datetime) -> datetime:
    return now - timedelta(seconds=WINDOW_SECONDS)
