"""Everything that is known of one document: who told us, what was seen, what was saved, posted and written where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, false, or_, select

from core.canonical import decimal_text
from core.kinds import Kind
from core.store import schema, standings
from core.store.bodies import open_bodies
from core.store.reading import people
from core.store.work import Store

_STEPS_MAX = 200


@dataclass(frozen=True, slots=True)
class Story:
    copies: Sequence[Row[Any]]
    """Its links, each with the connection's name and what stands there; `total_minor` is None where nothing is told."""
    events: Sequence[Row[Any]]
    observations: Sequence[Row[Any]]
    deeds: Sequence[Row[Any]]
    deliveries: Sequence[Row[Any]]
    pushes: Sequence[Row[Any]]
    entries: Sequence[Row[Any]]
    postings: Mapping[str, Sequence[Row[Any]]]
    """By entry id, in order."""


def of_record(database: Connection, workspace_id: str, record_id: str) -> Story:
    """The newest two hundred steps of each sort."""
    copies = database.execute(_copies(workspace_id, record_id)).all()
    remote = [(row.connection_id, row.kind, row.remote_id) for row in copies]
    event, seen, deed = schema.event, schema.observation, schema.audit
    entry, posting = schema.entry, schema.posting
    entries = _newest(database, _of(entry, workspace_id, entry.c.record_id == record_id), entry.c.id)
    lines = database.execute(
        select(posting)
        .where(posting.c.workspace_id == workspace_id, posting.c.entry_id.in_([row.id for row in entries]))
        .order_by(posting.c.entry_id, posting.c.position)
    ).all()
    return Story(
        copies=copies,
        events=_newest(database, _of(event, workspace_id, _about(event, remote)), event.c.id),
        observations=_newest(database, _of(seen, workspace_id, _about(seen, remote)), seen.c.id),
        deeds=_newest(database, _of(deed, workspace_id, deed.c.subject == record_id), deed.c.id),
        deliveries=_deliveries(database, workspace_id, record_id),
        pushes=_pushes(database, workspace_id, record_id),
        entries=entries,
        postings={row.id: [line for line in lines if line.entry_id == row.id] for row in entries},
    )


def paid_by(database: Connection, workspace_id: str, invoice_id: str) -> Sequence[Row[str, str, int, bool, datetime]]:
    """The payments applied to an invoice, with the amount of each that was."""
    part, payment, record = schema.payment_application, schema.payment, schema.record
    return database.execute(
        select(record.c.id, record.c.name, part.c.amount_minor, payment.c.succeeded, payment.c.received_at)
        .join(payment, and_(payment.c.workspace_id == part.c.workspace_id, payment.c.id == part.c.parent_id))
        .join(record, and_(record.c.workspace_id == part.c.workspace_id, record.c.id == part.c.parent_id))
        .where(part.c.workspace_id == workspace_id, part.c.invoice_id == invoice_id)
        .order_by(record.c.id)
    ).all()


def credited_by(database: Connection, workspace_id: str, invoice_id: str) -> Sequence[Row[str, str, int]]:
    """The credit notes that lower what is due of an invoice, with the amount of each that does."""
    part, record = schema.allocation, schema.record
    return database.execute(
        select(record.c.id, record.c.name, part.c.amount_minor)
        .join(record, and_(record.c.workspace_id == part.c.workspace_id, record.c.id == part.c.credit_note_id))
        .where(part.c.workspace_id == workspace_id, part.c.invoice_id == invoice_id, ~part.c.void)
        .order_by(record.c.id)
    ).all()


def explained_by(database: Connection, workspace_id: str, refund_id: str) -> Sequence[Row[str, str, int]]:
    """What pays out credit notes with a refund: each with its note's name and its amount."""
    part, record = schema.credit_refund, schema.record
    return database.execute(
        select(part.c.id, record.c.name, part.c.amount_minor)
        .join(record, and_(record.c.workspace_id == part.c.workspace_id, record.c.id == part.c.credit_note_id))
        .where(part.c.workspace_id == workspace_id, part.c.refund_id == refund_id, ~part.c.void)
        .order_by(part.c.id)
    ).all()


