"""What the hub's own records add up to, per kind and currency: its column in every comparison."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, select

from core.accounts import AccountRole
from core.entities import COUNTING_STATUSES
from core.store import schema


@dataclass(frozen=True, slots=True)
class Total:
    minor: int
    count: int
    """How many have such an amount at all: invoices, payments, credit notes, refunds; for receivable, customers."""


Totals = dict[tuple[str, str], Total]
"""By (kind, currency)."""


def totals(database: Connection, workspace_id: str) -> Totals:
    """Documents that count, money that moved, and what customers owe by the books: receivable less their credit."""
    summed: Totals = {}
    for kind, query in _queries(workspace_id):
        for row in database.execute(query):
            summed[kind, row.currency] = Total(int(row.minor), int(row.documents))
    return summed


def is_gone() -> ColumnElement[bool]:
    """As `Refund.counts` says it, of rows."""
    refund = schema.refund
    return and_(refund.c.succeeded, refund.c.refunded_at.is_not(None), refund.c.failed_at.is_(None))


def _queries(workspace_id: str) -> Iterable[tuple[str, Select[*tuple[Any, ...]]]]:
    invoice, note, refund = schema.invoice, schema.credit_note, schema.refund
    issued = (invoice.c.workspace_id == workspace_id, invoice.c.status.in_(COUNTING_STATUSES))
    yield "invoice total", _summed(invoice.c.currency, invoice.c.total_minor).where(*issued)
    yield "invoice tax", _summed(invoice.c.currency, invoice.c.tax_minor).where(*issued)
    yield "invoice due", _summed(invoice.c.currency, invoice.c.due_minor).where(*issued)
    yield "payment", _payments(workspace_id)
    standing = (note.c.workspace_id == workspace_id, ~note.c.void)
    yield "credit note", _summed(note.c.currency, note.c.total_minor).where(*standing)
    yield "credit note tax", _summed(note.c.currency, note.c.tax_minor).where(*standing)
    gone = _summed(refund.c.currency, refund.c.amount_minor).where(refund.c.workspace_id == workspace_id)
    yield "refund", gone.where(is_gone())
    yield "receivable", _receivable(workspace_id)


def _summed(currency: ColumnElement[str], minor: ColumnElement[int]) -> Select[*tuple[Any, ...]]:
    has_amount = func.sum(case((minor != 0, 1), else_=0))
    return select(currency, func.sum(minor).label("minor"), has_amount.label("documents")).group_by(currency)


def _payments(workspace_id: str) -> Select[*tuple[Any, ...]]:
    """By what they were applied to."""
    payment, part = schema.payment, schema.payment_application
    return (
        _summed(payment.c.currency, part.c.amount_minor)
        .join(part, and_(part.c.workspace_id == payment.c.workspace_id, part.c.parent_id == payment.c.id))
        .where(payment.c.workspace_id == workspace_id, payment.c.succeeded)
    )


def _receivable(workspace_id: str) -> Select[*tuple[Any, ...]]:
    posting = schema.posting
    owed = (
        select(posting.c.currency, func.sum(posting.c.amount_minor).label("minor"))
        .where(
            posting.c.workspace_id == workspace_id,
            posting.c.account.in_([AccountRole.RECEIVABLE.value, AccountRole.CUSTOMER_CREDIT.value]),
        )
        .group_by(posting.c.currency, posting.c.customer_id)
        .subquery()
    )
    return _summed(owed.c.currency, owed.c.minor)
