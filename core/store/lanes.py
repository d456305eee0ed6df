"""One drain at a time per (connection, kind, purpose): a lease that expires, and a fence that stops the late."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, insert, or_, select, update

from core.errors import Fenced
from core.store import schema
from core.store.work import Work


@dataclass(frozen=True, slots=True)
class Lane:
    connection_id: str
    kind: str
    purpose: str
    """ingest, deliver or pull"""
    fence: int
    lease_seconds: float


def claim(work: Work, connection_id: str, kind: str, purpose: str, *, owner: str, lease_seconds: float) -> Lane | None:
    """The lane, if nobody holds it; the fence grows with every claim."""
    lane = schema.lane
    key = {"workspace_id": work.workspace_id, "connection_id": connection_id, "kind": kind, "purpose": purpose}
    at = [lane.c[name] == value for name, value in key.items()]
    if work.connection.execute(select(lane.c.fence).where(*at)).one_or_none() is None:
        work.connection.execute(insert(lane).values(**key, fence=0, owner=""))
    fence = work.connection.execute(
        update(lane)
        .where(*at, or_(lane.c.lease_until.is_(None), lane.c.lease_until <= work.now))
        .values(fence=lane.c.fence + 1, owner=owner, lease_until=work.now + timedelta(seconds=lease_seconds))
        .returning(lane.c.fence)
    ).scalar_one_or_none()
    return None if fence is None else Lane(connection_id, kind, purpose, fence, lease_seconds)


def hold(work: Work, lane: Lane) -> None:
    """The first step of every write of a drain: extends the lease. Raises Fenced if the lane has gone to another."""
    _set(work, lane, seconds=lane.lease_seconds)


def release(work: Work, lane: Lane) -> None:
    _set(work, lane, seconds=None)


def changes(work: Work, lane: Lane, within: timedelta) -> int:
    """How many documents that stood there the lane has changed since the day, or whatever `within` is, began."""
    table = schema.lane
    row = work.connection.execute(select(table.c.changes, table.c.changes_since).where(*_this(work, lane))).one()
    return int(row.changes) if row.changes_since and row.changes_since > work.now - within else 0


def count_changes(work: Work, lane: Lane, so_far: int, count: int) -> None:
    """Counts more of them; where there were none, another day begins."""
    values: dict[str, Any] = {"changes": so_far + count}
    if not so_far:
        values["changes_since"] = work.now
    work.connection.execute(update(schema.lane).where(*_this(work, lane)).values(**values))


def _set(work: Work, lane: Lane, seconds: float | None) -> None:
    held = work.connection.execute(
        update(schema.lane)
        .where(*_this(work, lane), schema.lane.c.fence == lane.fence)
        .values(lease_until=None if seconds is None else work.now + timedelta(seconds=seconds))
    )
    if held.rowcount != 1:
        raise Fenced(f"The lane {lane.purpose}/{lane.kind} of {lane.connection_id} has gone to another worker.")


def _this(work: Work, lane: Lane) -> tuple[ColumnElement[bool], ...]:
    table = schema.lane
    return (
        table.c.workspace_id == work.workspace_id,
        table.c.connection_id == lane.connection_id,
        table.c.kind == lane.kind,
        table.c.purpose == lane.purpose,
    )