def called(store: Store, database: Connection, workspace_id: str, record_ids: Sequence[str]) -> dict[str, str]:
    """How people call these records: a customer, product or rate by its name, a price by what it costs."""
    record, product, price, rate = schema.record, schema.product, schema.price, schema.tax_rate
    query = select(
        record.c.id,
        record.c.kind,
        record.c.name,
        product.c.name.label("product"),
        price.c.nickname,
        price.c.unit_amount,
        price.c.currency,
        rate.c.name.label("rate"),
        rate.c.percentage,
    )
    for table in (product, price, rate):
        query = query.outerjoin(table, and_(table.c.workspace_id == record.c.workspace_id, table.c.id == record.c.id))
    rows = database.execute(query.where(record.c.workspace_id == workspace_id, record.c.id.in_(record_ids))).all()
    names = people.names(store, database, workspace_id, [row.id for row in rows if row.kind == Kind.CUSTOMER])
    for row in rows:
        if row.rate is not None:
            names[row.id] = f"{row.rate} {decimal_text(row.percentage)} %"
        elif row.unit_amount is not None:
            names[row.id] = row.nickname or f"{row.unit_amount:f} {row.currency}"
    return {row.id: names.get(row.id) or row.product or row.name for row in rows}


def kind_of(database: Connection, workspace_id: str, record_id: str) -> Kind | None:
    record = schema.record
    kind = database.execute(
        select(record.c.kind).where(record.c.workspace_id == workspace_id, record.c.id == record_id)
    ).scalar_one_or_none()
    return None if kind is None else Kind(kind)


def observation(
    store: Store, database: Connection, workspace_id: str, observation_id: str
) -> tuple[Row[Any], bytes | None] | None:
    """The observation and what was shown; None for contents whose key is gone."""
    seen = schema.observation
    row = database.execute(
        select(seen).where(seen.c.workspace_id == workspace_id, seen.c.id == observation_id)
    ).one_or_none()
    if row is None:
        return None
    return row, open_bodies(store, database, workspace_id, [row.body_id]).get(row.body_id)


def shown(
    store: Store, database: Connection, workspace_id: str, observations: Sequence[Row[Any]]
) -> Mapping[str, bytes]:
    """What was shown, by observation id."""
    bodies = open_bodies(store, database, workspace_id, [row.body_id for row in observations])
    return {row.id: bodies[row.body_id] for row in observations if row.body_id in bodies}


def _copies(workspace_id: str, record_id: str) -> Select[Any]:
    link, standing, connection = schema.link, schema.standing, schema.connection
    return (
        select(
            link,
            connection.c.name.label("system"),
            connection.c.vendor,
            standing.c.counts,
            standing.c.currency,
            standing.c.total_minor,
            standing.c.tax_minor,
            standing.c.due_minor,
            standing.c.seen_at,
        )
        .join(
            connection, and_(connection.c.workspace_id == link.c.workspace_id, connection.c.id == link.c.connection_id)
        )
        .outerjoin(standing, standings.of_link())
        .where(link.c.workspace_id == workspace_id, link.c.record_id == record_id)
        .order_by(link.c.id)
    )


def _deliveries(database: Connection, workspace_id: str, record_id: str) -> Sequence[Row[Any]]:
    delivery = schema.delivery
    return _newest(database, _of(delivery, workspace_id, delivery.c.record_id == record_id), delivery.c.id)


def _pushes(database: Connection, workspace_id: str, record_id: str) -> Sequence[Row[Any]]:
    push, member, delivery = schema.push, schema.push_member, schema.delivery
    query = (
        select(push, member.c.delivery_id)
        .join(member, and_(member.c.workspace_id == push.c.workspace_id, member.c.push_id == push.c.id))
        .join(delivery, and_(delivery.c.workspace_id == push.c.workspace_id, delivery.c.id == member.c.delivery_id))
        .where(push.c.workspace_id == workspace_id, delivery.c.record_id == record_id)
    )
    return _newest(database, query, push.c.id)


def _of(table: Any, workspace_id: str, condition: Any) -> Select[Any]:
    return select(table).where(table.c.workspace_id == workspace_id, condition)


def _about(table: Any, remote: Sequence[tuple[str, str, str]]) -> Any:
    if not remote:
        return false()
    # each by itself: SQLite finds a list of triples in no index
    return or_(
        *(
            and_(table.c.connection_id == connection_id, table.c.kind == kind, table.c.remote_id == remote_id)
            for connection_id, kind, remote_id in remote
        )
    )


def _newest(database: Connection, query: Select[Any], id_column: Any) -> Sequence[Row[Any]]:
    """The newest ones, oldest first."""
    return database.execute(query.order_by(id_column.desc()).limit(_STEPS_MAX)).all()[::-1]
