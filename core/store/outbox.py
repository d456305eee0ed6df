"""What we owe: deliveries, and what they need. Every move follows `core.lifecycle`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, insert, select, update

from core.kinds import Kind
from core.lifecycle import DeliveryState, sources
from core.reasons import Reason, ReasonCode
from core.store import connections, schema
from core.store.work import Work

LINGER_SECONDS = 0.5
"""How long a delivery may wait for company in its batch."""

LOOK_AGAIN = timedelta(minutes=1)
LOOK_AGAIN_MAX = timedelta(hours=1)
"""What waits is tried again without being woken: as long after as it has been owed, within these bounds."""

LOOK_AGAIN_AT_ONCE = 1000

ATTEMPTS_MAX = 6
"""Begun so often without any result: something about this document stops the work, or its answer is lost each time."""

CHANGES_AGREED_FOR = timedelta(days=1)

_S = DeliveryState


@dataclass(frozen=True, slots=True)
class Owed:
    """A delivery, as a drain needs it."""

    id: str
    record_id: str
    part: str
    revision: int
    current_revision: int
    attempts: int
    alone: bool
    name: str
    origin_id: str
    origin_connection_id: str


def owe(work: Work, connection_id: str, kind: Kind, revisions: Mapping[str, tuple[int, Sequence[str]]]) -> None:
    """Newest revisions are owed to a connection, by record id: (revision, parts).

    What was owed of earlier ones and has not left yet gives way to them.
    """
    delivery, record = schema.delivery, schema.record
    newest = (
        select(record.c.revision)
        .where(record.c.workspace_id == delivery.c.workspace_id, record.c.id == delivery.c.record_id)
        .scalar_subquery()
    )
    work.connection.execute(
        update(delivery)
        .where(
            delivery.c.workspace_id == work.workspace_id,
            delivery.c.connection_id == connection_id,
            delivery.c.record_id.in_(list(revisions)),
            delivery.c.revision < newest,
            delivery.c.state.in_([_S.PENDING.value, _S.WAITING.value, _S.PARKED.value]),
        )
        .values(state=_S.SUPERSEDED.value, settled_at=work.now)
    )
    work.connection.execute(
        insert(delivery),
        [
            {
                "workspace_id": work.workspace_id,
                "id": work.new_id(),
                "connection_id": connection_id,
                "record_id": record_id,
                "kind": kind.value,
                "part": part,
                "revision": revision,
                "state": _S.PENDING.value,
                "attempts": 0,
                "alone": False,
                "due_at": work.now + timedelta(seconds=LINGER_SECONDS),
                "created_at": work.now,
            }
            for record_id, (revision, parts) in revisions.items()
            for part in parts
        ],
    )


def owed_ever(work: Work, connection_id: str, record_ids: Iterable[str]) -> set[str]:
    """Which of these records have been owed to the connection at any time."""
    delivery = schema.delivery
    return set(
        work.connection.execute(
            select(delivery.c.record_id)
            .where(
                delivery.c.workspace_id == work.workspace_id,
                delivery.c.connection_id == connection_id,
                delivery.c.record_id.in_(list(record_ids)),
            )
            .distinct()
        ).scalars()
    )


def claim(work: Work, connection_id: str, kind: str, batch_max: int, patience: timedelta = timedelta()) -> list[Owed]:
    """What is to be sent now: at most a batch, once one is full or the oldest has waited long enough. With `patience`
    it waits so much longer for company.

    An entity has one delivery in flight at a time; while an answer is outstanding, its later revision stays here.
    The attempt is counted now, so that a crash counts too.
    """
    delivery = schema.delivery
    flying = schema.delivery.alias("flying")
    ready = (
        delivery.c.workspace_id == work.workspace_id,
        delivery.c.connection_id == connection_id,
        delivery.c.kind == kind,
        delivery.c.state == _S.PENDING.value,
        ~exists().where(
            flying.c.workspace_id == delivery.c.workspace_id,
            flying.c.connection_id == delivery.c.connection_id,
            flying.c.record_id == delivery.c.record_id,
            flying.c.state.in_([_S.SENT.value, _S.UNKNOWN.value]),
        ),
    )
    # as many as fit and no more are looked at, so that a batch costs the same however much is owed
    first = work.connection.execute(
        select(delivery.c.id, delivery.c.due_at, delivery.c.created_at)
        .where(*ready)
        .order_by(delivery.c.id)
        .limit(batch_max)
    ).all()
    if len(first) < batch_max:
        if first and all(row.created_at + patience > work.now for row in first):
            # nobody looks before more have come, or the first has waited long enough
            _values(work, [row.id for row in first], due_at=min(row.created_at for row in first) + patience)
            return []
        if all(row.due_at > work.now for row in first):
            return []
    owed = deliveries(work, [row.id for row in first])
    crashing = [one for one in owed if one.attempts >= ATTEMPTS_MAX]
    for one in crashing:
        park(work, one.id, Reason(ReasonCode.CRASHED, {"document": one.name, "attempts": str(one.attempts)}))
    owed = [one for one in owed if one not in crashing]
    # what was begun twice without a result may be what makes the work stop: it goes alone
    suspects = [one for one in owed if one.attempts > 1 or one.alone]
    if suspects:
        owed = suspects[:1]
    _values(work, [one.id for one in owed], attempts=delivery.c.attempts + 1)
    return owed


def stopped_changes(work: Work, connection_id: str, kind: str) -> int:
    """How many wait for a person because they are so many."""
    delivery = schema.delivery
    return work.connection.execute(
        select(func.count()).where(
            delivery.c.workspace_id == work.workspace_id,
            delivery.c.connection_id == connection_id,
            delivery.c.kind == kind,
            delivery.c.state == _S.PARKED.value,
            delivery.c.reason_code == ReasonCode.MASS_CHANGE.value,
        )
    ).scalar_one()


def changes_ahead(work: Work, connection_id: str, kind: str) -> int:
    """How many deliveries are ready whose documents stand there already."""
    delivery, link = schema.delivery, schema.link
    return work.connection.execute(
        select(func.count())
        .select_from(delivery)
        .join(link, stands_there())
        .where(
            delivery.c.workspace_id == work.workspace_id,
            delivery.c.connection_id == connection_id,
            delivery.c.kind == kind,
            delivery.c.state == _S.PENDING.value,
        )
    ).scalar_one()


def stands_there() -> ColumnElement[bool]:
    """The link under which a delivery's document stands at its connection."""
    delivery, link = schema.delivery, schema.link
    return and_(
        link.c.workspace_id == delivery.c.workspace_id,
        link.c.record_id == delivery.c.record_id,
        link.c.connection_id == delivery.c.connection_id,
        link.c.part == delivery.c.part,
        link.c.removed_at.is_(None),
    )


