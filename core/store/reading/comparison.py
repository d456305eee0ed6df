"""The hub's figures beside what every system last showed us: in sums, and document by document where they differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, and_, case, exists, func, literal, or_, select

from core.entities import COUNTING_STATUSES
from core.kinds import Kind
from core.lifecycle import DeliveryState
from core.store import schema, standings
from core.store.connections import Connection as Link
from core.store.reading.refunded import refunded
from core.store.totals import is_gone

SHOWN_MAX = 100

COMPARED: Mapping[str, Mapping[str, str]] = {
    Kind.INVOICE: {"total": "invoice total", "tax": "invoice tax", "due": "invoice due"},
    Kind.CREDIT_NOTE: {"total": "credit note", "tax": "credit note tax"},
    Kind.PAYMENT: {"total": "payment"},
    Kind.REFUND: {"total": "refund"},
    Kind.CREDIT_REFUND: {"total": "refund"},
}
"""By kind: what is compared of a document, and what its sum is called."""

REFUNDS = frozenset({Kind.REFUND.value, Kind.CREDIT_REFUND.value})
"""Their sum is not that of their documents: it is told by `refunded`."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A document that one system shows otherwise than the hub keeps it. Amounts there are None where it is absent."""

    connection_id: str
    kind: str
    record_id: str | None
    """None: the hub was shown it and could not take it."""
    name: str
    currency: str
    ours: Mapping[str, int]
    theirs: Mapping[str, int] | None
    seen_at: datetime | None
    state: str
    """differs, on its way, parked, to be confirmed, missing, not taken"""


def sums(database: Connection, workspace_id: str) -> dict[str, dict[tuple[str, str], int]]:
    """Connection id to {(what, currency): minor units} of all that counts there."""
    standing = schema.standing
    found: dict[str, dict[tuple[str, str], int]] = {}
    for row in database.execute(
        select(
            standing.c.connection_id,
            standing.c.kind,
            standing.c.currency,
            func.sum(standing.c.total_minor).label("total"),
            func.sum(standing.c.tax_minor).label("tax"),
            func.sum(standing.c.due_minor).label("due"),
        )
        .where(standing.c.workspace_id == workspace_id, standing.c.counts, standing.c.kind.not_in(REFUNDS))
        .group_by(standing.c.connection_id, standing.c.kind, standing.c.currency)
    ):
        for part, what in COMPARED.get(row.kind, {}).items():
            found.setdefault(row.connection_id, {})[what, row.currency] = int(getattr(row, part))
    (what,) = COMPARED[Kind.REFUND].values()
    for one in refunded(database, workspace_id):
        of_system = found.setdefault(one.connection_id, {})
        of_system[what, one.currency] = of_system.get((what, one.currency), 0) + one.minor
    return found


def differences(database: Connection, workspace_id: str, links: Sequence[Link]) -> list[Difference]:
    """The first hundred of each system and kind; none of them means that every document is equal there."""
    found = []
    for link in links:
        for kind, query in _QUERIES.items():
            rows = database.execute(query(workspace_id, link).limit(SHOWN_MAX))
            found += [_difference(link.id, kind, row) for row in rows]
        for row in database.execute(_not_taken(workspace_id, link).limit(SHOWN_MAX)):
            shown = {"total": row.total_minor, "tax": row.tax_minor, "due": row.due_minor}
            found.append(
                Difference(link.id, row.kind, None, row.remote_id, row.currency, {}, shown, row.seen_at, "not taken")
            )
    return found


_NOTHING: ColumnElement[int] = literal(0)


@dataclass(frozen=True, slots=True)
class _Ours:
    """What the hub keeps of a document, as columns."""

    counts: ColumnElement[bool]
    currency: ColumnElement[str]
    total: ColumnElement[int]
    tax: ColumnElement[int] = _NOTHING
    due: ColumnElement[int] = _NOTHING


