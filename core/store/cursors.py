"""Where reading on goes on, per connection and stream: opaque to us, saved in the commit of what was read."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from core.store import schema
from core.store.work import Work


def position(connection: Connection, workspace_id: str, connection_id: str, stream: str) -> dict[str, Any] | None:
    cursor = schema.cursor
    found: dict[str, Any] | None = connection.execute(
        select(cursor.c.position).where(
            cursor.c.workspace_id == workspace_id,
            cursor.c.connection_id == connection_id,
            cursor.c.kind == str(stream),
        )
    ).scalar_one_or_none()
    return found


def save(work: Work, connection_id: str, stream: str, reached: Mapping[str, Any]) -> None:
    cursor = schema.cursor
    key = {"workspace_id": work.workspace_id, "connection_id": connection_id, "kind": str(stream)}
    work.connection.execute(delete(cursor).where(*[cursor.c[name] == value for name, value in key.items()]))
    work.connection.execute(insert(cursor).values(**key, position=dict(reached), saved_at=work.now))
