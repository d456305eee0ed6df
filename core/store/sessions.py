"""Sessions live here, not in the cookie: ending one, or disabling its user, takes effect with the next request."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, update

from core.roles import Role
from core.store import schema
from core.store.work import Work

IDLE_SECONDS = 2 * 3600
WHOLE_SECONDS = 12 * 3600
_SEEN_STEP_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Session:
    workspace_id: str
    workspace: str
    user_id: str
    user: str
    role: Role
    seen_at: datetime
    time_zone: str
    """Of the workspace's first book: moments are shown as its people live them."""

    def is_stale(self, now: datetime) -> bool:
        """Whether its last use should be written down again; not at every request."""
        return (now - self.seen_at).total_seconds() > _SEEN_STEP_SECONDS


def open_session(work: Work, user_id: str, token_hash: str, address_hash: str) -> None:
    work.connection.execute(
        insert(schema.session).values(
            workspace_id=work.workspace_id,
            token_hash=token_hash,
            user_id=user_id,
            address_hash=address_hash,
            opened_at=work.now,
            seen_at=work.now,
        )
    )


def session(database: Connection, token_hash: str, now: datetime) -> Session | None:
    """If it is open, neither idle nor old, and its user is still let in. The role is the user's present one."""
    held, user, workspace, book = schema.session, schema.user, schema.workspace, schema.book
    zone = select(book.c.time_zone).where(book.c.workspace_id == held.c.workspace_id).order_by(book.c.id).limit(1)
    row = database.execute(
        select(
            held.c.workspace_id,
            held.c.user_id,
            held.c.seen_at,
            user.c.name,
            user.c.role,
            workspace.c.name,
            func.coalesce(zone.scalar_subquery(), "UTC"),
        )
        .join(user, and_(user.c.workspace_id == held.c.workspace_id, user.c.id == held.c.user_id))
        .join(workspace, workspace.c.id == held.c.workspace_id)
        .where(
            held.c.token_hash == token_hash,
            held.c.ended_at.is_(None),
            held.c.seen_at > now - timedelta(seconds=IDLE_SECONDS),
            held.c.opened_at > now - timedelta(seconds=WHOLE_SECONDS),
            user.c.disabled_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    workspace_id, user_id, seen_at, name, role, workspace_name, time_zone = row
    return Session(workspace_id, workspace_name, user_id, name, Role(role), seen_at, time_zone)


def touch(work: Work, token_hash: str) -> None:
    _set(work, schema.session.c.token_hash == token_hash, seen_at=work.now)


def end(work: Work, token_hash: str) -> None:
    _set(work, schema.session.c.token_hash == token_hash, ended_at=work.now)


def end_all(work: Work, user_id: str) -> int:
    """How many were open."""
    return _set(work, schema.session.c.user_id == user_id, ended_at=work.now)


def has_come_from(database: Connection, user_id: str, address_hash: str) -> bool:
    """Whether this user has ever logged in from that address."""
    held = schema.session
    found = database.execute(
        select(held.c.token_hash).where(held.c.user_id == user_id, held.c.address_hash == address_hash).limit(1)
    )
    return found.one_or_none() is not None


def open_by_user(database: Connection, workspace_id: str, now: datetime) -> dict[str, tuple[int, datetime]]:
    """User id to (how many sessions are open, when one of them was used last)."""
    held = schema.session
    rows = database.execute(
        select(held.c.user_id, func.count().label("open"), func.max(held.c.seen_at).label("seen_at"))
        .where(
            held.c.workspace_id == workspace_id,
            held.c.ended_at.is_(None),
            held.c.seen_at > now - timedelta(seconds=IDLE_SECONDS),
            held.c.opened_at > now - timedelta(seconds=WHOLE_SECONDS),
        )
        .group_by(held.c.user_id)
    )
    return {row.user_id: (row.open, row.seen_at) for row in rows}


def _set(work: Work, which: Any, **values: datetime) -> int:
    held = schema.session
    return work.connection.execute(
        update(held).where(held.c.workspace_id == work.workspace_id, which, held.c.ended_at.is_(None)).values(**values)
    ).rowcount
