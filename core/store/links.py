"""Links: under which remote ids others know our records. One remote id belongs to one record, for ever."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Update, and_, bindparam, func, insert, or_, select, update

from core.kinds import Kind
from core.store import schema
from core.store.work import Work


@dataclass(frozen=True, slots=True)
class Link:
    """What stands at a connection of a record, or of a part of it."""

    record_id: str
    part: str
    remote_id: str
    version: str
    """The vendor's own token of the state it last showed us."""
    shown_hash: str
    """Of what that system last showed us: how our own write coming back is known."""
    sent_hash: str = ""
    """Of what we last sent, so that equal is not sent again."""


def newest(database: Connection, workspace_id: str, connection_id: str, kind: Kind, count: int) -> list[str]:
    """The remote ids that became known last."""
    link = schema.link
    return list(
        database.execute(
            select(link.c.remote_id)
            .where(
                link.c.workspace_id == workspace_id,
                link.c.connection_id == connection_id,
                link.c.kind == kind.value,
                link.c.removed_at.is_(None),
            )
            .order_by(link.c.id.desc())
            .limit(count)
        ).scalars()
    )


def add(work: Work, connection_id: str, environment: str, kind: Kind, links: Sequence[Link]) -> None:
    if links:
        work.connection.execute(
            insert(schema.link),
            [
                {
                    "workspace_id": work.workspace_id,
                    "id": work.new_id(),
                    "connection_id": connection_id,
                    "environment": environment,
                    "kind": kind.value,
                    "record_id": one.record_id,
                    "part": one.part,
                    "remote_id": one.remote_id,
                    "version": one.version,
                    "shown_hash": one.shown_hash,
                    "sent_hash": one.sent_hash,
                }
                for one in links
            ],
        )


def show(work: Work, connection_id: str, kind: str, shown: Mapping[str, tuple[str, str]]) -> None:
    """Keeps with each link what that system last showed us, by remote id: (version, hash of it)."""
    if shown:
        work.connection.execute(
            _update(work, connection_id, kind).values(version=bindparam("token"), shown_hash=bindparam("hash")),
            [
                {"remote": remote_id, "token": version, "hash": shown_hash}
                for remote_id, (version, shown_hash) in shown.items()
            ],
        )


def sent(work: Work, connection_id: str, kind: Kind, links: Sequence[Link]) -> None:
    """Keeps with links that are there already what we have sent and what was stored of it."""
    if links:
        work.connection.execute(
            _update(work, connection_id, kind).values(
                version=bindparam("token"), shown_hash=bindparam("hash"), sent_hash=bindparam("ours")
            ),
            [
                {"remote": one.remote_id, "token": one.version, "hash": one.shown_hash, "ours": one.sent_hash}
                for one in links
            ],
        )


def remove(work: Work, connection_id: str, kind: Kind, remote_ids: Sequence[str]) -> None:
    """They are no more at that system. The links stay: whoever names one of these ids still means the same record."""
    if remote_ids:
        link = schema.link
        work.connection.execute(
            update(link)
            .where(
                link.c.workspace_id == work.workspace_id,
                link.c.connection_id == connection_id,
                link.c.kind == kind.value,
                link.c.remote_id.in_(remote_ids),
            )
            .values(removed_at=work.now)
        )


def count(database: Connection, workspace_id: str, connection_id: str, kinds: Iterable[str]) -> int:
    """How many documents of these kinds stand there."""
    link = schema.link
    return database.execute(
        select(func.count()).where(
            link.c.workspace_id == workspace_id,
            link.c.connection_id == connection_id,
            link.c.kind.in_([str(kind) for kind in kinds]),
            link.c.removed_at.is_(None),
        )
    ).scalar_one()


def name(work: Work, connection_id: str, kind: str, remote_id: str) -> str | None:
    """How people call the document of ours that stands there under this id."""
    link, record = schema.link, schema.record
    return work.connection.execute(
        select(record.c.name)
        .join(link, and_(record.c.workspace_id == link.c.workspace_id, record.c.id == link.c.record_id))
        .where(
            link.c.workspace_id == work.workspace_id,
            link.c.connection_id == connection_id,
            link.c.kind == kind,
            link.c.remote_id == remote_id,
            link.c.removed_at.is_(None),
        )
    ).scalar_one_or_none()


