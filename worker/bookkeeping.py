"""Which entries a record's present state asks for: finds the rates and the payments that pure functions need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import and_, select

from core.clock import local_date
from core.entities import Entity, Invoice, Payment
from core.kinds import Kind
from core.postings import Entry, Rate, invoice_entries, payment_entries
from core.reasons import Problem, Reason
from core.store import ledger, schema, shelves
from core.store.connections import Connection
from core.store.work import Work
from worker.hub import Hub


@dataclass(slots=True)
class Plan:
    entries: dict[str, tuple[str | None, Sequence[Entry]]] = field(default_factory=dict)
    """By record id: (the customer's record id, what the books should say)."""
    problems: dict[str, Reason] = field(default_factory=dict)


def plan(work: Work, connection: Connection, kind: Kind, entities: Mapping[str, Entity]) -> Plan:
    """What the books should say of these records, or why they cannot."""
    planned = Plan()
    applied = _applied(work, connection, list(entities)) if kind is Kind.INVOICE else {}
    for record_id, entity in entities.items():
        if isinstance(entity, Invoice):
            entries = _of_invoice(work, connection, entity, applied.get(record_id, ()))
        elif isinstance(entity, Payment):
            entries = _of_payment(work, connection, entity)
        else:
            continue
        if isinstance(entries, Problem):
            planned.problems[record_id] = entries.reason
        else:
            planned.entries[record_id] = (entity.customer, entries)
    return planned


def book(
    hub: Hub, work: Work, connection: Connection, kind: Kind, planned: Plan, entities: Mapping[str, Entity]
) -> None:
    """Posts the plan. A payment may complete a foreign invoice: its rounding is then planned and posted too."""
    if planned.entries:
        ledger.post(work, connection.book_id, connection.book.base_currency, planned.entries)
    if kind is not Kind.PAYMENT:
        return
    paid = {
        application.invoice
        for record_id, entity in entities.items()
        if record_id in planned.entries and isinstance(entity, Payment)
        for application in entity.applications
        if entity.currency != connection.book.base_currency
    }
    if paid:
        invoices = shelves.load(hub.store, work.connection, work.workspace_id, Kind.INVOICE, sorted(paid))
        book(hub, work, connection, Kind.INVOICE, plan(work, connection, Kind.INVOICE, invoices), invoices)


def rate_of(work: Work, connection: Connection, currency: str, on: str) -> Rate | None:
    """None in the base currency, and where no rate is known: the pure function then says which it is."""
    if currency == connection.book.base_currency:
        return None
    return ledger.rate_on(work.connection, work.workspace_id, connection.book_id, currency, on)


def _of_invoice(
    work: Work, connection: Connection, invoice: Invoice, applied: Sequence[tuple[int, str]]
) -> tuple[Entry, ...] | Problem:
    rate = None
    if invoice.issued_at is not None:
        on = local_date(invoice.issued_at, connection.book.time_zone)
        rate = rate_of(work, connection, invoice.currency, on)
    return invoice_entries(invoice, connection.book, rate, applied)


def _of_payment(work: Work, connection: Connection, payment: Payment) -> tuple[Entry, ...] | Problem:
    if payment.received_at is None:
        return payment_entries(payment, connection.book, {}, None)
    zone = connection.book.time_zone
    settled_on = local_date(payment.received_at, zone)
    rates = {}
    for invoice_id, issued_on in _issued_on(work, [one.invoice for one in payment.applications], zone).items():
        rates[invoice_id] = rate_of(work, connection, payment.currency, issued_on)
    settle_rate = rate_of(work, connection, payment.settled_currency or payment.currency, settled_on)
    return payment_entries(payment, connection.book, rates, settle_rate)


def _issued_on(work: Work, invoice_ids: Sequence[str], zone: str) -> dict[str, str]:
    invoice = schema.invoice
    rows = work.connection.execute(
        select(invoice.c.id, invoice.c.issued_at).where(
            invoice.c.workspace_id == work.workspace_id, invoice.c.id.in_(invoice_ids), invoice.c.issued_at.is_not(None)
        )
    )
    return {row.id: local_date(row.issued_at, zone) for row in rows}


def _applied(work: Work, connection: Connection, invoice_ids: Sequence[str]) -> dict[str, list[tuple[int, str]]]:
    """(amount, the payment's date) of every payment that has come, by invoice."""
    part, payment = schema.payment_application, schema.payment
    rows = work.connection.execute(
        select(part.c.invoice_id, part.c.amount_minor, payment.c.received_at)
        .join(payment, and_(payment.c.workspace_id == part.c.workspace_id, payment.c.id == part.c.parent_id))
        .where(
            part.c.workspace_id == work.workspace_id,
            part.c.invoice_id.in_(invoice_ids),
            payment.c.succeeded,
            payment.c.received_at.is_not(None),
        )
    )
    applied: dict[str, list[tuple[int, str]]] = {}
    for row in rows:
        on = local_date(row.received_at, connection.book.time_zone)
        applied.setdefault(row.invoice_id, []).append((row.amount_minor, on))
    return applied