def still_ready(work: Work, delivery_ids: Sequence[str]) -> set[str]:
    """Those of the claimed that no later revision has taken the place of meanwhile. They stay so until the commit."""
    delivery = schema.delivery
    return set(
        work.connection.execute(
            select(delivery.c.id)
            .where(
                delivery.c.workspace_id == work.workspace_id,
                delivery.c.id.in_(delivery_ids),
                delivery.c.state == _S.PENDING.value,
            )
            .order_by(delivery.c.id)
            .with_for_update(key_share=True)
        ).scalars()
    )


def park(work: Work, delivery_id: str, reason: Reason) -> None:
    _move(
        work,
        [delivery_id],
        _S.PARKED,
        reason_code=reason.code.value,
        reason_params=reason.params,
        attempts=0,
    )


def explain(work: Work, delivery_id: str, reason: Reason) -> None:
    """It stays parked, for another reason."""
    _values(work, [delivery_id], reason_code=reason.code.value, reason_params=reason.params)


def wait_for(work: Work, connection_id: str, needs: Mapping[str, Iterable[str]], *, leaving: bool = False) -> list[str]:
    """Deliveries, by id with the records that each needs, sleep until these have arrived at that connection or,
    `leaving`, are gone there.

    Those of which some of it has come about since the caller looked stay ready, and are looked at again: their ids.
    """
    needed = {delivery_id: sorted(set(record_ids)) for delivery_id, record_ids in needs.items()}
    _waits_or_wakes(work, connection_id)
    link = schema.link
    there = set(
        work.connection.execute(
            select(link.c.record_id).where(
                link.c.workspace_id == work.workspace_id,
                link.c.connection_id == connection_id,
                link.c.record_id.in_({record_id for record_ids in needed.values() for record_id in record_ids}),
                link.c.part == "",
                link.c.removed_at.is_(None),
            )
        ).scalars()
    )
    ready = [
        one
        for one, record_ids in needed.items()
        if not (there.issuperset(record_ids) if leaving else there.isdisjoint(record_ids))
    ]
    _values(work, ready, attempts=0)
    sleeping = [one for one in needed if one not in ready]
    for due_at, ids in _next_looks(work, sleeping).items():
        _move(work, ids, _S.WAITING, attempts=0, due_at=due_at)
    _need(work, {one: needed[one] for one in sleeping})
    return ready


