"""What a gateway showed us becomes records, postings and deliveries, a portion to a unit of work.

Rows are a pure function's input: shown again, in any order, they leave the same records. What cannot be understood or
booked is a problem of that row alone and is given back to the caller; its neighbours go on.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from connectors.contract import Connector, Role, Row
from connectors.registry import CONNECTORS
from core.canonical import canonical_json
from core.entities import CreditNote, CreditRefund, Entity, Invoice, Payment, references, with_ids
from core.figures import Figures, figures_of
from core.kinds import Kind
from core.reasons import Problem, Reason, ReasonCode
from core.store import bodies, connections, links, outbox, records, standings
from core.store.connections import Connection
from core.store.links import Link
from core.store.observations import Observed, observe
from core.store.records import Version
from core.store.work import Work
from worker.bookkeeping import Bookkeeper
from worker.credit import credit_uses, failed_refunds, moves_balance, paid_out_by
from worker.hub import Hub

_PORTION = 30
_PLACES = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Shown:
    """A row, and what it says: read before anything is locked."""

    kind: Kind
    remote_id: str
    row: Row
    cause: str
    """event, reference or pull"""
    content: bytes
    told: Sequence[tuple[Kind, str, Entity | Problem]]
    """Its own entity, and further ones that have no row; nothing of a kind that never becomes records."""


def read(connector: Connector, kind: Kind, remote_id: str, row: Row, cause: str) -> Shown:
    reads = connector.reads[kind]
    told: list[tuple[Kind, str, Entity | Problem]] = []
    if reads.entity is not None:
        told.append((kind, remote_id, entity := reads.entity(row)))
        if not isinstance(entity, Problem):
            told += reads.further(row)
    return Shown(kind, remote_id, row, cause, canonical_json(row), told)


@dataclass(slots=True)
class Absorbed:
    problems: dict[tuple[Kind, str], Reason] = field(default_factory=dict)
    """By the row that was shown."""
    owed: set[tuple[str, Kind]] = field(default_factory=set)
    """(connection, kind) that now have something to deliver."""


@dataclass(frozen=True, slots=True)
class _Told:
    """An entity that a row told, in the gateway's ids: its own, or a further one that has no row."""

    kind: Kind
    remote_id: str
    entity: Entity
    version: str
    shown_hash: str
    cause: str
    row: tuple[Kind, str]


def absorb(
    hub: Hub, connection: Connection, shown: Sequence[Shown], seen_at: datetime, earlier: Absorbed, work: Work
) -> Absorbed:
    """What became of these rows, and of earlier ones of the same answers. `seen_at` is the moment before they were
    asked for: what was seen later is never overwritten by them.
    """
    done = Absorbed(dict(earlier.problems), set(earlier.owed))
    _Absorption(hub, work, connection, done).run(shown, seen_at)
    return done


def portions(shown: Iterable[Shown]) -> list[list[Shown]]:
    """Parents before children, and no more at once than is written while others wait shortly."""
    cut: list[list[Shown]] = []
    for one in sorted(shown, key=lambda one: _PLACES[one.kind]):
        if not cut or cut[-1][0].kind is not one.kind or len(cut[-1]) == _PORTION:
            cut.append([])
        cut[-1].append(one)
    return cut


def told_references(shown: Iterable[Shown]) -> set[tuple[Kind, str]]:
    """Whatever the rows point to, as far as they can be read."""
    return {
        reference
        for one in shown
        for _, _, entity in one.told
        if not isinstance(entity, Problem)
        for reference in references(entity)
    }


