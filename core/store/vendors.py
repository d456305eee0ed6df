"""What all connections to one vendor share, in every workspace: how many work at once, and whether it answers.

Locks are taken in one order, so that nobody waits in a circle: a lane, the vendor, then its connections.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, select, update

from core.store import schema
from core.store.work import Work, insert_new

_FEW = 2
"""Fewer connections than this say nothing about the vendor."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Away:
    """A vendor that answers none of its connections."""

    vendor: str
    environment: str
    since: datetime

    def sentence(self) -> str:
        return (
            f"{self.vendor.capitalize()} ({self.environment}) has answered hardly any of its connections since "
            f"{self.since:%Y-%m-%d %H:%M} UTC. It is left alone but for one question at a time; nothing is lost, and "
            "all goes on by itself."
        )


def away(database: Connection) -> list[Away]:
    vendor = schema.vendor
    rows = database.execute(select(vendor).where(vendor.c.away_since.is_not(None)).order_by(vendor.c.name))
    return [Away(row.name, row.environment, row.away_since) for row in rows]


def know(work: Work, name: str, environment: str) -> None:
    """For its first connection."""
    work.connection.execute(insert_new(work, schema.vendor).values(name=name, environment=environment))


def hold(work: Work, connection_id: str) -> None:
    """Before a connection's row is changed together with others of its vendor: one at a time, until the commit."""
    _of(work, connection_id)


def lanes_held(work: Work, connection_id: str) -> tuple[int, int]:
    """How many lanes are at work now, one just claimed among them: of all connections to this one's vendor, and of
    this one.

    One at a time may ask, until it commits: nobody takes the last place twice.
    """
    one = _of(work, connection_id)
    lane, connection = schema.lane, schema.connection
    rows = work.connection.execute(
        select(connection.c.workspace_id, connection.c.id, func.count())
        .join(lane, and_(lane.c.workspace_id == connection.c.workspace_id, lane.c.connection_id == connection.c.id))
        .where(*_same(one), lane.c.lease_until > work.now)
        .group_by(connection.c.workspace_id, connection.c.id)
    ).all()
    own = sum(count for workspace_id, id_, count in rows if (workspace_id, id_) == (work.workspace_id, connection_id))
    return sum(count for *_, count in rows), own


def who_rests(work: Work, connection_id: str) -> list[ColumnElement[bool]]:
    """Which connections rest together with this one: all of its vendor's where that is away."""
    one = _of(work, connection_id)
    connection = schema.connection
    if one.away_since is not None:
        return [*_same(one), connection.c.state == "active"]
    return [connection.c.workspace_id == work.workspace_id, connection.c.id == connection_id]


def failed(work: Work, connection_id: str, until: datetime) -> None:
    """A connection got no answer. Where it is one of several, and hardly any other does better, the vendor is away, and
    all of them rest until then. It is told once.
    """
    one = _of(work, connection_id)
    connection = schema.connection
    if one.away_since is None:
        active, failing = work.connection.execute(
            select(func.count(), func.sum(case((connection.c.is_away, 1), else_=0))).where(
                *_same(one), connection.c.state == "active"
            )
        ).one()
        if failing < _FEW or 2 * failing <= active:
            return
        _set(work, one, work.now)
        _log.warning("%s", Away(one.name, one.environment, work.now).sentence())
    work.connection.execute(
        update(connection)
        .where(*_same(one), connection.c.state == "active")
        .values(not_before=until, failures=case((connection.c.failures < 1, 1), else_=connection.c.failures))
    )


def answered(work: Work, connection_id: str) -> None:
    """It is there again: its other connections may ask too, each one first by itself."""
    one = _of(work, connection_id)
    if one.away_since is None:
        return
    connection = schema.connection
    others = [*_same(one), connection.c.not_before > work.now]
    work.connection.execute(update(connection).where(*others).values(not_before=work.now))
    _set(work, one, None)
    _log.warning("%s (%s) answers again.", one.name.capitalize(), one.environment)


def _of(work: Work, connection_id: str) -> Any:
    """The vendor of a connection, which is ours until the commit."""
    vendor, connection = schema.vendor, schema.connection
    return work.connection.execute(
        select(vendor)
        .join(connection, and_(connection.c.vendor == vendor.c.name, connection.c.environment == vendor.c.environment))
        .where(connection.c.workspace_id == work.workspace_id, connection.c.id == connection_id)
        .with_for_update(of=vendor)
    ).one()


def _same(one: Any) -> list[ColumnElement[bool]]:
    connection = schema.connection
    return [connection.c.vendor == one.name, connection.c.environment == one.environment]


def _set(work: Work, one: Any, away_since: datetime | None) -> None:
    vendor = schema.vendor
    work.connection.execute(
        update(vendor)
        .where(vendor.c.name == one.name, vendor.c.environment == one.environment)
        .values(away_since=away_since)
    )