def _invoices(workspace_id: str, link: Link) -> Select[Any]:
    invoice = schema.invoice
    counts = invoice.c.status.in_(COUNTING_STATUSES)
    ours = _Ours(counts, invoice.c.currency, invoice.c.total_minor, invoice.c.tax_minor, invoice.c.due_minor)
    return _documents(workspace_id, link, Kind.INVOICE, invoice, ours)


def _credit_notes(workspace_id: str, link: Link) -> Select[Any]:
    note = schema.credit_note
    ours = _Ours(~note.c.void, note.c.currency, note.c.total_minor, note.c.tax_minor)
    return _documents(workspace_id, link, Kind.CREDIT_NOTE, note, ours)


def _refunds(workspace_id: str, link: Link) -> Select[Any]:
    """A ledger may show what left an account of another currency: that is held against what the refund settled for."""
    refund, standing = schema.refund, schema.standing
    settled = and_(standing.c.currency != refund.c.currency, standing.c.currency == refund.c.settled_currency)
    currency = case((settled, refund.c.settled_currency), else_=refund.c.currency)
    ours = _Ours(is_gone(), currency, case((settled, refund.c.settled_minor), else_=refund.c.amount_minor))
    return _documents(workspace_id, link, Kind.REFUND, refund, ours)


def _credit_refunds(workspace_id: str, link: Link) -> Select[Any]:
    part = schema.credit_refund
    return _documents(
        workspace_id, link, Kind.CREDIT_REFUND, part, _Ours(~part.c.void, part.c.currency, part.c.amount_minor)
    )


def _payments(workspace_id: str, link: Link) -> Select[Any]:
    """A payment may stand there in parts, one for each invoice: their sum is compared."""
    payment, part = schema.payment, schema.payment_application
    applied = (
        select(func.coalesce(func.sum(part.c.amount_minor), 0))
        .where(part.c.workspace_id == workspace_id, part.c.parent_id == payment.c.id)
        .scalar_subquery()
    )
    held, standing = schema.link, schema.standing
    there = (
        select(func.sum(case((standing.c.counts, standing.c.total_minor), else_=0)))
        .select_from(held.join(standing, standings.of_link()))
        .where(held.c.workspace_id == workspace_id, held.c.connection_id == link.id, held.c.record_id == payment.c.id)
        .scalar_subquery()
    )
    record, state = schema.record, _newest_state(link)
    ours = case((payment.c.succeeded, applied), else_=0)
    return (
        select(
            record.c.id,
            record.c.name,
            payment.c.currency,
            ours.label("ours_total"),
            there.label("theirs_total"),
            literal(None).label("seen_at"),
            state.label("state"),
            literal(0).label("settled_since"),
        )
        .join(payment, and_(payment.c.workspace_id == record.c.workspace_id, payment.c.id == record.c.id))
        .where(
            record.c.workspace_id == workspace_id,
            or_(
                and_(there.is_(None), ours != 0, _still_owed(state)),
                and_(there.is_not(None), there != ours),
            ),
        )
        .order_by(record.c.id.desc())
    )


def _not_taken(workspace_id: str, link: Link) -> Select[Any]:
    standing = schema.standing
    known = exists().where(standings.of_link())
    return (
        select(standing)
        .where(standing.c.workspace_id == workspace_id, standing.c.connection_id == link.id, standing.c.counts, ~known)
        .order_by(standing.c.seen_at.desc())
    )


