"""One account's postings, the newest day first: from a balance down to the documents that make it up."""

from typing import Any

from sqlalchemy import Connection, Row, and_, select, tuple_

from core.store import schema
from core.store.reading.paging import PAGE, Page


def postings(
    database: Connection,
    workspace_id: str,
    book_id: str,
    code: str,
    currency: str,
    until: str | None,
    before: str | None,
) -> Page[Row[Any]]:
    """`before` is the place of the last one shown: its day, entry id and position, with points between."""
    entry, posting, record = schema.entry, schema.posting, schema.record
    query = (
        select(posting, entry.c.event, entry.c.posted_on, entry.c.record_id, record.c.kind, record.c.name)
        .join(entry, and_(entry.c.workspace_id == posting.c.workspace_id, entry.c.id == posting.c.entry_id))
        .join(record, and_(record.c.workspace_id == entry.c.workspace_id, record.c.id == entry.c.record_id))
        .where(
            posting.c.workspace_id == workspace_id,
            entry.c.book_id == book_id,
            posting.c.account == code,
            posting.c.currency == currency,
        )
    )
    if until:
        query = query.where(entry.c.posted_on <= until)
    place = (entry.c.posted_on, posting.c.entry_id, posting.c.position)
    if before:
        posted_on, entry_id, position = before.split(".")
        query = query.where(tuple_(*place) < (posted_on, entry_id, int(position)))
    rows = database.execute(query.order_by(*[column.desc() for column in place]).limit(PAGE + 1)).all()
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return Page(rows[:PAGE], f"{last.posted_on}.{last.entry_id}.{last.position}" if last else None)
