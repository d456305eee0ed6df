"""Records, links and observations: what we know, under which ids others know it, and what they showed us."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, tuple_, update

from core.entities import Entity
from core.errors import Overtaken
from core.kinds import Kind
from core.store import audit, schema, shelves
from core.store.audit import Deed
from core.store.bodies import keep
from core.store.work import Store, Work


@dataclass(frozen=True, slots=True)
class Observed:
    """What one remote object looked like, at the moment before it was asked for."""

    connection_id: str
    kind: str
    remote_id: str
    content: bytes
    content_hash: str
    version: str
    cause: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """A record as it stands, before an observation is applied."""

    id: str
    revision: int
    content_hash: str


@dataclass(frozen=True, slots=True)
class Saved:
    record_id: str
    revision: int
    changed: bool


def latest_observations(
    work: Work, connection_id: str, kind: str, remote_ids: Sequence[str]
) -> dict[str, tuple[str, datetime]]:
    """Remote id to (content hash, when it was seen) of what was shown last."""
    seen = schema.observation
    newest = (
        select(func.max(seen.c.id))
        .where(
            seen.c.workspace_id == work.workspace_id,
            seen.c.connection_id == connection_id,
            seen.c.kind == kind,
            seen.c.remote_id.in_(remote_ids),
        )
        .group_by(seen.c.remote_id)
    )
    rows = work.connection.execute(
        select(seen.c.remote_id, seen.c.content_hash, seen.c.seen_at).where(
            seen.c.workspace_id == work.workspace_id, seen.c.id.in_(newest)
        )
    )
    return {row.remote_id: (row.content_hash, row.seen_at) for row in rows}


def observe(store: Store, work: Work, observed: Sequence[Observed]) -> None:
    """Appends what was shown. The caller leaves out what is unchanged."""
    if not observed:
        return
    body_ids = keep(store, work, [one.content for one in observed])
    work.connection.execute(
        insert(schema.observation),
        [
            {
                "workspace_id": work.workspace_id,
                "id": work.new_id(),
                "connection_id": one.connection_id,
                "body_id": body_id,
                "kind": one.kind,
                "remote_id": one.remote_id,
                "content_hash": one.content_hash,
                "version": one.version,
                "cause": one.cause,
                "seen_at": one.seen_at,
            }
            for one, body_id in zip(observed, body_ids, strict=True)
        ],
    )


def linked(
    connection: Connection, workspace_id: str, connection_id: str, remote: Iterable[tuple[Kind, str]]
) -> dict[tuple[Kind, str], str]:
    """(kind, remote id) to our record's id; a merged record stands for its survivor."""
    wanted = list(set(remote))
    if not wanted:
        return {}
    link, record = schema.link, schema.record
    rows = connection.execute(
        select(link.c.kind, link.c.remote_id, func.coalesce(record.c.merged_into_id, record.c.id).label("record_id"))
        .join(record, and_(record.c.workspace_id == link.c.workspace_id, record.c.id == link.c.record_id))
        .where(
            link.c.workspace_id == workspace_id,
            link.c.connection_id == connection_id,
            tuple_(link.c.kind, link.c.remote_id).in_([(kind.value, remote_id) for kind, remote_id in wanted]),
        )
    )
    return {(Kind(row.kind), row.remote_id): row.record_id for row in rows}


def remote_ids(
    connection: Connection, workspace_id: str, connection_id: str, record_ids: Iterable[str]
) -> dict[tuple[str, str], str]:
    """(record id, part) to the id it has at that connection, where it is there."""
    link = schema.link
    rows = connection.execute(
        select(link.c.record_id, link.c.part, link.c.remote_id).where(
            link.c.workspace_id == workspace_id,
            link.c.connection_id == connection_id,
            link.c.record_id.in_(list(set(record_ids))),
            link.c.removed_at.is_(None),
        )
    )
    return {(row.record_id, row.part): row.remote_id for row in rows}


def origin_ids(connection: Connection, workspace_id: str, record_ids: Iterable[str]) -> dict[str, str]:
    """Our id to the id at the system where the record was born."""
    record = schema.record
    rows = connection.execute(
        select(record.c.id, record.c.origin_id).where(
            record.c.workspace_id == workspace_id, record.c.id.in_(list(record_ids))
        )
    )
    return {row.id: row.origin_id for row in rows}


def known(work: Work, record_ids: Iterable[str]) -> dict[str, Known]:
    record = schema.record
    rows = work.connection.execute(
        select(record.c.id, record.c.revision, record.c.content_hash).where(
            record.c.workspace_id == work.workspace_id, record.c.id.in_(list(record_ids))
        )
    )
    return {row.id: Known(row.id, row.revision, row.content_hash) for row in rows}


