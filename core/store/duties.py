"""Which lanes have something to do now, found from the rows alone: what the sweep rings, and what is still open."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, func, insert, literal, or_, select, union_all
from sqlalchemy.exc import IntegrityError

from core.kinds import CATALOGUE, Kind
from core.lifecycle import DeliveryState
from core.store import schema
from core.store.work import Work

_S = DeliveryState

_PLACES = {kind.value: place for place, kind in enumerate(Kind)}

_SLOTS_REMEMBERED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Duty:
    workspace_id: str
    connection_id: str
    kind: str
    purpose: str


def due(database: Connection, now: datetime) -> list[Duty]:
    """Lanes with work that is due, whose connection is active and not resting, and that nobody holds.

    The most urgent come first.
    """
    connection, lane = schema.connection, schema.lane
    work = union_all(*_work(now)).subquery()
    rows = database.execute(
        select(work.c.workspace_id, work.c.connection_id, work.c.kind, work.c.purpose)
        .distinct()
        .join(
            connection,
            and_(connection.c.workspace_id == work.c.workspace_id, connection.c.id == work.c.connection_id),
        )
        .outerjoin(
            lane,
            and_(
                lane.c.workspace_id == work.c.workspace_id,
                lane.c.connection_id == work.c.connection_id,
                lane.c.kind == work.c.kind,
                lane.c.purpose == work.c.purpose,
            ),
        )
        .where(
            connection.c.state == "active",
            or_(connection.c.not_before.is_(None), connection.c.not_before <= now),
            or_(lane.c.lease_until.is_(None), lane.c.lease_until <= now),
        )
    )
    return sorted((Duty(*row) for row in rows), key=_urgency)


def _urgency(duty: Duty) -> tuple[bool, str, int]:
    """Money and customers go before the catalogue, and what is nearest to its goal before what only begins. Of what is
    to be read, children come first: their answers bring parents along.
    """
    place = _PLACES[duty.kind]
    return duty.kind in CATALOGUE, duty.purpose, -place if duty.purpose == "ingest" else place


def _work(now: datetime) -> Iterator[Select[Any]]:
    event, delivery, push = schema.event, schema.delivery, schema.push
    yield (
        select(event.c.workspace_id, event.c.connection_id, event.c.kind, literal("ingest").label("purpose"))
        .where(event.c.state == "pending", event.c.connection_id.is_not(None))
        .distinct()
    )
    yield (
        select(delivery.c.workspace_id, delivery.c.connection_id, delivery.c.kind, literal("deliver"))
        .where(delivery.c.state.in_([_S.PENDING.value, _S.WAITING.value]), delivery.c.due_at <= now)
        .distinct()
    )
    yield (
        select(push.c.workspace_id, push.c.connection_id, push.c.kind, literal("deliver"))
        .where(push.c.state.in_(["sent", "unknown"]), or_(push.c.state == "sent", push.c.ask_after <= now))
        .distinct()
    )


def latest_slots(database: Connection) -> dict[tuple[str, str], datetime]:
    """By workspace and task: what was taken last. Whoever looks here first need not ask for what is gone."""
    taken = schema.schedule_slot
    rows = database.execute(
        select(taken.c.workspace_id, taken.c.task, func.max(taken.c.slot)).group_by(taken.c.workspace_id, taken.c.task)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def take_slot(work: Work, task: str, slot: datetime) -> bool:
    """True for exactly one of however many schedulers ask: a run per task and slot.

    Slots are remembered for longer than the clocks of two schedulers may differ, and no longer.
    """
    taken = schema.schedule_slot
    try:
        with work.connection.begin_nested():
            work.connection.execute(insert(taken).values(workspace_id=work.workspace_id, task=task, slot=slot))
    except IntegrityError:
        return False
    work.connection.execute(
        delete(taken).where(
            taken.c.workspace_id == work.workspace_id, taken.c.task == task, taken.c.slot < slot - _SLOTS_REMEMBERED
        )
    )
    return True


def open_work(database: Connection, workspace_id: str) -> dict[str, dict[str, int]]:
    """Counts by state of events, deliveries and pushes: what is done, what waits, what is parked."""
    counts: dict[str, dict[str, int]] = {}
    for table in (schema.event, schema.delivery, schema.push):
        rows = database.execute(
            select(table.c.state, func.count().label("how_many"))
            .where(table.c.workspace_id == workspace_id)
            .group_by(table.c.state)
        )
        counts[table.name] = {row.state: row.how_many for row in rows}
    return counts