class _Absorption:
    def __init__(self, hub: Hub, work: Work, connection: Connection, done: Absorbed) -> None:
        self.hub = hub
        self.work = work
        self.connection = connection
        self.connector = CONNECTORS[connection.vendor]
        self.books = Bookkeeper(hub.store, work, connection)
        self.done = done

    def run(self, shown: Sequence[Shown], seen_at: datetime) -> None:
        told: dict[Kind, dict[str, _Told]] = {kind: {} for kind in Kind}
        for kind in Kind:
            rows = {one.remote_id: one for one in shown if one.kind is kind}
            for one in self._observe(kind, rows, seen_at) if rows else ():
                told[one.kind][one.remote_id] = one
        # parents before children, whichever row told them
        for kind in Kind:
            if kind is Kind.ALLOCATION:
                told[kind] |= self._credit_used({**told[Kind.INVOICE], **told[Kind.CREDIT_NOTE]})
            if kind is Kind.CREDIT_REFUND:
                told[kind] = self._paid_out(told[kind], told[Kind.REFUND])
            if told[kind]:
                self._keep(kind, told[kind])

    def _observe(self, kind: Kind, rows: Mapping[str, Shown], seen_at: datetime) -> Iterator[_Told]:
        """Appends what is new to the observations, and reads what is not older than what we have seen."""
        hashes = {remote_id: self._fingerprint(one.content) for remote_id, one in rows.items()}
        version = self.connector.reads[kind].version
        current = observe(
            self.hub.store,
            self.work,
            self.connection.id,
            kind,
            [
                Observed(remote_id, one.content, hashes[remote_id], version(one.row), one.cause)
                for remote_id, one in rows.items()
            ],
            seen_at,
        )
        told: dict[str, Figures] = {}
        for remote_id in current:
            one = rows[remote_id]
            for of, its_id, entity in one.told:
                if isinstance(entity, Problem):
                    self.done.problems[kind, remote_id] = self._about(kind, remote_id, entity.reason)
                else:
                    if of is kind and (figures := figures_of(entity, self.connection.book.time_zone)):
                        told[remote_id] = figures
                    yield _Told(of, its_id, entity, version(one.row), hashes[remote_id], one.cause, (kind, remote_id))
        standings.keep(self.work, self.connection.id, kind, told, seen_at)

    def _keep(self, kind: Kind, told: Mapping[str, _Told]) -> None:
        ids = self._known_ids(kind, told)
        fresh = {remote_id: self.work.new_id() for remote_id in told if (kind, remote_id) not in ids}
        ours: dict[str, Entity] = {}
        origins: dict[str, _Told] = {}
        for remote_id, one in told.items():
            missing = [reference for reference in references(one.entity) if reference not in ids]
            if missing:
                self.done.problems[one.row] = self._without(one, missing[0])
                continue
            record_id = fresh.get(remote_id) or ids[kind, remote_id]
            ours[record_id] = with_ids(one.entity, lambda of, remote: ids[of, remote])
            origins[record_id] = one

        plan = self.books.plan(ours)
        for record_id, reason in plan.problems.items():
            one = origins.pop(record_id)
            self.done.problems[one.row] = self._about(one.kind, one.remote_id, reason)
            del ours[record_id]
        revisions = self._save(kind, ours, origins)
        self._link(kind, origins, fresh)
        self.books.post(plan)
        self.books.post_what_follows(kind, ours)
        # in the order they were told in: what takes its place comes after what goes
        self._owe(
            kind, {record_id: (ours[record_id], revisions[record_id]) for record_id in ours if record_id in revisions}
        )

    def _credit_used(self, told: Mapping[str, _Told]) -> dict[str, _Told]:
        """What the balances of these documents' customers were used for, as far as that is new or no longer so."""
        moving = {one.entity.customer for one in told.values() if moves_balance(one.entity)}
        ids = links.linked(
            self.work.connection,
            self.work.workspace_id,
            self.connection.id,
            {(Kind.CUSTOMER, customer) for customer in moving},
        )
        uses = credit_uses(self.work, self.connection.id, sorted(ids.values()))
        return {
            remote_id: _Told(
                Kind.ALLOCATION, remote_id, one, "", "", "the customer's balance", (Kind.ALLOCATION, remote_id)
            )
            for remote_id, one in uses.items()
        }

    def _paid_out(self, told: Mapping[str, _Told], refunds: Mapping[str, _Told]) -> dict[str, _Told]:
        """What pays out credit notes, void where its refund came back: of that, only the refund's own row tells."""
        failed = {remote_id for remote_id, one in refunds.items() if getattr(one.entity, "failed_at", None)}
        unsure = {one.entity.refund for one in told.values() if isinstance(one.entity, CreditRefund)}
        failed |= failed_refunds(self.work, self.connection.id, unsure - refunds.keys())
        paid = {
            remote_id: _Told(Kind.CREDIT_REFUND, remote_id, one, "", "", "its refund", (Kind.CREDIT_REFUND, remote_id))
            for remote_id, one in paid_out_by(self.work, self.connection.id, failed).items()
        }
        return {
            remote_id: replace(one, entity=replace(one.entity, void=True))
            if isinstance(one.entity, CreditRefund) and one.entity.refund in failed
            else one
            for remote_id, one in (paid | dict(told)).items()
        }

    def _known_ids(self, kind: Kind, told: Mapping[str, _Told]) -> dict[tuple[Kind, str], str]:
        wanted = {(kind, remote_id) for remote_id in told}
        wanted |= {reference for one in told.values() for reference in references(one.entity)}
        return links.linked(self.work.connection, self.work.workspace_id, self.connection.id, wanted)

    def _save(self, kind: Kind, ours: Mapping[str, Entity], origins: Mapping[str, _Told]) -> Mapping[str, int]:
        """The new revisions of those that changed."""
        return records.save(
            self.hub.store,
            self.work,
            kind,
            origin_connection_id=self.connection.id,
            book_id=self.connection.book_id,
            versions={
                record_id: Version(
                    origins[record_id].remote_id,
                    _name(kind, origins[record_id].remote_id, entity),
                    self._fingerprint(canonical_json(entity)),
                    entity,
                    origins[record_id].cause,
                )
                for record_id, entity in ours.items()
            },
        )

    def _link(self, kind: Kind, origins: Mapping[str, _Told], fresh: Mapping[str, str]) -> None:
        """The gateway's ids of these records, and what it last showed of them."""
        new = [
            Link(record_id, "", one.remote_id, one.version, one.shown_hash)
            for record_id, one in origins.items()
            if one.remote_id in fresh
        ]
        shown = {one.remote_id: (one.version, one.shown_hash) for one in origins.values() if one.remote_id not in fresh}
        links.add(self.work, self.connection.id, self.connection.environment, kind, new)
        links.show(self.work, self.connection.id, kind, shown)

    def _owe(self, kind: Kind, changed: Mapping[str, tuple[Entity, int]]) -> None:
        """Whoever keeps the same book and takes this kind is owed the new revisions."""
        takers = [vendor for vendor, one in CONNECTORS.items() if one.role is not Role.GATEWAY and kind in one.writes]
        if not changed or not takers:
            return
        book_id = self.connection.book_id
        for target in connections.targets(self.work.connection, self.work.workspace_id, book_id, takers):
            writes = CONNECTORS[target.vendor].writes[kind]
            demanded = outbox.owed_ever(self.work, target.id, changed) if writes.on_demand else set(changed)
            owed = {
                record_id: (revision, parts)
                for record_id, (entity, revision) in changed.items()
                if record_id in demanded and (parts := writes.parts(entity))
            }
            if owed:
                outbox.owe(self.work, target.id, kind, owed)
                self.done.owed.add((target.id, kind))

    def _about(self, kind: Kind, remote_id: str, reason: Reason) -> Reason:
        """A translator knows its row; which document it is, and where it stands, is said here."""
        known = {"document": f"{kind.value.replace('_', ' ')} {remote_id}", "connection": self.connection.name}
        return replace(reason, params=known | reason.params)

    def _without(self, one: _Told, missing: tuple[Kind, str]) -> Reason:
        """Why it cannot be kept yet: the reason of the row it points to, or that this one is not there."""
        document = f"{one.kind} {one.remote_id}"
        if missing in self.done.problems:
            reason = self.done.problems[missing]
            return replace(reason, params={**reason.params, "document": document})
        there = {"document": f"{missing[0]} {missing[1]} of {document}", "connection": self.connection.name}
        return Reason(ReasonCode.MISSING_THERE, there)

    def _fingerprint(self, content: bytes) -> str:
        return bodies.fingerprint(self.hub.store, self.work, content)


def _name(kind: Kind, remote_id: str, entity: Entity) -> str:
    """How people call the document. Never a person's name: this stands in logs and reasons."""
    match entity:
        case Invoice(number=number) | CreditNote(number=number) if number:
            called = number
        case Payment(charge=charge) if charge:
            called = charge
        case _:
            called = remote_id
    return f"{kind.value.replace('_', ' ')} {called}"
