"""What no row tells by itself, read from the records: what customers' balances were used for, and what came back."""

from collections.abc import Collection, Mapping, Sequence
from typing import TypeGuard

from sqlalchemy import and_, or_, select

from core.customer_credit import Movement, Use, uses
from core.entities import Allocation, CreditNote, CreditRefund, Entity, Invoice, InvoiceStatus
from core.kinds import Kind
from core.store import schema
from core.store.work import Work

_COUNTING = [status.value for status in InvoiceStatus if status not in {InvoiceStatus.DRAFT, InvoiceStatus.VOID}]


def moves_balance(entity: Entity) -> TypeGuard[Invoice | CreditNote]:
    match entity:
        case Invoice():
            return bool(entity.from_balance_minor)
        case CreditNote():
            return bool(entity.to_balance_minor)
    return False


def credit_uses(work: Work, connection_id: str, customer_ids: Sequence[str]) -> Mapping[str, Allocation]:
    """By their id at the gateway, in its ids: first what is not so any more, void, then what is so.

    One at a time for each customer: whoever is second sees what the first has saved.
    """
    record = schema.record
    work.connection.execute(
        select(record.c.id)
        .where(record.c.workspace_id == work.workspace_id, record.c.id.in_(customer_ids))
        .order_by(record.c.id)
        .with_for_update()
    )
    before: dict[str, Allocation] = {}
    now: dict[str, Allocation] = {}
    for customer_id in customer_ids:
        known = _known(work, connection_id, customer_id)
        now |= _worked_out(work, connection_id, customer_id)
        before |= {origin_id: one for origin_id, one in known.items() if origin_id not in now}
    return before | now


def _worked_out(work: Work, connection_id: str, customer_id: str) -> dict[str, Allocation]:
    invoice, note, record = schema.invoice, schema.credit_note, schema.record
    given: dict[str, Movement] = {}
    taken: dict[str, Movement] = {}
    currencies: dict[str, str] = {}
    notes: set[str] = set()
    born_here = and_(record.c.workspace_id == work.workspace_id, record.c.origin_connection_id == connection_id)
    moving = (
        select(
            record.c.origin_id,
            invoice.c.issued_at,
            invoice.c.currency,
            invoice.c.total_minor,
            invoice.c.from_balance_minor,
        )
        .join(invoice, and_(invoice.c.workspace_id == record.c.workspace_id, invoice.c.id == record.c.id))
        .where(
            born_here,
            invoice.c.customer_id == customer_id,
            invoice.c.status.in_(_COUNTING),
            invoice.c.from_balance_minor != 0,
        )
    )
    for row in work.connection.execute(moving):
        currencies[row.origin_id] = row.currency
        if row.from_balance_minor > 0:
            taken[row.origin_id] = Movement(row.origin_id, row.issued_at, row.from_balance_minor)
        elif row.total_minor < 0:
            given[row.origin_id] = Movement(row.origin_id, row.issued_at, -row.total_minor)
    kept = (
        select(record.c.origin_id, note.c.issued_at, note.c.to_balance_minor)
        .join(note, and_(note.c.workspace_id == record.c.workspace_id, note.c.id == record.c.id))
        .where(born_here, note.c.customer_id == customer_id, ~note.c.void, note.c.to_balance_minor != 0)
    )
    for origin_id, issued_at, minor in work.connection.execute(kept):
        notes.add(origin_id)
        given[origin_id] = Movement(origin_id, issued_at, minor)
    return {
        _origin_id(use): Allocation(
            credit_note=use.source if use.source in notes else None,
            invoice=use.used_by,
            currency=currencies[use.used_by],
            amount_minor=use.minor,
            allocated_at=taken[use.used_by].at,
            void=False,
            credit=use.source if use.source and use.source not in notes else None,
        )
        for use in uses(given.values(), taken.values())
    }


