"""How each connection is doing: what it was last asked and told, what it is owed, and its budget."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from core.store import schema


@dataclass(slots=True)
class Pulse:
    window_started_at: datetime | None = None
    window_calls: int = 0
    failures: int = 0
    rules_version: int | None = None
    told_at: datetime | None = None
    """When it last told us of something."""
    seen_at: datetime | None = None
    """When it last showed us something new."""
    read_until: dict[str, datetime] = field(default_factory=dict)
    """By stream: when its changes were last asked for."""
    reached: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By stream: the cursor, which its connector understands."""
    owed: dict[str, int] = field(default_factory=dict)
    """Deliveries by state."""
    told: dict[str, int] = field(default_factory=dict)
    """Events by state."""


def pulses(database: Connection, workspace_id: str) -> Mapping[str, Pulse]:
    """By connection id."""
    connection, event, seen, cursor = schema.connection, schema.event, schema.observation, schema.cursor
    delivery, rulebook = schema.delivery, schema.rulebook
    found: dict[str, Pulse] = {}
    for row in database.execute(select(connection).where(connection.c.workspace_id == workspace_id)):
        found[row.id] = Pulse(row.window_started_at, row.window_calls, row.failures)
        for table, column, name in ((event, event.c.created_at, "told_at"), (seen, seen.c.seen_at, "seen_at")):
            newest = database.execute(
                select(column)
                .where(table.c.workspace_id == workspace_id, table.c.connection_id == row.id)
                .order_by(table.c.id.desc())
                .limit(1)
            ).scalar_one_or_none()
            setattr(found[row.id], name, newest)
    for row in database.execute(select(cursor).where(cursor.c.workspace_id == workspace_id)):
        found[row.connection_id].read_until[row.kind] = row.saved_at
        found[row.connection_id].reached[row.kind] = row.position
    for table, name in ((delivery, "owed"), (event, "told")):
        for row in database.execute(
            select(table.c.connection_id, table.c.state, func.count().label("how_many"))
            .where(table.c.workspace_id == workspace_id, table.c.connection_id.is_not(None))
            .group_by(table.c.connection_id, table.c.state)
        ):
            getattr(found[row.connection_id], name)[row.state] = row.how_many
    for row in database.execute(
        select(rulebook.c.connection_id, func.max(rulebook.c.version).label("version"))
        .where(rulebook.c.workspace_id == workspace_id)
        .group_by(rulebook.c.connection_id)
    ):
        found[row.connection_id].rules_version = row.version
    return found
