"""From what is owed to the exact elements to send: entities, ids in the target's coordinates, choices, rates.

The one place where ids go out into another system's coordinates. Everything is read for the whole batch at once.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection as Database

from connectors.contract import Document, Row, Writes
from connectors.registry import CONNECTORS
from core.canonical import decimal_text
from core.clock import local_date
from core.entities import (
    Allocation,
    CreditNote,
    CreditRefund,
    Customer,
    Entity,
    Invoice,
    Payment,
    Price,
    Refund,
    TaxRate,
    references,
    with_ids,
)
from core.kinds import Kind
from core.money import decimal_of
from core.reasons import Problem
from core.remedies import Remedy, remedy
from core.store import links, records, rulebooks, shelves
from core.store.connections import Connection
from core.store.outbox import Owed
from core.store.work import Work
from mapping.facts import Choices, Facts, choices, credit_note_facts, invoice_facts, money_facts, price_facts
from mapping.rulebook import Rulebook
from worker.bookkeeping import Bookkeeper
from worker.hub import Hub


@dataclass(frozen=True, slots=True)
class Composed:
    """One owed delivery, worked out: an element to send, a problem, or nothing to do; and what it needs first."""

    owed: Owed
    row: Row | Problem | None
    remote_id: str | None
    needs: frozenset[tuple[Kind, str]] = frozenset()
    """Records (ours) that are to be at the target and are not yet; with a problem that another document resolves,
    whatever this one points to."""
    resting: frozenset[tuple[Kind, str]] = frozenset()
    """Of what is to be taken away there: what rests on it and is to be taken away first."""
    before_merges: Row | None = None
    """The same element as it was before what it names was merged there into something else; None if nothing was."""
    date: str = ""
    """The document's date (ISO); empty for what has none."""


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What the batch's entities point to, read once."""

    targets: Mapping[tuple[str, str], str]
    merged: Mapping[tuple[str, str], str]
    """Of those in `targets` that were merged there into others: the ids that they had before."""
    origins: Mapping[str, str]
    near: Mapping[str, Entity]
    """By record id: tax rates, customers, and the invoices and refunds that credit notes and their refunds name."""
    rulebook: Rulebook
    book_name: str
    books: Bookkeeper


def compose(
    hub: Hub, work: Work, target: Connection, kind: Kind, writes: Writes, owed: Sequence[Owed]
) -> list[Composed]:
    entities = shelves.load(hub.store, work.connection, work.workspace_id, kind, [one.record_id for one in owed])
    around = _look_around(hub, work, target, kind, entities)
    resting = _resting(hub, work, target, writes, entities, around)
    composed = []
    for one in owed:
        entity = entities.get(one.record_id)  # absent: a person who was forgotten
        remote_id = around.targets.get((one.record_id, one.part))
        # what was merged there into another document is that one's affair
        is_merged = (one.record_id, one.part) in around.merged
        if entity is None or is_merged or not writes.owes(entity, remote_id is not None):
            composed.append(Composed(one, None, remote_id))
            continue
        needs = _missing(target, writes, one, entity, around)
        if needs or resting.get(one.record_id):
            composed.append(Composed(one, None, remote_id, needs, resting.get(one.record_id, frozenset())))
            continue
        chosen = choices(
            around.rulebook,
            _slots(writes, entity, around),
            writes.line_slots,
            _facts(one, entity, around),
            document=one.name,
            connection=target.name,
        )
        if isinstance(chosen, Problem):
            composed.append(Composed(one, chosen, remote_id))
        else:
            document = _document(target, one, entity, remote_id, chosen, around)
            row = writes.row(document)
            waits = isinstance(row, Problem) and remedy(row.reason) is Remedy.WAIT
            resolved_by = frozenset(references(entity)) if waits else frozenset()
            composed.append(
                Composed(
                    one,
                    row,
                    remote_id,
                    resolved_by,
                    before_merges=_before_merges(target, writes, one, entity, remote_id, chosen, around),
                    date=document.date,
                )
            )
    return composed


def _before_merges(
    target: Connection,
    writes: Writes,
    one: Owed,
    entity: Entity,
    remote_id: str | None,
    chosen: Choices,
    around: _Surroundings,
) -> Row | None:
    if not any((record_id, "") in around.merged for _, record_id in references(entity)):
        return None
    then = replace(around, targets={**around.targets, **around.merged})
    row = writes.row(_document(target, one, entity, remote_id, chosen, then))
    return row if isinstance(row, dict) else None


