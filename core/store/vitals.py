"""How the hub is: counts and ages over all workspaces, for monitoring. Nothing about anybody."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from core.store import schema


@dataclass(frozen=True, slots=True)
class ConnectionState:
    vendor: str
    id: str
    active: bool
    window_calls: int


def counts(database: Connection) -> dict[tuple[str, str], int]:
    """(event, delivery or push; state) to the number of rows."""
    found = {}
    for table in (schema.event, schema.delivery, schema.push):
        for row in database.execute(select(table.c.state, func.count().label("rows")).group_by(table.c.state)):
            found[table.name, row.state] = int(row.rows)
    return found


def oldest_pending_seconds(database: Connection, now: datetime) -> dict[str, float]:
    """How long the oldest pending event and delivery has waited; 0 where none does."""
    ages = {}
    for table in (schema.event, schema.delivery):
        oldest = database.execute(select(func.min(table.c.created_at)).where(table.c.state == "pending")).scalar_one()
        ages[table.name] = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    return ages


def connection_states(database: Connection) -> list[ConnectionState]:
    connection = schema.connection
    rows = database.execute(
        select(connection.c.vendor, connection.c.id, connection.c.state, connection.c.window_calls).order_by(
            connection.c.id
        )
    )
    return [ConnectionState(row.vendor, row.id, row.state == "active", row.window_calls) for row in rows]