def save(
    store: Store,
    work: Work,
    kind: Kind,
    *,
    origin_connection_id: str,
    book_id: str,
    entities: Mapping[str, tuple[str, str, str, Entity]],
    causes: Mapping[str, str],
) -> dict[str, Saved]:
    """Writes entities by record id: (origin id, name, content hash, entity in our ids). Unchanged ones stay alone.

    `causes` tells the audit why, by record id.
    """
    before = known(work, entities)
    fresh, changed, saved = {}, {}, {}
    for record_id, (_, name, content_hash, entity) in entities.items():
        old = before.get(record_id)
        if old is None:
            fresh[record_id] = entity
            saved[record_id] = Saved(record_id, 1, changed=True)
        elif old.content_hash == content_hash:
            saved[record_id] = Saved(record_id, old.revision, changed=False)
        else:
            changed[record_id] = entity
            _advance(work, old, name, content_hash)
            saved[record_id] = Saved(record_id, old.revision + 1, changed=True)
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
                    "origin_id": entities[record_id][0],
                    "name": entities[record_id][1],
                    "revision": 1,
                    "content_hash": entities[record_id][2],
                    "created_at": work.now,
                    "changed_at": work.now,
                }
                for record_id in fresh
            ],
        )
    shelves.put(store, work, kind, fresh, changed)
    audit.note(
        work,
        [
            Deed(
                f"{kind} {'changed' if record_id in changed else 'created'}",
                record_id,
                causes.get(record_id, ""),
                before[record_id].content_hash if record_id in before else "",
                entities[record_id][2],
            )
            for record_id in (*fresh, *changed)
        ],
    )
    return saved


def add_links(work: Work, links: Sequence[Mapping[str, Any]]) -> None:
    """Rows of the link table without workspace and id. One remote id belongs to one record, for ever."""
    if links:
        work.connection.execute(
            insert(schema.link),
            [
                {"workspace_id": work.workspace_id, "id": work.new_id(), "removed_at": None, "sent_hash": ""}
                | dict(row)
                for row in links
            ],
        )


def show(work: Work, connection_id: str, kind: str, remote_id: str, *, version: str, shown_hash: str) -> None:
    """Keeps with the link what that system last showed us, so that our own write coming back is not news."""
    link = schema.link
    work.connection.execute(
        update(link)
        .where(
            link.c.workspace_id == work.workspace_id,
            link.c.connection_id == connection_id,
            link.c.kind == kind,
            link.c.remote_id == remote_id,
        )
        .values(version=version, shown_hash=shown_hash)
    )


def _advance(work: Work, old: Known, name: str, content_hash: str) -> None:
    record = schema.record
    advanced = work.connection.execute(
        update(record)
        .where(record.c.workspace_id == work.workspace_id, record.c.id == old.id, record.c.revision == old.revision)
        .values(revision=old.revision + 1, content_hash=content_hash, name=name, changed_at=work.now)
    )
    if advanced.rowcount != 1:
        raise Overtaken(f"Record {old.id} was changed by another writer.")


def entomb(work: Work, connection_id: str, kind: Kind, remote_id: str) -> bool:
    """Marks what its origin has deleted; nothing is destroyed. False if we never knew it."""
    record, link = schema.record, schema.link
    buried = work.connection.execute(
        update(record)
        .where(
            record.c.workspace_id == work.workspace_id,
            record.c.origin_connection_id == connection_id,
            record.c.kind == kind.value,
            record.c.origin_id == remote_id,
        )
        .values(removed_at=func.coalesce(record.c.removed_at, work.now))
    )
    work.connection.execute(
        update(link)
        .where(
            link.c.workspace_id == work.workspace_id,
            link.c.connection_id == connection_id,
            link.c.kind == kind.value,
            link.c.remote_id == remote_id,
        )
        .values(removed_at=func.coalesce(link.c.removed_at, work.now))
    )
    return buried.rowcount > 0


def holder(work: Work, connection_id: str, kind: Kind, remote_id: str) -> tuple[str, str] | None:
    """(record id, part) that the remote id is linked to."""
    link = schema.link
    row = work.connection.execute(
        select(link.c.record_id, link.c.part).where(
            link.c.workspace_id == work.workspace_id,
            link.c.connection_id == connection_id,
            link.c.kind == kind.value,
            link.c.remote_id == remote_id,
        )
    ).one_or_none()
    return None if row is None else (row.record_id, row.part)


def sent_hashes(work: Work, connection_id: str, record_ids: Iterable[str]) -> dict[tuple[str, str], str]:
    """(record id, part) to the hash of the element that was sent there last."""
    link = schema.link
    rows = work.connection.execute(
        select(link.c.record_id, link.c.part, link.c.sent_hash).where(
            link.c.workspace_id == work.workspace_id,
            link.c.connection_id == connection_id,
            link.c.record_id.in_(list(record_ids)),
        )
    )
    return {(row.record_id, row.part): row.sent_hash for row in rows}


def link_sent(
    work: Work,
    connection_id: str,
    environment: str,
    kind: Kind,
    record_id: str,
    part: str,
    *,
    remote_id: str,
    version: str,
    shown_hash: str,
    sent_hash: str,
    is_new: bool,
) -> None:
    """Keeps what stands there of a record that we sent."""
    if is_new:
        row = {
            "connection_id": connection_id,
            "record_id": record_id,
            "environment": environment,
            "kind": kind.value,
            "remote_id": remote_id,
            "part": part,
            "version": version,
            "shown_hash": shown_hash,
            "sent_hash": sent_hash,
        }
        add_links(work, [row])
        return
    link = schema.link
    work.connection.execute(
        update(link)
        .where(
            link.c.workspace_id == work.workspace_id,
            link.c.connection_id == connection_id,
            link.c.kind == kind.value,
            link.c.remote_id == remote_id,
        )
        .values(version=version, shown_hash=shown_hash, sent_hash=sent_hash)
    )
