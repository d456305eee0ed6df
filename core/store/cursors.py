"""Where reading on goes on, per connection and stream: opaque to us, saved in the commit of what was read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from core.store import schema
from core.store.work import Work


@dataclass(frozen=True, slots=True)
class Reading:
    """All that there is, read once from the beginning."""

    begun_at: datetime
    whole_at: datetime | None = None
    """When the end was reached; None until then."""
    begun_before_at: datetime | None = None
    """When the reading before this one began; None if none has come to its end."""

    def again(self, now: datetime) -> "Reading":
        """The next one. What did not come to its end is no reading to compare with."""
        return Reading(now, None, self.begun_at if self.whole_at else self.begun_before_at)


@dataclass(frozen=True, slots=True)
class Cursor:
    position: Mapping[str, Any]
    saved_at: datetime
    reading: Reading


def cursor(connection: Connection, workspace_id: str, connection_id: str, stream: str) -> Cursor | None:
    table = schema.cursor
    row = connection.execute(
        select(table).where(
            table.c.workspace_id == workspace_id,
            table.c.connection_id == connection_id,
            table.c.kind == str(stream),
        )
    ).one_or_none()
    if row is None:
        return None
    begun_at = row.begun_at or row.saved_at
    return Cursor(row.position, row.saved_at, Reading(begun_at, row.whole_at, row.begun_before_at))


def save(work: Work, connection_id: str, stream: str, reached: Mapping[str, Any], reading: Reading) -> None:
    table = schema.cursor
    key = {"workspace_id": work.workspace_id, "connection_id": connection_id, "kind": str(stream)}
    work.connection.execute(delete(table).where(*[table.c[name] == value for name, value in key.items()]))
    work.connection.execute(
        insert(table).values(
            **key,
            position=dict(reached),
            saved_at=work.now,
            begun_at=reading.begun_at,
            whole_at=reading.whole_at,
            begun_before_at=reading.begun_before_at,
        )
    )
