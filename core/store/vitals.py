"""How the hub is: counts and ages over all workspaces, for monitoring. Nothing about anybody."""

from collections.abc import Mapping
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
    window_started_at: datetime | None
    failures: int
    """In a row."""
    not_before: datetime | None
    """Left alone until then."""
    options: Mapping[str, str]
    day_left: int | None


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


def pending(database: Connection) -> dict[tuple[str, str, str], int]:
    """(event or delivery; connection id; kind) to the number of rows that are to be worked on."""
    found = {}
    for table in (schema.event, schema.delivery):
        lane = (table.c.connection_id, table.c.kind)
        for row in database.execute(
            select(*lane, func.count().label("rows")).where(table.c.state == "pending").group_by(*lane)
        ):
            found[table.name, row.connection_id or "", row.kind] = int(row.rows)
    return found


def parked(database: Connection) -> dict[tuple[str, str], int]:
    """(event or delivery; reason code) to the number of rows that wait for a person."""
    found = {}
    for table in (schema.event, schema.delivery):
        for row in database.execute(
            select(table.c.reason_code, func.count().label("rows"))
            .where(table.c.state == "parked")
            .group_by(table.c.reason_code)
        ):
            found[table.name, row.reason_code] = int(row.rows)
    return found


def connection_states(database: Connection) -> list[ConnectionState]:
    rows = database.execute(select(schema.connection).order_by(schema.connection.c.id))
    return [
        ConnectionState(
            row.vendor,
            row.id,
            row.state == "active",
            row.window_calls,
            row.window_started_at,
            row.failures,
            row.not_before,
            row.options,
            row.day_left,
        )
        for row in rows
    ]