def _known(work: Work, connection_id: str, customer_id: str) -> dict[str, Allocation]:
    """What was worked out for this customer before, as void."""
    allocation, invoice, note = schema.allocation, schema.invoice, schema.credit_note
    record, giver, taker = schema.record, schema.record.alias("giver"), schema.record.alias("taker")
    own = allocation.c.workspace_id
    query = (
        select(
            record.c.origin_id,
            taker.c.origin_id.label("invoice"),
            giver.c.origin_id.label("giver"),
            allocation,
        )
        .join(record, and_(record.c.workspace_id == own, record.c.id == allocation.c.id))
        .join(invoice, and_(invoice.c.workspace_id == own, invoice.c.id == allocation.c.invoice_id))
        .join(taker, and_(taker.c.workspace_id == own, taker.c.id == allocation.c.invoice_id))
        .outerjoin(note, and_(note.c.workspace_id == own, note.c.id == allocation.c.credit_note_id))
        .outerjoin(
            giver,
            and_(
                giver.c.workspace_id == own,
                or_(giver.c.id == allocation.c.credit_note_id, giver.c.id == allocation.c.credit_id),
            ),
        )
        .where(
            own == work.workspace_id,
            record.c.origin_connection_id == connection_id,
            invoice.c.customer_id == customer_id,
            # a credit note that lowers what is due of its own invoice tells so itself
            or_(note.c.id.is_(None), note.c.invoice_id != allocation.c.invoice_id),
        )
    )
    return {
        row.origin_id: Allocation(
            credit_note=row.giver if row.credit_note_id else None,
            invoice=row.invoice,
            currency=row.currency,
            amount_minor=row.amount_minor,
            allocated_at=row.allocated_at,
            void=True,
            credit=row.giver if row.credit_id else None,
        )
        for row in work.connection.execute(query)
    }


def failed_refunds(work: Work, connection_id: str, origin_ids: Collection[str]) -> set[str]:
    """Those of these refunds, by the gateway's ids, whose money came back. None of them comes back until the commit."""
    record, refund = schema.record, schema.refund
    rows = work.connection.execute(
        select(record.c.origin_id, refund.c.failed_at)
        .join(refund, and_(refund.c.workspace_id == record.c.workspace_id, refund.c.id == record.c.id))
        .where(
            record.c.workspace_id == work.workspace_id,
            record.c.origin_connection_id == connection_id,
            record.c.kind == Kind.REFUND.value,
            record.c.origin_id.in_(list(origin_ids)),
        )
        # in the order of the index that finds them: in that of their ids, SQLite would walk through every record
        .order_by(record.c.origin_id)
        .with_for_update(of=record)
    )
    return {row.origin_id for row in rows if row.failed_at is not None}


def paid_out_by(work: Work, connection_id: str, refund_ids: Collection[str]) -> Mapping[str, CreditRefund]:
    """What is known to have paid out credit notes with these refunds: by its id at the gateway, in its ids."""
    paid, record = schema.credit_refund, schema.record
    refund, note = schema.record.alias("refund_record"), schema.record.alias("note_record")
    own = paid.c.workspace_id
    rows = work.connection.execute(
        select(
            record.c.origin_id,
            note.c.origin_id.label("credit_note"),
            refund.c.origin_id.label("refund"),
            paid.c.currency,
            paid.c.amount_minor,
            paid.c.void,
        )
        .join(record, and_(record.c.workspace_id == own, record.c.id == paid.c.id))
        .join(refund, and_(refund.c.workspace_id == own, refund.c.id == paid.c.refund_id))
        .join(note, and_(note.c.workspace_id == own, note.c.id == paid.c.credit_note_id))
        .where(
            own == work.workspace_id,
            refund.c.origin_connection_id == connection_id,
            refund.c.kind == Kind.REFUND.value,
            refund.c.origin_id.in_(list(refund_ids)),
        )
    )
    return {
        row.origin_id: CreditRefund(row.credit_note, row.refund, row.currency, row.amount_minor, row.void)
        for row in rows
    }


def _origin_id(use: Use) -> str:
    """Another amount is another allocation: what stands in a ledger can be taken off, but not changed."""
    return f"{use.source or 'balance'}/{use.used_by}/{use.minor}"