def linked(
    connection: Connection, workspace_id: str, connection_id: str, remote: Iterable[tuple[Kind, str]]
) -> dict[tuple[Kind, str], str]:
    """(kind, remote id) to our record's id; a merged record stands for its survivor."""
    wanted = set(remote)
    if not wanted:
        return {}
    link, record = schema.link, schema.record
    rows = connection.execute(
        select(link.c.kind, link.c.remote_id, func.coalesce(record.c.merged_into_id, record.c.id).label("record_id"))
        .join(record, and_(record.c.workspace_id == link.c.workspace_id, record.c.id == link.c.record_id))
        .where(
            link.c.workspace_id == workspace_id,
            link.c.connection_id == connection_id,
            # apart, and paired below: SQLite finds a list of pairs in no index
            link.c.kind.in_({kind.value for kind, _ in wanted}),
            link.c.remote_id.in_({remote_id for _, remote_id in wanted}),
        )
    )
    found = {(Kind(row.kind), row.remote_id): row.record_id for row in rows}
    return {key: found[key] for key in wanted & found.keys()}


def remote_ids(
    connection: Connection, workspace_id: str, connection_id: str, record_ids: Iterable[str]
) -> dict[tuple[str, str], str]:
    """(record id, part) to the id it has at that connection, where it is there: after a merge, the survivor's."""
    link = schema.link
    rows = connection.execute(
        select(
            link.c.record_id, link.c.part, func.coalesce(link.c.moved_to, link.c.remote_id).label("remote_id")
        ).where(
            link.c.workspace_id == workspace_id,
            link.c.connection_id == connection_id,
            link.c.record_id.in_(list(set(record_ids))),
            link.c.removed_at.is_(None),
        )
    )
    return {(row.record_id, row.part): row.remote_id for row in rows}


def before_merges(
    connection: Connection, workspace_id: str, connection_id: str, record_ids: Iterable[str]
) -> dict[tuple[str, str], str]:
    """(record id, part) to the id that it was made under there, of those that were merged into others since."""
    link = schema.link
    rows = connection.execute(
        select(link.c.record_id, link.c.part, link.c.remote_id).where(
            link.c.workspace_id == workspace_id,
            link.c.connection_id == connection_id,
            link.c.record_id.in_(list(set(record_ids))),
            link.c.moved_to.is_not(None),
        )
    )
    return {(row.record_id, row.part): row.remote_id for row in rows}


def move(work: Work, connection_id: str, kind: Kind, moved: Mapping[str, str]) -> int:
    """Documents were merged there, by id: into which one. Whatever had been merged into one of them goes along.

    How many of our links lead elsewhere now.
    """
    link = schema.link
    changed = 0
    for old, into in moved.items():
        survivor = into
        while survivor in moved and survivor != old:
            survivor = moved[survivor]
        changed += work.connection.execute(
            update(link)
            .where(
                link.c.workspace_id == work.workspace_id,
                link.c.connection_id == connection_id,
                link.c.kind == kind.value,
                or_(link.c.remote_id == old, link.c.moved_to == old),
                link.c.moved_to.is_distinct_from(survivor),
            )
            .values(moved_to=survivor)
        ).rowcount
    return changed


def holders(work: Work, connection_id: str, kind: Kind, remote_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Remote id to the (record id, part) that it is linked to."""
    link = schema.link
    rows = work.connection.execute(
        select(link.c.remote_id, link.c.record_id, link.c.part).where(
            link.c.workspace_id == work.workspace_id,
            link.c.connection_id == connection_id,
            link.c.kind == kind.value,
            link.c.remote_id.in_(list(remote_ids)),
        )
    )
    return {row.remote_id: (row.record_id, row.part) for row in rows}


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


def _update(work: Work, connection_id: str, kind: str) -> Update:
    link = schema.link
    return update(link).where(
        link.c.workspace_id == work.workspace_id,
        link.c.connection_id == connection_id,
        link.c.kind == str(kind),
        link.c.remote_id == bindparam("remote"),
    )
