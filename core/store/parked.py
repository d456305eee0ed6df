"""What waits for a person and what is held for a cause that passes: by cause with one example, or each by itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, and_, exists, func, select

from core.kinds import Kind
from core.lifecycle import DeliveryState
from core.reasons import Reason, ReasonCode
from core.store import schema
from core.store.outbox import stands_there
from core.store.work import Work


@dataclass(frozen=True, slots=True)
class Cause:
    what: str
    """event or delivery"""
    code: str
    count: int
    params: dict[str, str]
    """Of the oldest one."""


@dataclass(frozen=True, slots=True)
class Parked:
    """A delivery that waits for a person, and why."""

    id: str
    connection_id: str
    kind: Kind
    record_id: str
    part: str
    name: str
    reason: Reason


def by_cause(database: Connection, workspace_id: str) -> list[Cause]:
    """What needs a person."""
    return [
        cause for table in (schema.event, schema.delivery) for cause in _causes(database, workspace_id, table, "parked")
    ]


def held_by_cause(database: Connection, workspace_id: str) -> list[Cause]:
    """What needs nobody and goes by itself in time. What only waits for another document has no cause of its own."""
    return _causes(database, workspace_id, schema.delivery, DeliveryState.WAITING.value)


def _causes(database: Connection, workspace_id: str, table: Table, state: str) -> list[Cause]:
    with_cause = (table.c.workspace_id == workspace_id, table.c.state == state, table.c.reason_code.is_not(None))
    groups = database.execute(
        select(table.c.reason_code, func.count().label("how_many"), func.min(table.c.id).label("oldest"))
        .where(*with_cause)
        .group_by(table.c.reason_code)
        .order_by(func.count().desc())
    ).all()
    causes = []
    for group in groups:
        params = database.execute(
            select(table.c.reason_params).where(table.c.workspace_id == workspace_id, table.c.id == group.oldest)
        ).scalar_one()
        causes.append(Cause(table.name, group.reason_code, group.how_many, params or {}))
    return causes


def find(work: Work, delivery_id: str) -> Parked | None:
    """None if it is not parked, or no longer."""
    found = _deliveries(work, schema.delivery.c.id == delivery_id)
    return found[0] if found else None


def linked_there(work: Work, connection_id: str, kind: Kind, remote_ids: Sequence[str]) -> list[Parked]:
    """Those whose documents are linked there under these ids."""
    delivery, link = schema.delivery, schema.link
    linked = exists().where(stands_there(), link.c.kind == kind.value, link.c.remote_id.in_(remote_ids))
    return _deliveries(work, delivery.c.connection_id == connection_id, delivery.c.kind == kind.value, linked)


def _deliveries(work: Work, *which: ColumnElement[bool]) -> list[Parked]:
    delivery, record = schema.delivery, schema.record
    rows = work.connection.execute(
        select(delivery, record.c.name)
        .join(record, and_(record.c.workspace_id == delivery.c.workspace_id, record.c.id == delivery.c.record_id))
        .where(
            delivery.c.workspace_id == work.workspace_id,
            delivery.c.state == DeliveryState.PARKED.value,
            delivery.c.reason_code.is_not(None),
            *which,
        )
    )
    return [
        Parked(
            row.id,
            row.connection_id,
            Kind(row.kind),
            row.record_id,
            row.part,
            row.name,
            Reason(ReasonCode(row.reason_code), row.reason_params or {}),
        )
        for row in rows
    ]
