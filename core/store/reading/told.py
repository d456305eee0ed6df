"""What vendors told, a page at a time: the inbox as people look at it."""

from typing import Any

from sqlalchemy import Connection, Row, select

from core.store import schema
from core.store.reading import paging
from core.store.reading.paging import Page


def page(database: Connection, workspace_id: str, state: str, before: str | None) -> Page[Row[Any]]:
    """Events with the name of their connection; an empty state filters nothing."""
    event, connection = schema.event, schema.connection
    query = (
        select(event, connection.c.name.label("connection"))
        .outerjoin(
            connection,
            (connection.c.workspace_id == event.c.workspace_id) & (connection.c.id == event.c.connection_id),
        )
        .where(event.c.workspace_id == workspace_id)
    )
    if state:
        query = query.where(event.c.state == state)
    return paging.newest_first(database, query, event.c.id, before)
