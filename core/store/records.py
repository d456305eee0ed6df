"""Records: what we know, each with a revision that only grows. Nothing is destroyed: what is gone is marked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from core.entities import Entity
from core.errors import Overtaken
from core.kinds import Kind
from core.store import audit, links, schema, shelves
from core.store.audit import Deed
from core.store.work import Store, Work


@dataclass(frozen=True, slots=True)
class Version:
    """A record's contents as they are to be, their references in our ids."""

    origin_id: str
    name: str
    """How people call the document. Never a person's name."""
    content_hash: str
    entity: Entity
    cause: str
    """Tells the audit why."""


@dataclass(frozen=True, slots=True)
class Known:
    """A record as it stands, before an observation is applied."""

    id: str
    revision: int
    content_hash: str


def hold(work: Work, record_ids: Iterable[str]) -> None:
    """Nobody else changes what follows from these records before our commit; who came first is waited for, and seen.

    SQLite has one writer anyway.
    """
    record = schema.record
    if work.connection.dialect.name == "postgresql":
        work.connection.execute(
            select(record.c.id)
            .where(record.c.workspace_id == work.workspace_id, record.c.id.in_(list(record_ids)))
            .order_by(record.c.id)
            .with_for_update(key_share=True)
        )


def known(work: Work, record_ids: Iterable[str]) -> dict[str, Known]:
    record = schema.record
    rows = work.connection.execute(
        select(record.c.id, record.c.revision, record.c.content_hash).where(
            record.c.workspace_id == work.workspace_id, record.c.id.in_(list(record_ids))
        )
    )
    return {row.id: Known(row.id, row.revision, row.content_hash) for row in rows}


def origin_ids(connection: Connection, workspace_id: str, record_ids: Iterable[str]) -> dict[str, str]:
    """Our id to the id at the system where the record was born."""
    record = schema.record
    rows = connection.execute(
        select(record.c.id, record.c.origin_id).where(
            record.c.workspace_id == workspace_id, record.c.id.in_(list(record_ids))
        )
    )
    return {row.id: row.origin_id for row in rows}


def save(
    store: Store,
    work: Work,
    kind: Kind,
    *,
    origin_connection_id: str,
    book_id: str,
    versions: Mapping[str, Version],
) -> dict[str, int]:
    """Writes what is new or changed, by record id. The new revisions; what is unchanged is absent.

    Raises Overtaken if another writer has changed one of them since it was read here.
    """
    before = known(work, versions)
    fresh = [record_id for record_id in versions if record_id not in before]
    changed = [
        record_id
        for record_id, version in versions.items()
        if record_id in before and before[record_id].content_hash != version.content_hash
    ]
    if fresh:
        work.connection.execute(
            insert(schema.record),
            [
                {
                    "workspace_id": work.workspace_id,
                    "id": record_id,
                    "kind": kind.value,
                    "book_id": book_id,
                    "origin_connection_id": origin_connection_id,
                    "origin_id": versions[record_id].origin_id,
                    "name": versions[record_id].name,
                    "revision": 1,
                    "content_hash": versions[record_id].content_hash,
                    "created_at": work.now,
                    "changed_at": work.now,
                }
                for record_id in fresh
            ],
        )
    if changed:
        _advance(work, [(before[record_id], versions[record_id]) for record_id in changed])
    entities = {record_id: versions[record_id].entity for record_id in (*fresh, *changed)}
    shelves.put(store, work, kind, entities, replaced=changed)
    audit.note(
        work,
        [
            Deed(
                f"{kind} {'changed' if record_id in before else 'created'}",
                record_id,
                versions[record_id].cause,
                before[record_id].content_hash if record_id in before else "",
                versions[record_id].content_hash,
            )
            for record_id in entities
        ],
    )
    return {record_id: before[record_id].revision + 1 if record_id in before else 1 for record_id in entities}


def _advance(work: Work, steps: Sequence[tuple[Known, Version]]) -> None:
    record = schema.record
    advanced = work.connection.execute(
        update(record)
        .where(
            record.c.workspace_id == work.workspace_id,
            record.c.id == bindparam("record"),
            record.c.revision == bindparam("from_revision"),
        )
        .values(
            revision=record.c.revision + 1,
            content_hash=bindparam("hash"),
            name=bindparam("called"),
            changed_at=work.now,
        ),
        [
            {"record": old.id, "from_revision": old.revision, "hash": new.content_hash, "called": new.name}
            for old, new in steps
        ],
    )
    if advanced.rowcount != len(steps):
        raise Overtaken(f"{len(steps) - advanced.rowcount} records were changed by another writer.")


def entomb(work: Work, connection_id: str, kind: Kind, remote_id: str) -> bool:
    """Marks what its origin has deleted; nothing is destroyed. False if nothing of that id was born there."""
    record = schema.record
    born_there = (
        record.c.workspace_id == work.workspace_id,
        record.c.origin_connection_id == connection_id,
        record.c.kind == kind.value,
        record.c.origin_id == remote_id,
    )
    found = work.connection.execute(select(record.c.id, record.c.removed_at).where(*born_there)).one_or_none()
    if found is None or found.removed_at is not None:
        return found is not None
    work.connection.execute(update(record).where(*born_there).values(removed_at=work.now))
    links.remove(work, connection_id, kind, [remote_id])
    audit.note(work, [Deed(f"{kind} removed", found.id, "missing at its origin")])
    return True