def hold(
    work: Work,
    delivery_id: str,
    reason: Reason,
    *,
    until: datetime | None = None,
    news_of: Iterable[str] = (),
) -> None:
    """The delivery sleeps for a reason that passes by itself: until then, or until one of these records is settled."""
    _move(
        work,
        [delivery_id],
        _S.WAITING,
        attempts=0,
        due_at=until or next(iter(_next_looks(work, [delivery_id]))),
        reason_code=reason.code.value,
        reason_params=reason.params,
    )
    _need(work, {delivery_id: sorted(set(news_of))})


def _need(work: Work, needed: Mapping[str, Sequence[str]]) -> None:
    rows = [
        {"workspace_id": work.workspace_id, "delivery_id": delivery_id, "record_id": record_id}
        for delivery_id, record_ids in needed.items()
        for record_id in record_ids
    ]
    if rows:
        work.connection.execute(insert(schema.delivery_need), rows)


def _next_looks(work: Work, delivery_ids: Sequence[str]) -> dict[datetime, list[str]]:
    """When to look at which of them again: the longer they were owed, the later."""
    delivery = schema.delivery
    rows = work.connection.execute(
        select(delivery.c.id, delivery.c.created_at).where(
            delivery.c.workspace_id == work.workspace_id, delivery.c.id.in_(delivery_ids)
        )
    )
    looks: dict[datetime, list[str]] = {}
    for delivery_id, owed_since in rows:
        looks.setdefault(work.now + min(max(work.now - owed_since, LOOK_AGAIN), LOOK_AGAIN_MAX), []).append(delivery_id)
    return looks


def look_again(work: Work, connection_id: str, kind: str) -> None:
    """What has slept long enough is tried again: what should have woken it may have passed by while it lay down."""
    delivery = schema.delivery
    slept = work.connection.execute(
        select(delivery.c.id)
        .where(
            delivery.c.workspace_id == work.workspace_id,
            delivery.c.connection_id == connection_id,
            delivery.c.kind == kind,
            delivery.c.state == _S.WAITING.value,
            delivery.c.due_at <= work.now,
        )
        .limit(LOOK_AGAIN_AT_ONCE)
    ).scalars()
    _try_again(work, list(slept))


def wake(work: Work, connection_id: str, record_ids: Iterable[str]) -> set[str]:
    """What waited for these records there may be tried again. The kinds that woke."""
    _waits_or_wakes(work, connection_id)
    delivery, need = schema.delivery, schema.delivery_need
    rows = work.connection.execute(
        select(delivery.c.id, delivery.c.kind)
        .join(need, and_(need.c.workspace_id == delivery.c.workspace_id, need.c.delivery_id == delivery.c.id))
        .where(
            delivery.c.workspace_id == work.workspace_id,
            delivery.c.connection_id == connection_id,
            delivery.c.state == _S.WAITING.value,
            need.c.record_id.in_(list(record_ids)),
        )
        .distinct()
    ).all()
    _try_again(work, [row.id for row in rows], timedelta(seconds=LINGER_SECONDS))
    return {row.kind for row in rows}


def free(work: Work, connection_id: str, record_ids: Iterable[str]) -> set[str]:
    """Something that rested on these records is gone there: what was refused, maybe for that, is tried again."""
    delivery = schema.delivery
    rows = work.connection.execute(
        select(delivery.c.id, delivery.c.kind).where(
            delivery.c.workspace_id == work.workspace_id,
            delivery.c.connection_id == connection_id,
            delivery.c.state == _S.PARKED.value,
            delivery.c.reason_code.in_([ReasonCode.NOT_CHANGEABLE.value, ReasonCode.REFUSED.value]),
            delivery.c.record_id.in_(list(record_ids)),
        )
    ).all()
    _try_again(work, [row.id for row in rows])
    return {row.kind for row in rows}


def _try_again(work: Work, delivery_ids: Sequence[str], in_a_while: timedelta = timedelta()) -> None:
    need = schema.delivery_need
    if delivery_ids:
        work.connection.execute(
            delete(need).where(need.c.workspace_id == work.workspace_id, need.c.delivery_id.in_(delivery_ids))
        )
    _move(work, delivery_ids, _S.PENDING, due_at=work.now + in_a_while, reason_code=None, reason_params=None)


def sent(work: Work, delivery_ids: Sequence[str]) -> None:
    """A push is about to carry them."""
    _move(work, delivery_ids, _S.SENT)


def lost(work: Work, delivery_ids: Sequence[str]) -> None:
    """The answer of their push did not come: nothing is assumed."""
    _move(work, delivery_ids, _S.UNKNOWN)


def give_back(work: Work, delivery_ids: Sequence[str]) -> None:
    """Nothing was done there: they are tried again, and the attempt does not count."""
    _move(work, delivery_ids, _S.PENDING, attempts=0)


