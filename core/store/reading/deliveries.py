"""What is and was owed to whom, and the exact request that carried each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select

from core.store import schema
from core.store.bodies import open_bodies
from core.store.reading import paging
from core.store.reading.paging import Page
from core.store.work import Store


@dataclass(frozen=True, slots=True)
class Carried:
    """One HTTP write that carried a delivery, as it was sent, and its answer as far as there was one."""

    push: Row[Any]
    position: int
    members: int
    body: bytes | None
    """None where its key is gone: a person was forgotten."""
    answer: bytes | None


def page(
    database: Connection, workspace_id: str, state: str, connection_id: str, kind: str, before: str | None
) -> Page[Row[Any]]:
    """Empty texts filter nothing."""
    delivery, record = schema.delivery, schema.record
    query = (
        select(delivery, record.c.name)
        .join(record, and_(record.c.workspace_id == delivery.c.workspace_id, record.c.id == delivery.c.record_id))
        .where(delivery.c.workspace_id == workspace_id)
    )
    for column, wanted in (
        (delivery.c.state, state),
        (delivery.c.connection_id, connection_id),
        (delivery.c.kind, kind),
    ):
        if wanted:
            query = query.where(column == wanted)
    return paging.newest_first(database, query, delivery.c.id, before)


def by_state(database: Connection, workspace_id: str) -> dict[str, int]:
    delivery = schema.delivery
    rows = database.execute(
        select(delivery.c.state, func.count().label("how_many"))
        .where(delivery.c.workspace_id == workspace_id)
        .group_by(delivery.c.state)
    )
    return {row.state: row.how_many for row in rows}


def one(database: Connection, workspace_id: str, delivery_id: str) -> Row[Any] | None:
    delivery, record = schema.delivery, schema.record
    return database.execute(
        select(delivery, record.c.name, record.c.revision.label("current_revision"))
        .join(record, and_(record.c.workspace_id == delivery.c.workspace_id, record.c.id == delivery.c.record_id))
        .where(delivery.c.workspace_id == workspace_id, delivery.c.id == delivery_id)
    ).one_or_none()


def needs(database: Connection, workspace_id: str, delivery_id: str) -> Sequence[Row[str, str, str]]:
    """The records (id, kind, name) that it sleeps for."""
    need, record = schema.delivery_need, schema.record
    return database.execute(
        select(record.c.id, record.c.kind, record.c.name)
        .join(need, and_(need.c.workspace_id == record.c.workspace_id, need.c.record_id == record.c.id))
        .where(need.c.workspace_id == workspace_id, need.c.delivery_id == delivery_id)
    ).all()


def carried(store: Store, database: Connection, workspace_id: str, delivery_id: str) -> list[Carried]:
    """Every push of it, the newest first."""
    push, member = schema.push, schema.push_member
    rows = database.execute(
        select(push, member.c.position)
        .join(member, and_(member.c.workspace_id == push.c.workspace_id, member.c.push_id == push.c.id))
        .where(push.c.workspace_id == workspace_id, member.c.delivery_id == delivery_id)
        .order_by(push.c.id.desc())
    ).all()
    counted = database.execute(
        select(member.c.push_id, func.count().label("members"))
        .where(member.c.workspace_id == workspace_id, member.c.push_id.in_([row.id for row in rows]))
        .group_by(member.c.push_id)
    )
    sizes = {row.push_id: row.members for row in counted}
    ids = [body_id for row in rows for body_id in (row.body_id, row.answer_body_id) if body_id]
    bodies = open_bodies(store, database, workspace_id, ids)
    return [
        Carried(row, row.position, sizes[row.id], bodies.get(row.body_id), bodies.get(row.answer_body_id or ""))
        for row in rows
    ]