def _missing(
    target: Connection, writes: Writes, one: Owed, entity: Entity, around: _Surroundings
) -> frozenset[tuple[Kind, str]]:
    """What it points to that is to be at the target and is not yet."""
    written = CONNECTORS[target.vendor].writes
    return frozenset(
        (of, record_id)
        for of, record_id in writes.needs(entity)
        if of in written
        and (record_id, "") not in around.targets
        and _concerns(of, record_id, one.part)
        and (record_id not in around.near or written[of].owes(around.near[record_id], False))
    )


def _resting(
    hub: Hub,
    work: Work,
    target: Connection,
    writes: Writes,
    entities: Mapping[str, Entity],
    around: _Surroundings,
) -> dict[str, frozenset[tuple[Kind, str]]]:
    """By record that is to be taken away: what rests on it there and is to be taken away too, and first.

    What rests on it and is to stay is no need: the vendor then refuses, and a person decides which of the two is wrong.
    """
    leaving = [id_ for id_, one in entities.items() if writes.removes(one) and (id_, "") in around.targets]
    pointing = shelves.pointing(work.connection, work.workspace_id, writes.rests_on_it, leaving)
    there = links.remote_ids(
        work.connection, work.workspace_id, target.id, {id_ for rest in pointing.values() for _, id_ in rest}
    )
    written, going = CONNECTORS[target.vendor].writes, set()
    for kind in writes.rests_on_it if there else ():
        ids = [id_ for id_, _ in there]
        found = shelves.load(hub.store, work.connection, work.workspace_id, kind, ids)
        going |= {(kind, id_) for id_, one in found.items() if written[kind].removes(one)}
    return {id_: frozenset(rest & going) for id_, rest in pointing.items()}


def _document(
    target: Connection,
    one: Owed,
    entity: Entity,
    remote_id: str | None,
    chosen: Choices,
    around: _Surroundings,
) -> Document:
    return Document(
        # kinds that this target does not write keep our ids there: no element names them
        entity=with_ids(entity, lambda _, record_id: around.targets.get((record_id, ""), record_id)),
        origin_id=one.origin_id,
        name=one.name,
        remote_id=remote_id,
        part=around.targets[one.part, ""] if one.part else "",
        book=target.book,
        choices=chosen[0],
        line_choices=chosen[1],
        date=local_date(moment, target.book.time_zone) if (moment := _moment(entity, around)) else "",
        rate=_rate(target, entity, around),
        settles_in=getattr(_money(entity, around), "settled_currency", ""),
    )


def _slots(writes: Writes, entity: Entity, around: _Surroundings) -> Sequence[str]:
    for kind, record_id in references(entity):
        if kind in writes.slots_beside and (record_id, "") in around.targets:
            return writes.slots_beside[kind]
    return writes.slots


def _money(entity: Entity, around: _Surroundings) -> Entity:
    """What moved the gateway's balance: of what pays out a credit note, its refund."""
    return around.near[entity.refund] if isinstance(entity, CreditRefund) else entity


def _concerns(kind: Kind, record_id: str, part: str) -> bool:
    """Of a payment over several invoices, a document is about its own part's invoice only."""
    return not part or kind is not Kind.INVOICE or record_id == part


_NEAR: Mapping[Kind, Sequence[Kind]] = {
    Kind.INVOICE: (Kind.TAX_RATE, Kind.CUSTOMER),
    Kind.CREDIT_NOTE: (Kind.TAX_RATE, Kind.CUSTOMER, Kind.INVOICE),
    Kind.CREDIT_REFUND: (Kind.REFUND,),
}
"""Whose contents a document of a kind is written with, beside its own."""


