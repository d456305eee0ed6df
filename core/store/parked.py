"""What waits for a person, grouped by cause, with one example each."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

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
    causes = []
    for table in (schema.event, schema.delivery):
        parked = (table.c.workspace_id == workspace_id, table.c.state == "parked")
        groups = database.execute(
            select(table.c.reason_code, func.count().label("how_many"), func.min(table.c.id).label("oldest"))
            .where(*parked)
            .group_by(table.c.reason_code)
            .order_by(func.count().desc())
        ).all()
        for group in groups:
            params = database.execute(
                select(table.c.reason_params).where(table.c.workspace_id == workspace_id, table.c.id == group.oldest)
            ).scalar_one()
            causes.append(Cause(table.name, group.reason_code, group.how_many, params or {}))
    return causes