def untried(work: Work, delivery_ids: Sequence[str]) -> None:
    """Claimed but not begun: the attempt does not count."""
    _values(work, delivery_ids, attempts=0)


def send_alone(work: Work, delivery_ids: Sequence[str]) -> None:
    """Their batch was refused as a whole: each is tried by itself, so that the one at fault shows."""
    _move(work, delivery_ids, _S.PENDING, attempts=0, alone=True)


def send_again(work: Work, delivery_ids: Sequence[str]) -> None:
    """Proven absent after an answer was lost: to be sent in a new push. The attempts stay counted."""
    _move(work, delivery_ids, _S.PENDING, due_at=work.now)


def settle(work: Work, delivery_ids: Sequence[str]) -> None:
    _move(work, delivery_ids, _S.DELIVERED, settled_at=work.now, reason_code=None, reason_params=None)


def put_off(work: Work, connection_id: str, code: ReasonCode, until: datetime) -> None:
    """What is held there for this cause is looked at again together."""
    delivery = schema.delivery
    work.connection.execute(
        update(delivery)
        .where(
            delivery.c.workspace_id == work.workspace_id,
            delivery.c.connection_id == connection_id,
            delivery.c.state == _S.WAITING.value,
            delivery.c.reason_code == code.value,
        )
        .values(due_at=until)
    )


def release(work: Work, connection_id: str, codes: Sequence[ReasonCode]) -> int:
    """Deliveries that are parked or held for a cause that may be gone are tried again. How many."""
    delivery = schema.delivery
    ids = (
        work.connection.execute(
            select(delivery.c.id).where(
                delivery.c.workspace_id == work.workspace_id,
                delivery.c.connection_id == connection_id,
                delivery.c.state.in_([_S.PARKED.value, _S.WAITING.value]),
                delivery.c.reason_code.in_([code.value for code in codes]),
            )
        )
        .scalars()
        .all()
    )
    _try_again(work, ids)
    if ReasonCode.PERIOD_LOCKED in codes:
        # whoever tries again says that something may have changed there
        connections.doubt_closed(work, connection_id)
    if ReasonCode.MASS_CHANGE in codes:
        # whoever tries again says that it is meant
        connections.agree_to_changes(work, connection_id, work.now + CHANGES_AGREED_FOR)
    return len(ids)


def deliveries(work: Work, delivery_ids: Sequence[str]) -> list[Owed]:
    """These, the oldest first."""
    delivery, record = schema.delivery, schema.record
    query = (
        select(
            delivery.c.id,
            delivery.c.record_id,
            delivery.c.part,
            delivery.c.revision,
            record.c.revision.label("current_revision"),
            delivery.c.attempts,
            delivery.c.alone,
            record.c.name,
            record.c.origin_id,
            record.c.origin_connection_id,
        )
        .join(record, and_(record.c.workspace_id == delivery.c.workspace_id, record.c.id == delivery.c.record_id))
        .where(delivery.c.workspace_id == work.workspace_id, delivery.c.id.in_(delivery_ids))
        .order_by(delivery.c.id)
    )
    return [Owed(**row) for row in work.connection.execute(query).mappings()]


def _move(work: Work, delivery_ids: Sequence[str], to: DeliveryState, **values: Any) -> None:
    """The one way a delivery changes its state: only from where the table allows it."""
    if not delivery_ids:
        return
    delivery = schema.delivery
    moved = work.connection.execute(
        update(delivery)
        .where(
            delivery.c.workspace_id == work.workspace_id,
            delivery.c.id.in_(delivery_ids),
            delivery.c.state.in_(sources(to)),
        )
        .values(state=to.value, **values)
    ).rowcount
    if moved != len(delivery_ids):
        raise AssertionError(f"{len(delivery_ids) - moved} deliveries may not become {to.value} from where they are")


def _waits_or_wakes(work: Work, connection_id: str) -> None:
    """One at a time: whoever begins to wait sees what has arrived, and whoever wakes sees who waits.

    PostgreSQL: without this, each could be done before the other can be seen, and the delivery would sleep for ever.
    SQLite has one writer anyway.
    """
    if work.connection.dialect.name == "postgresql":
        connection = schema.connection
        work.connection.execute(
            select(connection.c.id)
            .where(connection.c.workspace_id == work.workspace_id, connection.c.id == connection_id)
            .with_for_update(key_share=True)
        )


def _values(work: Work, delivery_ids: Sequence[str], **values: Any) -> None:
    if delivery_ids:
        delivery = schema.delivery
        work.connection.execute(
            update(delivery)
            .where(delivery.c.workspace_id == work.workspace_id, delivery.c.id.in_(delivery_ids))
            .values(**values)
        )