def _documents(workspace_id: str, link: Link, kind: Kind, table: Table, ours: _Ours) -> Select[Any]:
    record, held, standing = schema.record, schema.link, schema.standing
    state, counts = _newest_state(link), ours.counts
    amounts_differ = or_(
        standing.c.currency != ours.currency,
        standing.c.total_minor != ours.total,
        standing.c.tax_minor != ours.tax,
        standing.c.due_minor != ours.due,
    )
    return (
        select(
            record.c.id,
            record.c.name,
            ours.currency.label("currency"),
            case((counts, ours.total), else_=0).label("ours_total"),
            case((counts, ours.tax), else_=0).label("ours_tax"),
            case((counts, ours.due), else_=0).label("ours_due"),
            case((standing.c.counts, standing.c.total_minor), else_=0).label("theirs_total"),
            case((standing.c.counts, standing.c.tax_minor), else_=0).label("theirs_tax"),
            case((standing.c.counts, standing.c.due_minor), else_=0).label("theirs_due"),
            standing.c.seen_at,
            state.label("state"),
            _settled_since(link).label("settled_since"),
        )
        .join(table, and_(table.c.workspace_id == record.c.workspace_id, table.c.id == record.c.id))
        .outerjoin(
            held,
            and_(
                held.c.workspace_id == record.c.workspace_id,
                held.c.connection_id == link.id,
                held.c.kind == kind.value,
                held.c.record_id == record.c.id,
            ),
        )
        .outerjoin(standing, standings.of_link())
        .where(
            record.c.workspace_id == workspace_id,
            or_(
                and_(standing.c.remote_id.is_(None), counts, _still_owed(state)),
                and_(standing.c.counts, ~counts),
                and_(~standing.c.counts, counts),
                and_(standing.c.counts, counts, amounts_differ),
            ),
        )
        .order_by(record.c.id.desc())
    )


def _newest_state(link: Link) -> Any:
    delivery, record = schema.delivery, schema.record
    return (
        select(delivery.c.state)
        .where(
            delivery.c.workspace_id == record.c.workspace_id,
            delivery.c.record_id == record.c.id,
            delivery.c.connection_id == link.id,
        )
        .order_by(delivery.c.revision.desc())
        .limit(1)
        .scalar_subquery()
    )


def _still_owed(state: Any) -> ColumnElement[bool]:
    """Absent there although it was owed; what was settled without a document (all its lines nil) is fine."""
    absent: ColumnElement[bool] = and_(
        state.is_not(None), state.not_in([DeliveryState.DELIVERED.value, DeliveryState.REFUSED.value])
    )
    return absent


def _settled_since(link: Link) -> Any:
    """Whether a payment or credit of ours was put on it there after we last saw it: its due amount is then old news."""
    delivery, standing, record = schema.delivery, schema.standing, schema.record
    settling = (
        (schema.payment_application, schema.payment_application.c.parent_id),
        (schema.allocation, schema.allocation.c.id),
    )
    written = [
        exists().where(
            table.c.workspace_id == record.c.workspace_id,
            table.c.invoice_id == record.c.id,
            delivery.c.workspace_id == table.c.workspace_id,
            delivery.c.record_id == by,
            delivery.c.connection_id == link.id,
            delivery.c.state == DeliveryState.DELIVERED.value,
            delivery.c.settled_at >= standing.c.seen_at,
        )
        for table, by in settling
    ]
    return case((or_(*written), 1), else_=0)


def _difference(connection_id: str, kind: Kind, row: Row[Any]) -> Difference:
    parts = COMPARED[kind]
    ours = {part: int(getattr(row, f"ours_{part}")) for part in parts}
    absent = row.theirs_total is None if kind is Kind.PAYMENT else row.seen_at is None
    theirs = None if absent else {part: int(getattr(row, f"theirs_{part}")) for part in parts}
    return Difference(
        connection_id, kind.value, row.id, row.name, row.currency, ours, theirs, row.seen_at, _state(row, ours, theirs)
    )


def _state(row: Row[Any], ours: Mapping[str, int], theirs: Mapping[str, int] | None) -> str:
    if row.state == DeliveryState.PARKED.value:
        return "parked"
    if row.state in {state.value for state in DeliveryState} - {"delivered", "refused", "superseded"}:
        return "on its way"
    if theirs is None:
        return "missing"
    different = {part for part, minor in ours.items() if theirs[part] != minor}
    return "to be confirmed" if different == {"due"} and row.settled_since else "differs"


_QUERIES = {
    Kind.INVOICE: _invoices,
    Kind.CREDIT_NOTE: _credit_notes,
    Kind.PAYMENT: _payments,
    Kind.REFUND: _refunds,
    Kind.CREDIT_REFUND: _credit_refunds,
}
