"""Which entries a record's present state asks for: finds the rates and the other records that pure functions need."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Table, and_, select

from core.clock import local_date
from core.credit_postings import credit_note_entries, credit_refund_entries, fee_entries, refund_entries
from core.entities import BalanceTransaction, CreditNote, CreditRefund, Entity, Invoice, Payment, Refund
from core.kinds import Kind
from core.postings import Entry, Rate, invoice_entries, payment_entries
from core.reasons import Problem, Reason
from core.store import ledger, records, schema, shelves
from core.store.connections import Connection
from core.store.work import Store, Work

_E = TypeVar("_E", bound=Entity)


@dataclass(slots=True)
class Plan:
    entries: dict[str, tuple[str | None, Sequence[Entry]]] = field(default_factory=dict)
    """By record id: (the customer's record id, what the books should say)."""
    problems: dict[str, Reason] = field(default_factory=dict)


class Bookkeeper:
    """The books of one connection's legal entity, within one unit of work."""

    def __init__(self, store: Store, work: Work, connection: Connection) -> None:
        self._store = store
        self._work = work
        self._connection = connection
        self._book = connection.book

    def plan(self, entities: Mapping[str, Entity]) -> Plan:
        """What the books should say of these records (all of one kind), or why they cannot.

        Two drains may settle the same invoice at once: each sees what the other has posted, or is waited for.
        """
        records.hold(self._work, entities)
        planned = Plan()
        around = _Around(self._store, self._work, entities)
        for record_id, entity in entities.items():
            entries = self._entries(record_id, entity, around)
            if isinstance(entries, Problem):
                planned.problems[record_id] = entries.reason
            elif entries is not None:
                planned.entries[record_id] = (around.customer(entity), entries)
        return planned

    def post(self, planned: Plan) -> None:
        if planned.entries:
            ledger.post(self._work, self._connection.book_id, self._book.base_currency, planned.entries)

    def post_what_follows(self, kind: Kind, entities: Mapping[str, Entity]) -> None:
        """What these records change in the books of others: a foreign invoice that is now settled is rounded off, a
        refund that failed is no longer explained. After the records themselves are saved.
        """
        foreign = [one for one in entities.values() if getattr(one, "currency", "") != self._book.base_currency]
        invoices: set[str] = set()
        for entity in foreign:
            if isinstance(entity, Payment):
                invoices |= {application.invoice for application in entity.applications}
            elif isinstance(entity, CreditNote):
                invoices.add(entity.invoice)
        for of, record_ids in ((Kind.INVOICE, invoices), (Kind.CREDIT_REFUND, self._explained(kind, entities))):
            if record_ids:
                others = shelves.load(
                    self._store, self._work.connection, self._work.workspace_id, of, sorted(record_ids)
                )
                self.post(self.plan(others))

    def rate(self, currency: str, moment: datetime | None) -> Rate | None:
        """None in the base currency, and where no rate is known: the pure function then says which it is."""
        if currency == self._book.base_currency or moment is None:
            return None
        on = local_date(moment, self._book.time_zone)
        return ledger.rate_on(self._work.connection, self._work.workspace_id, self._connection.book_id, currency, on)

    def _entries(self, record_id: str, entity: Entity, around: "_Around") -> tuple[Entry, ...] | Problem | None:
        book = self._book
        match entity:
            case Invoice():
                applied = [(minor, local_date(at, book.time_zone)) for minor, at in around.applied(record_id)]
                return invoice_entries(entity, book, self.rate(entity.currency, entity.issued_at), applied)
            case Payment():
                rates = {
                    one.invoice: self.rate(entity.currency, around.issued_at(one.invoice))
                    for one in entity.applications
                }
                settled = entity.settled_currency or entity.currency
                return payment_entries(entity, book, rates, self.rate(settled, entity.received_at))
            case CreditNote():
                rate = self.rate(entity.currency, around.issued_at(entity.invoice))
                return credit_note_entries(entity, book, rate)
            case Refund():
                return refund_entries(entity, book, self.rate(entity.settled_currency, entity.refunded_at))
            case CreditRefund():
                refund, note = around.refunds[entity.refund], around.notes[entity.credit_note]
                note_rate = self.rate(entity.currency, around.issued_at(note.invoice))
                settle_rate = self.rate(refund.settled_currency, refund.refunded_at)
                return credit_refund_entries(entity, refund, book, note_rate, settle_rate)
            case BalanceTransaction():
                return fee_entries(entity, book, self.rate(entity.currency, entity.moved_at))
        return None

    def _explained(self, kind: Kind, entities: Mapping[str, Entity]) -> set[str]:
        if kind is not Kind.REFUND:
            return set()
        paid = schema.credit_refund
        return set(
            self._work.connection.execute(
                select(paid.c.id).where(
                    paid.c.workspace_id == self._work.workspace_id, paid.c.refund_id.in_(list(entities))
                )
            ).scalars()
        )


class _Around:
    """What the entities of a plan point to, read once for all of them."""

    def __init__(self, store: Store, work: Work, entities: Mapping[str, Entity]) -> None:
        self._store = store
        self._work = work
        explained = [one for one in entities.values() if isinstance(one, CreditRefund)]
        self.refunds = self._loaded(Kind.REFUND, Refund, (one.refund for one in explained))
        self.notes = self._loaded(Kind.CREDIT_NOTE, CreditNote, (one.credit_note for one in explained))
        invoice_ids = {one.invoice for one in entities.values() if isinstance(one, CreditNote)}
        invoice_ids |= {note.invoice for note in self.notes.values()}
        invoice_ids |= {
            part.invoice for one in entities.values() if isinstance(one, Payment) for part in one.applications
        }
        self._issued_at = self._issue_moments(invoice_ids)
        self._applied = self._settlements([id_ for id_, one in entities.items() if isinstance(one, Invoice)])

    def issued_at(self, invoice_id: str) -> datetime | None:
        return self._issued_at.get(invoice_id)

    def applied(self, invoice_id: str) -> Sequence[tuple[int, datetime]]:
        """(amount, moment) of every payment that has come and every credit that has lowered what is due."""
        return self._applied.get(invoice_id, ())

    def customer(self, entity: Entity) -> str | None:
        match entity:
            case Invoice() | Payment() | CreditNote():
                return entity.customer
            case CreditRefund():
                return self.notes[entity.credit_note].customer
        return None

    def _loaded(self, kind: Kind, entity_type: type[_E], record_ids: Iterable[str]) -> dict[str, _E]:
        wanted = sorted(set(record_ids))
        found = shelves.load(self._store, self._work.connection, self._work.workspace_id, kind, wanted)
        return {id_: one for id_, one in found.items() if isinstance(one, entity_type)}

    def _issue_moments(self, invoice_ids: set[str]) -> dict[str, datetime]:
        if not invoice_ids:
            return {}
        invoice = schema.invoice
        rows = self._work.connection.execute(
            select(invoice.c.id, invoice.c.issued_at).where(
                invoice.c.workspace_id == self._work.workspace_id,
                invoice.c.id.in_(sorted(invoice_ids)),
                invoice.c.issued_at.is_not(None),
            )
        )
        return {row.id: row.issued_at for row in rows}

    def _settlements(self, invoice_ids: Sequence[str]) -> dict[str, list[tuple[int, datetime]]]:
        if not invoice_ids:
            return {}
        part, payment, note = schema.payment_application, schema.payment, schema.credit_note
        paid = (
            select(part.c.invoice_id, part.c.amount_minor, payment.c.received_at)
            .join(payment, _same(payment, part.c.workspace_id, part.c.parent_id))
            .where(
                part.c.workspace_id == self._work.workspace_id,
                part.c.invoice_id.in_(invoice_ids),
                payment.c.succeeded,
                payment.c.received_at.is_not(None),
            )
        )
        credited = select(note.c.invoice_id, note.c.due_lowered_minor, note.c.issued_at).where(
            note.c.workspace_id == self._work.workspace_id, note.c.invoice_id.in_(invoice_ids), ~note.c.void
        )
        settled: dict[str, list[tuple[int, datetime]]] = {}
        for query in (paid, credited):
            for invoice_id, minor, moment in self._work.connection.execute(query):
                if minor:
                    settled.setdefault(invoice_id, []).append((minor, moment))
        return settled


def _same(table: Table, workspace_id: ColumnElement[str], record_id: ColumnElement[str]) -> ColumnElement[bool]:
    return and_(table.c.workspace_id == workspace_id, table.c.id == record_id)
