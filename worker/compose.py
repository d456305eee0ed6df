"""From what is owed to the exact elements to send: entities, ids in the target's coordinates, choices, rates.

The one place where ids go out into another system's coordinates. Everything is read for the whole batch at once.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.contract import Document, Row, Writes
from connectors.registry import CONNECTORS
from core.canonical import decimal_text
from core.clock import local_date
from core.entities import Customer, Entity, Invoice, Payment, Price, TaxRate, references, with_ids
from core.kinds import Kind
from core.reasons import Problem
from core.store import links, records, rulebooks, shelves
from core.store.connections import Connection
from core.store.outbox import Owed
from core.store.work import Work
from mapping.facts import Choices, Facts, choices, invoice_facts, payment_facts, price_facts
from mapping.rulebook import Rulebook
from worker import bookkeeping
from worker.hub import Hub


@dataclass(frozen=True, slots=True)
class Composed:
    """One owed delivery, worked out: an element to send, a problem, or nothing to do; and what it needs first."""

    owed: Owed
    row: Row | Problem | None
    remote_id: str | None
    needs: frozenset[tuple[Kind, str]]
    """Records (ours) that are to be at the target and are not yet."""


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What the batch's entities point to, read once."""

    targets: Mapping[tuple[str, str], str]
    origins: Mapping[str, str]
    tax_rates: Mapping[str, TaxRate]
    countries: Mapping[str, str]
    rulebook: Rulebook
    book_name: str


def compose(
    hub: Hub, work: Work, target: Connection, kind: Kind, writes: Writes, owed: Sequence[Owed]
) -> list[Composed]:
    entities = shelves.load(hub.store, work.connection, work.workspace_id, kind, [one.record_id for one in owed])
    around = _look_around(hub, work, target, kind, entities)
    written = CONNECTORS[target.vendor].writes
    composed = []
    for one in owed:
        entity = entities.get(one.record_id)  # absent: a person who was forgotten
        remote_id = around.targets.get((one.record_id, one.part))
        if entity is None or not writes.owes(entity, remote_id is not None):
            composed.append(Composed(one, None, remote_id, frozenset()))
            continue
        chosen = choices(
            around.rulebook,
            writes.slots,
            writes.line_slots,
            _facts(one, entity, around),
            document=one.name,
            connection=target.name,
        )
        needs = frozenset(
            (of, record_id)
            for of, record_id in _concerning(entity, one.part)
            if of in written and (record_id, "") not in around.targets
        )
        if isinstance(chosen, Problem):
            composed.append(Composed(one, chosen, remote_id, frozenset()))
        elif needs:
            composed.append(Composed(one, None, remote_id, needs))
        else:
            document = _document(work, target, one, entity, remote_id, chosen, around)
            composed.append(Composed(one, writes.row(document), remote_id, frozenset()))
    return composed


def _document(
    work: Work,
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
        rate=_rate(work, target, entity),
    )


def _concerning(entity: Entity, part: str) -> set[tuple[Kind, str]]:
    """What the document points to; of a payment over several invoices, only this part's invoice."""
    return {
        (kind, record_id)
        for kind, record_id in references(entity)
        if not part or kind is not Kind.INVOICE or record_id == part
    }


def _look_around(hub: Hub, work: Work, target: Connection, kind: Kind, entities: Mapping[str, Entity]) -> _Surroundings:
    pointed = {reference for entity in entities.values() for reference in references(entity)}
    ids = {record_id for _, record_id in pointed}

    def loaded(of: Kind) -> Mapping[str, Entity]:
        wanted = sorted(record_id for kind, record_id in pointed if kind is of)
        return shelves.load(hub.store, work.connection, work.workspace_id, of, wanted) if wanted else {}

    rules = rulebooks.in_force(work.connection, work.workspace_id, target.id, work.now)
    return _Surroundings(
        targets=links.remote_ids(work.connection, work.workspace_id, target.id, ids | set(entities)),
        origins=records.origin_ids(work.connection, work.workspace_id, ids | set(entities)),
        tax_rates={id_: rate for id_, rate in loaded(Kind.TAX_RATE).items() if isinstance(rate, TaxRate)},
        countries={
            id_: customer.address.country
            for id_, customer in (loaded(Kind.CUSTOMER) if kind is Kind.INVOICE else {}).items()
            if isinstance(customer, Customer)
        },
        rulebook=Rulebook.parse(json.dumps(rules.rules if rules else {"slots": {}})),
        book_name=target.book_name,
    )


def _facts(one: Owed, entity: Entity, around: _Surroundings) -> Facts:
    """What a rule may look at: ids as they are at the origin, where the bookkeeper sees them."""
    there = with_ids(entity, lambda _, record_id: around.origins[record_id])
    match there:
        case Invoice():
            assert isinstance(entity, Invoice)
            rates = {around.origins[id_]: rate for id_, rate in around.tax_rates.items()}
            country = around.countries.get(entity.customer, "")
            return invoice_facts(there, rates, book=around.book_name, country=country)
        case Price():
            return price_facts(there, one.origin_id, book=around.book_name)
        case Payment():
            return payment_facts(there, book=around.book_name)
    return Facts({})


def _rate(work: Work, target: Connection, entity: Entity) -> str:
    match entity:
        case Invoice(issued_at=moment) if moment is not None:
            currency = entity.currency
        case Payment(received_at=moment) if moment is not None:
            currency = entity.currency
        case _:
            return ""
    rate = bookkeeping.rate_of(work, target, currency, local_date(moment, target.book.time_zone))
    return decimal_text(rate.value) if rate else ""
