"""Where reading on goes on, per connection and stream: opaque to us, saved in the commit of what was read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from core.store import schema
from core.store.work import Work


@dataclass(frozen=True, slots=True)
class Cursor:
    position: Mapping[str, Any]
    saved_at: datetime
    whole_at: datetime | None
    """When all that there is had been read once, since the position began; None until then."""


def cursor(connection: Connection, workspace_id: str, connection_id: str, stream: str) -> Cursor | None:
    table = schema.cursor
    row = connection.execute(
        select(table.c.position, table.c.saved_at, table.c.whole_at).where(
            table.c.workspace_id == workspace_id,
            table.c.connection_id == connection_id,
            table.c.kind == str(stream),
        )
    ).one_or_none()
    return None if row is None else Cursor(*row)


def save(
    work: Work, connection_id: str, stream: str, reached: Mapping[str, Any], whole_at: datetime | None = None
) -> None:
    table = schema.cursor
    key = {"workspace_id": work.workspace_id, "connection_id": connection_id, "kind": str(stream)}
    work.connection.execute(delete(table).where(*[table.c[name] == value for name, value in key.items()]))
    work.connection.execute(insert(table).values(**key, position=dict(reached), saved_at=work.now, whole_at=whole_at))
