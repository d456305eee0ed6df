"""Pushes: the HTTP writes that carry deliveries, committed before their first byte leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from core.kinds import Kind
from core.store import outbox, schema
from core.store.bodies import keep, open_bodies
from core.store.outbox import Owed
from core.store.work import Store, Work


@dataclass(frozen=True, slots=True)
class Push:
    id: str
    method: str
    path: str
    content_type: str
    key: str
    body: bytes
    members: tuple[Owed, ...]
    created_at: datetime


def prepare(
    store: Store,
    work: Work,
    connection_id: str,
    kind: Kind,
    *,
    method: str,
    path: str,
    content_type: str,
    key: str,
    body: bytes,
    members: Sequence[Owed],
) -> Push:
    """Commits to one HTTP write before its first byte leaves."""
    push_id = work.new_id()
    work.connection.execute(
        insert(schema.push).values(
            workspace_id=work.workspace_id,
            id=push_id,
            connection_id=connection_id,
            body_id=keep(store, work, [body])[0],
            kind=kind.value,
            method=method,
            path=path,
            content_type=content_type,
            key=key,
            state="sent",
            outcome="",
            created_at=work.now,
        )
    )
    work.connection.execute(
        insert(schema.push_member),
        [
            {
                "workspace_id": work.workspace_id,
                "push_id": push_id,
                "position": position,
                "delivery_id": owed.id,
            }
            for position, owed in enumerate(members)
        ],
    )
    outbox.sent(work, [owed.id for owed in members])
    return Push(push_id, method, path, content_type, key, body, tuple(members), work.now)


def lose(work: Work, push_id: str, members: Sequence[Owed], ask_after: datetime) -> None:
    """The answer did not come: nothing is assumed, and nothing is repeated before it was asked about."""
    _set_push(work, push_id, state="unknown", ask_after=ask_after)
    outbox.lost(work, [owed.id for owed in members])


def close(store: Store, work: Work, push_id: str, outcome: str, answer: bytes | None) -> None:
    """The push is over: its members have been moved on. `outcome`: answered, refused, not sent, found by asking."""
    answer_id = keep(store, work, [answer])[0] if answer is not None else None
    _set_push(work, push_id, state="settled", outcome=outcome, answer_body_id=answer_id, settled_at=work.now)


def unsettled(store: Store, work: Work, connection_id: str, kind: str) -> list[tuple[str, datetime | None, Push]]:
    """(state, when it may be asked about, the push): what was sent and not settled, the oldest first."""
    push, member = schema.push, schema.push_member
    found = work.connection.execute(
        select(push).where(
            push.c.workspace_id == work.workspace_id,
            push.c.connection_id == connection_id,
            push.c.kind == kind,
            push.c.state.in_(["sent", "unknown"]),
        )
    )
    # sorted here: to have them in order, SQLite would walk through every push there ever was
    rows = sorted(found, key=lambda row: str(row.id))
    members: dict[str, list[str]] = {}
    for of in work.connection.execute(
        select(member.c.push_id, member.c.delivery_id)
        .where(member.c.workspace_id == work.workspace_id, member.c.push_id.in_([row.id for row in rows]))
        .order_by(member.c.push_id, member.c.position)
    ):
        members.setdefault(of.push_id, []).append(of.delivery_id)
    owed = {one.id: one for one in outbox.deliveries(work, [id_ for ids in members.values() for id_ in ids])}
    bodies = open_bodies(store, work.connection, work.workspace_id, [row.body_id for row in rows])
    return [
        (
            row.state,
            row.ask_after,
            Push(
                row.id,
                row.method,
                row.path,
                row.content_type,
                row.key,
                bodies[row.body_id],
                tuple(owed[delivery_id] for delivery_id in members[row.id]),
                row.created_at,
            ),
        )
        for row in rows
    ]


def _set_push(work: Work, push_id: str, **values: Any) -> None:
    push = schema.push
    work.connection.execute(
        update(push).where(push.c.workspace_id == work.workspace_id, push.c.id == push_id).values(**values)
    )
