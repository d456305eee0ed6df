"""What waits for a person, and what is held for a cause that passes, each grouped by cause with one example."""

from dataclasses import dataclass

from sqlalchemy import Connection, Table, func, select

from core.lifecycle import DeliveryState
from core.store import schema


@dataclass(frozen=True, slots=True)
class Cause:
    what: str
    """event or delivery"""
    code: str
    count: int
    params: dict[str, str]
    """Of the oldest one."""


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
