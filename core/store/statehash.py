"""One hash for what the hub knows: named columns under natural keys, never an id of ours, a time seen or an attempt.

Two hubs that were shown the same things, in whatever order and however often, have the same hash.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, and_, select
from sqlalchemy.orm import aliased

from core.canonical import canonical_json
from core.entities import with_ids
from core.kinds import Kind
from core.store import schema, shelves
from core.store.work import Store

_CHUNK = 500


def state_hash(store: Store, database: Connection, workspace_id: str) -> str:
    """SHA-256 over the sorted lines of `state_lines`."""
    digest = hashlib.sha256()
    for line in sorted(canonical_json(line) for line in state_lines(store, database, workspace_id)):
        digest.update(line + b"\n")
    return digest.hexdigest()


def state_lines(store: Store, database: Connection, workspace_id: str) -> Iterator[list[Any]]:
    """Records with their contents, links, standing entries with their lines, and what is delivered or parked."""
    names = _natural_keys(database, workspace_id)
    yield from _records(store, database, workspace_id, names)
    yield from _links(database, workspace_id, names)
    yield from _entries(database, workspace_id, names)
    yield from _deliveries(database, workspace_id, names)


def _natural_keys(database: Connection, workspace_id: str) -> dict[str, str]:
    """Our record id to where it was born and what it is called there."""
    record, connection = schema.record, schema.connection
    rows = database.execute(
        select(record.c.id, record.c.kind, record.c.origin_id, connection.c.vendor, connection.c.account)
        .outerjoin(
            connection,
            and_(connection.c.workspace_id == record.c.workspace_id, connection.c.id == record.c.origin_connection_id),
        )
        .where(record.c.workspace_id == workspace_id)
    )
    return {row.id: f"{row.vendor}/{row.account}/{row.kind}/{row.origin_id}" for row in rows}


def _records(store: Store, database: Connection, workspace_id: str, names: dict[str, str]) -> Iterator[list[Any]]:
    record = schema.record
    for kind in Kind:
        rows = database.execute(
            select(record.c.id, record.c.removed_at.is_not(None).label("removed"), record.c.merged_into_id).where(
                record.c.workspace_id == workspace_id, record.c.kind == kind.value
            )
        ).all()
        marks = {row.id: [bool(row.removed), names.get(row.merged_into_id or "", "")] for row in rows}
        ids = list(marks)
        for start in range(0, len(ids), _CHUNK):
            chunk = shelves.load(store, database, workspace_id, kind, ids[start : start + _CHUNK])
            for record_id, entity in chunk.items():
                content = with_ids(entity, lambda _, other: names[other])
                yield ["record", names[record_id], *marks[record_id], content]


def _links(database: Connection, workspace_id: str, names: dict[str, str]) -> Iterator[list[Any]]:
    link, connection = schema.link, schema.connection
    rows = database.execute(
        select(link, connection.c.vendor, connection.c.account)
        .join(
            connection, and_(connection.c.workspace_id == link.c.workspace_id, connection.c.id == link.c.connection_id)
        )
        .where(link.c.workspace_id == workspace_id)
    )
    for row in rows:
        part = names.get(row.part, row.part)
        there = [row.vendor, row.account, row.environment, row.kind, row.remote_id]
        yield ["link", *there, names[row.record_id], part, row.removed_at is not None]


def _entries(database: Connection, workspace_id: str, names: dict[str, str]) -> Iterator[list[Any]]:
    entry, posting, reversal = schema.entry, schema.posting, aliased(schema.entry)
    rows = database.execute(
        select(entry, posting)
        .join(posting, and_(posting.c.workspace_id == entry.c.workspace_id, posting.c.entry_id == entry.c.id))
        .outerjoin(
            reversal, and_(reversal.c.workspace_id == entry.c.workspace_id, reversal.c.reverses_id == entry.c.id)
        )
        .where(entry.c.workspace_id == workspace_id, entry.c.reverses_id.is_(None), reversal.c.id.is_(None))
    )
    for row in rows:
        customer = names.get(row.customer_id or "", "")
        document = [names[row.record_id], customer, row.event, row.posted_on, row.position, row.document_line]
        money = [row.account, row.currency, row.amount_minor, row.base_currency, row.base_minor, row.rate]
        yield ["posting", *document, *money]


def _deliveries(database: Connection, workspace_id: str, names: dict[str, str]) -> Iterator[list[Any]]:
    """Of each record at each connection, how its newest revision stands."""
    delivery, connection = schema.delivery, schema.connection
    rows = database.execute(
        select(delivery, connection.c.vendor, connection.c.account)
        .join(
            connection,
            and_(connection.c.workspace_id == delivery.c.workspace_id, connection.c.id == delivery.c.connection_id),
        )
        .where(delivery.c.workspace_id == workspace_id)
        .order_by(delivery.c.revision)
    )
    newest = {(row.connection_id, row.record_id, row.part): row for row in rows}
    for row in newest.values():
        part = names.get(row.part, row.part)
        yield ["delivery", row.vendor, row.account, names[row.record_id], part, row.state, row.reason_code]
