"""What waits for a person, and what is held, by system and cause. Ten messages about one document are one thing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, literal, select

from core.lifecycle import DeliveryState
from core.reasons import Reason, ReasonCode
from core.store import schema

_MEMBERS_MAX = 20


@dataclass(frozen=True, slots=True)
class Member:
    record_id: str | None
    """None: of an event about something that is no record yet."""
    delivery_id: str | None
    name: str
    since: datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class Group:
    what: str
    """event or delivery"""
    connection_id: str | None
    code: ReasonCode
    count: int
    """How many documents, not how many messages about them."""
    members: Sequence[Member]


def groups(database: Connection, workspace_id: str) -> list[Group]:
    """What needs a person, the largest first."""
    deliveries = _groups(database, workspace_id, "delivery", "parked")
    return sorted([*deliveries, *_groups(database, workspace_id, "event", "parked")], key=lambda group: -group.count)


def held(database: Connection, workspace_id: str) -> list[Group]:
    """What needs nobody and goes by itself in time, for a cause of its own, the largest first."""
    found = _groups(database, workspace_id, "delivery", DeliveryState.WAITING.value)
    return sorted(found, key=lambda group: -group.count)


def _groups(database: Connection, workspace_id: str, what: str, state: str) -> Iterator[Group]:
    table, members = (schema.delivery, _deliveries) if what == "delivery" else (schema.event, _events)
    with_cause = (table.c.workspace_id == workspace_id, table.c.state == state, table.c.reason_code.is_not(None))
    for row in database.execute(
        select(table.c.connection_id, table.c.reason_code)
        .where(*with_cause)
        .group_by(table.c.connection_id, table.c.reason_code)
    ):
        of_connection = table.c.connection_id.is_not_distinct_from(row.connection_id)
        newest = _newest(table).where(*with_cause, table.c.reason_code == row.reason_code, of_connection)
        shown = database.execute(
            members()
            .where(table.c.workspace_id == workspace_id, table.c.id.in_(newest))
            .order_by(table.c.id.desc())
            .limit(_MEMBERS_MAX)
        )
        yield Group(
            what,
            row.connection_id,
            ReasonCode(row.reason_code),
            _count(database, newest),
            [_member(one, row.reason_code) for one in shown],
        )


def count(database: Connection, workspace_id: str) -> int:
    parked = 0
    for table in (schema.delivery, schema.event):
        parked += _count(
            database, _newest(table).where(table.c.workspace_id == workspace_id, table.c.state == "parked")
        )
    return parked


def _newest(table: Any) -> Select[Any]:
    """The newest row about each object."""
    if table is schema.delivery:
        return select(table.c.id)
    return select(func.max(table.c.id)).group_by(table.c.connection_id, table.c.kind, table.c.remote_id)


def _count(database: Connection, newest: Select[Any]) -> int:
    counted: int = database.execute(select(func.count()).select_from(newest.subquery())).scalar_one()
    return counted


def _deliveries() -> Select[Any]:
    delivery, record = schema.delivery, schema.record
    return select(
        delivery.c.id.label("delivery_id"),
        delivery.c.record_id,
        record.c.name,
        delivery.c.created_at,
        delivery.c.reason_params,
    ).join(record, and_(record.c.workspace_id == delivery.c.workspace_id, record.c.id == delivery.c.record_id))


def _events() -> Select[Any]:
    event, link, record = schema.event, schema.link, schema.record
    joined = select(
        literal(None).label("delivery_id"),
        record.c.name,
        event.c.kind,
        event.c.remote_id,
        event.c.created_at,
        event.c.reason_params,
        link.c.record_id,
    ).outerjoin(
        link,
        and_(
            link.c.workspace_id == event.c.workspace_id,
            link.c.connection_id == event.c.connection_id,
            link.c.kind == event.c.kind,
            link.c.remote_id == event.c.remote_id,
        ),
    )
    return joined.outerjoin(record, and_(record.c.workspace_id == link.c.workspace_id, record.c.id == link.c.record_id))


def _member(row: Row[Any], code: str) -> Member:
    params = dict(row.reason_params or {})
    name = row.name or params.get("document") or f"{row.kind or 'event'} {row.remote_id}"
    reason = Reason(ReasonCode(code), {"document": name} | params)
    return Member(row.record_id, row.delivery_id, name, row.created_at, reason)
