"""What others showed us, as it was: each change of a remote object kept once, and until when it was seen so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, insert, select, update

from core.store import schema
from core.store.bodies import keep
from core.store.work import Store, Work


@dataclass(frozen=True, slots=True)
class Observed:
    """What one remote object looked like."""

    remote_id: str
    content: bytes
    content_hash: str
    version: str
    cause: str
    """event, reference, pull, push or question"""


def observe(
    store: Store, work: Work, connection_id: str, kind: str, observed: Sequence[Observed], seen_at: datetime
) -> Mapping[str, bool]:
    """Remote id to whether it is news. What was seen otherwise later than `seen_at` is absent: it is out of date.

    `seen_at` is the moment before the rows were asked for.
    """
    remote_ids = [one.remote_id for one in observed]
    _one_writer_each(work, connection_id, kind, remote_ids)
    latest = _latest(work, connection_id, kind, remote_ids)
    known = {remote_id: content_hash for remote_id, (_, content_hash, until) in latest.items() if until <= seen_at}
    current = [one for one in observed if one.remote_id in known or one.remote_id not in latest]
    again = [latest[one.remote_id][0] for one in current if known.get(one.remote_id) == one.content_hash]
    news = [one for one in current if known.get(one.remote_id) != one.content_hash]
    if again:
        seen = schema.observation
        work.connection.execute(
            update(seen)
            .where(seen.c.workspace_id == work.workspace_id, seen.c.id.in_(again))
            .values(last_seen_at=seen_at)
        )
    if news:
        _append(store, work, connection_id, kind, news, seen_at)
    changed = {one.remote_id for one in news}
    return {one.remote_id: one.remote_id in changed for one in current}


@dataclass(frozen=True, slots=True)
class Unseen:
    """A document that stood there, and since when it was not shown any more."""

    kind: str
    remote_id: str
    name: str
    last_seen_at: datetime


def unseen(
    database: Connection, workspace_id: str, connection_id: str, kinds: Sequence[str], since: datetime
) -> list[Unseen]:
    """What of these kinds has not been shown since then, of all that is linked there and not known to be gone."""
    seen, link, record = schema.observation, schema.link, schema.record
    last_seen_at = (
        select(func.max(seen.c.last_seen_at))
        .where(
            seen.c.workspace_id == link.c.workspace_id,
            seen.c.connection_id == link.c.connection_id,
            seen.c.kind == link.c.kind,
            seen.c.remote_id == link.c.remote_id,
        )
        .scalar_subquery()
    )
    rows = database.execute(
        select(link.c.kind, link.c.remote_id, record.c.name, last_seen_at)
        .join(record, and_(record.c.workspace_id == link.c.workspace_id, record.c.id == link.c.record_id))
        .where(
            link.c.workspace_id == workspace_id,
            link.c.connection_id == connection_id,
            link.c.kind.in_([str(kind) for kind in kinds]),
            link.c.removed_at.is_(None),
            link.c.moved_to.is_(None),
            record.c.removed_at.is_(None),
            last_seen_at < since,
        )
        .order_by(link.c.kind, link.c.remote_id)
    )
    return [Unseen(*row) for row in rows]


def _one_writer_each(work: Work, connection_id: str, kind: str, remote_ids: Sequence[str]) -> None:
    """Two drains may be shown the same object at once: the second waits here, then sees what the first one wrote.

    SQLite has one writer anyway.
    """
    if work.connection.dialect.name == "postgresql":
        link = schema.link
        work.connection.execute(
            select(link.c.id)
            .where(
                link.c.workspace_id == work.workspace_id,
                link.c.connection_id == connection_id,
                link.c.kind == kind,
                link.c.remote_id.in_(remote_ids),
            )
            .order_by(link.c.id)
            .with_for_update()
        )


def _latest(
    work: Work, connection_id: str, kind: str, remote_ids: Sequence[str]
) -> dict[str, tuple[str, str, datetime]]:
    """Remote id to (id, content hash, when it was seen so last) of what was shown last."""
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
        select(seen.c.id, seen.c.remote_id, seen.c.content_hash, seen.c.last_seen_at).where(
            seen.c.workspace_id == work.workspace_id, seen.c.id.in_(newest)
        )
    )
    return {row.remote_id: (row.id, row.content_hash, row.last_seen_at) for row in rows}


def _append(
    store: Store, work: Work, connection_id: str, kind: str, news: Sequence[Observed], seen_at: datetime
) -> None:
    body_ids = keep(store, work, [one.content for one in news])
    work.connection.execute(
        insert(schema.observation),
        [
            {
                "workspace_id": work.workspace_id,
                "id": work.new_id(),
                "connection_id": connection_id,
                "body_id": body_id,
                "kind": kind,
                "remote_id": one.remote_id,
                "content_hash": one.content_hash,
                "version": one.version,
                "cause": one.cause,
                "seen_at": seen_at,
                "last_seen_at": seen_at,
            }
            for one, body_id in zip(news, body_ids, strict=True)
        ],
    )