def _look_around(hub: Hub, work: Work, target: Connection, kind: Kind, entities: Mapping[str, Entity]) -> _Surroundings:
    pointed = {reference for entity in entities.values() for reference in references(entity)}
    near: dict[str, Entity] = {}
    for of in _NEAR.get(kind, ()):
        wanted = sorted(record_id for named, record_id in pointed if named is of)
        near |= shelves.load(hub.store, work.connection, work.workspace_id, of, wanted)
    ids = {record_id for _, record_id in pointed} | set(entities)
    for entity in near.values():
        ids |= {record_id for _, record_id in references(entity)}
    rules = rulebooks.in_force(work.connection, work.workspace_id, target.id, work.now)
    return _Surroundings(
        targets=links.remote_ids(work.connection, work.workspace_id, target.id, ids),
        merged=links.before_merges(work.connection, work.workspace_id, target.id, ids),
        origins=records.origin_ids(work.connection, work.workspace_id, ids),
        near=near,
        rulebook=Rulebook.parse(json.dumps(rules.rules if rules else {"slots": {}})),
        book_name=target.book_name,
        books=Bookkeeper(hub.store, work, target),
    )


def _facts(one: Owed, entity: Entity, around: _Surroundings) -> Facts:
    """What a rule may look at: ids as they are at the origin, where the bookkeeper sees them."""
    there = with_ids(entity, lambda _, record_id: around.origins[record_id])
    rates = {around.origins[id_]: near for id_, near in around.near.items() if isinstance(near, TaxRate)}
    book = around.book_name
    match there:
        case Invoice():
            return invoice_facts(there, rates, book=book, country=_country(entity, around))
        case CreditNote():
            invoice = around.near[getattr(entity, "invoice", "")]
            credited = with_ids(invoice, lambda _, record_id: around.origins[record_id])
            assert isinstance(credited, Invoice)
            return credit_note_facts(there, credited, rates, book=book, country=_country(entity, around))
        case Price():
            return price_facts(there, one.origin_id, book=book)
        case Payment() | Refund():
            return money_facts(there.settled_currency or there.currency, book=book)
        case CreditRefund():
            refund = around.near[getattr(entity, "refund", "")]
            assert isinstance(refund, Refund)
            return money_facts(refund.settled_currency or refund.currency, book=book)
    return Facts({})


def _country(entity: Entity, around: _Surroundings) -> str:
    customer = around.near.get(getattr(entity, "customer", ""))
    return customer.address.country if isinstance(customer, Customer) else ""


def _moment(entity: Entity, around: _Surroundings) -> datetime | None:
    """The document's own moment; its local date is the document's date."""
    match entity:
        case Invoice() | CreditNote():
            return entity.issued_at
        case Payment():
            return entity.received_at
        case Allocation():
            return entity.allocated_at
        case Refund():
            return entity.refunded_at
        case CreditRefund():
            return _moment(around.near[entity.refund], around)
    return None


def _rate(target: Connection, entity: Entity, around: _Surroundings) -> str:
    """Of an invoice, its own day's; of a credit note, its invoice's; of money, what it settled in."""
    rate: Decimal | None = None
    match entity:
        case CreditNote():
            found = around.books.rate(entity.currency, _moment(around.near[entity.invoice], around))
            rate = found.value if found else None
        case Payment() | Refund():
            rate = _settled_rate(target, entity, around)
        case CreditRefund():
            refund = around.near[entity.refund]
            assert isinstance(refund, Refund)
            rate = _settled_rate(target, refund, around)
        case Invoice():
            found = around.books.rate(entity.currency, entity.issued_at)
            rate = found.value if found else None
    return decimal_text(rate) if rate else ""


def _settled_rate(target: Connection, money: Payment | Refund, around: _Surroundings) -> Decimal | None:
    base = target.book.base_currency
    if money.currency != base and money.settled_currency == base and money.amount_minor:
        settled = decimal_of(money.settled_minor, base)
        return settled / decimal_of(money.amount_minor, money.currency)
    found = around.books.rate(money.currency, _moment(money, around))
    return found.value if found else None


def named_there(
    hub: Hub, database: Database, target: Connection, kind: Kind, record_ids: Sequence[str]
) -> dict[Kind, list[str]]:
    """What these records are and name at the target, by kind, as far as it could be merged there: the ids now."""
    reads = CONNECTORS[target.vendor].reads
    entities = shelves.load(hub.store, database, target.workspace_id, kind, record_ids)
    named = {(kind, record_id) for record_id in record_ids}
    named |= {reference for entity in entities.values() for reference in references(entity)}
    kinds = {record_id: of for of, record_id in named if of in reads and reads[of].merged_into is not None}
    there: dict[Kind, list[str]] = {}
    for (record_id, _), remote_id in links.remote_ids(database, target.workspace_id, target.id, kinds).items():
        there.setdefault(kinds[record_id], []).append(remote_id)
    return there
