"""How each connection is doing: what it was last asked and told, what it is owed, and its budget."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, exists, func, select

from core.ids import first_id
from core.lifecycle import DeliveryState
from core.store import schema

DAY = timedelta(days=1)
_OPEN = ("pending", "parked")


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
    """Events by state: all that are open, and of the others those of the last day."""


def pulses(database: Connection, workspace_id: str, now: datetime) -> Mapping[str, Pulse]:
    """By connection id."""
    connection, event, seen, cursor = schema.connection, schema.event, schema.observation, schema.cursor
    rulebook = schema.rulebook
    found: dict[str, Pulse] = {}
    for row in database.execute(select(connection).where(connection.c.workspace_id == workspace_id)):
        found[row.id] = Pulse(row.window_started_at, row.window_calls, row.failures)
        for table, column, name in ((event, event.c.created_at, "told_at"), (seen, seen.c.seen_at, "seen_at")):
            setattr(found[row.id], name, _newest(database, table, column, workspace_id, row.id))
    for row in database.execute(select(cursor).where(cursor.c.workspace_id == workspace_id)):
        found[row.connection_id].read_until[row.kind] = row.saved_at
        found[row.connection_id].reached[row.kind] = row.position
    for row in _deliveries(database, workspace_id):
        found[row.connection_id].owed[row.state] = row.how_many
    for row in _events(database, workspace_id, now - DAY):
        found[row.connection_id].told[row.state] = row.how_many
    for row in database.execute(
        select(rulebook.c.connection_id, func.max(rulebook.c.version).label("version"))
        .where(rulebook.c.workspace_id == workspace_id)
        .group_by(rulebook.c.connection_id)
    ):
        found[row.connection_id].rules_version = row.version
    return found


def _newest(
    database: Connection, table: Table, column: ColumnElement[datetime], workspace_id: str, connection_id: str
) -> datetime | None:
    of_connection = (table.c.workspace_id == workspace_id, table.c.connection_id == connection_id)
    # who never said anything is not looked for through all that the others said
    if not database.execute(select(exists().where(*of_connection))).scalar_one():
        return None
    return database.execute(select(column).where(*of_connection).order_by(table.c.id.desc()).limit(1)).scalar_one()


def _deliveries(database: Connection, workspace_id: str) -> Sequence[Row[Any]]:
    delivery = schema.delivery
    states = [state.value for state in DeliveryState]  # all of them: the index begins with the state
    return database.execute(
        select(delivery.c.state, delivery.c.connection_id, func.count().label("how_many"))
        .where(delivery.c.state.in_(states), delivery.c.workspace_id == workspace_id)
        .group_by(delivery.c.state, delivery.c.connection_id)
    ).all()


def _events(database: Connection, workspace_id: str, since: datetime) -> Sequence[Row[Any]]:
    event = schema.event
    known = (event.c.workspace_id == workspace_id, event.c.connection_id.is_not(None))
    found: list[Row[Any]] = []
    for which in (
        event.c.state.in_(_OPEN),
        and_(event.c.state.not_in(_OPEN), event.c.id >= first_id(since)),
    ):
        found += database.execute(
            select(event.c.connection_id, event.c.state, func.count().label("how_many"))
            .where(*known, which)
            .group_by(event.c.connection_id, event.c.state)
        )
    return found
