"""What each system last said its documents amount to: the columns of every comparison, always from what was shown."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, update

from core.figures import Figures
from core.kinds import Kind
from core.store import schema
from core.store.work import Work

MONTH = len("2026-11")


def of_link() -> ColumnElement[bool]:
    """What a link's system last showed of it."""
    link, standing = schema.link, schema.standing
    return and_(
        standing.c.workspace_id == link.c.workspace_id,
        standing.c.connection_id == link.c.connection_id,
        standing.c.kind == link.c.kind,
        standing.c.remote_id == link.c.remote_id,
    )


def period(dated_on: ColumnElement[Any]) -> ColumnElement[str]:
    """The month of a document's own date there; empty for what has none."""
    return func.substr(func.coalesce(dated_on, ""), 1, MONTH)


def keep(work: Work, connection_id: str, kind: Kind, shown: Mapping[str, Figures], seen_at: datetime) -> None:
    """By remote id. The caller leaves out what is older than what was shown last."""
    if not shown:
        return
    standing = schema.standing
    own = {"workspace_id": work.workspace_id, "connection_id": connection_id, "kind": kind.value}
    work.connection.execute(
        delete(standing).where(
            *[standing.c[name] == value for name, value in own.items()], standing.c.remote_id.in_(list(shown))
        )
    )
    work.connection.execute(
        insert(standing),
        [own | {"remote_id": remote_id, "seen_at": seen_at} | asdict(told) for remote_id, told in shown.items()],
    )


def withdraw(work: Work, connection_id: str, kind: Kind, remote_ids: Sequence[str]) -> None:
    """What was taken away there counts no more, though the answer that says so need not say what it came to."""
    if not remote_ids:
        return
    standing = schema.standing
    work.connection.execute(
        update(standing)
        .where(
            standing.c.workspace_id == work.workspace_id,
            standing.c.connection_id == connection_id,
            standing.c.kind == kind.value,
            standing.c.remote_id.in_(remote_ids),
        )
        .values(counts=False)
    )
