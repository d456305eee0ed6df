"""What a gateway showed us becomes records, postings and deliveries, in one unit of work.

Rows are a pure function's input: shown again, in any order, they leave the same records. What cannot be understood or
booked is a problem of that row alone and is given back to the caller; its neighbours go on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from connectors.contract import Connector, Role, Row
from connectors.registry import CONNECTORS
from core.canonical import canonical_json
from core.entities import Entity, Invoice, Payment, references, with_ids
from core.kinds import Kind
from core.reasons import Problem, Reason, ReasonCode
from core.store import bodies, connections, links, outbox, records
from core.store.connections import Connection
from core.store.links import Link
from core.store.observations import Observed, observe
from core.store.records import Version
from core.store.work import Work
from worker import bookkeeping
from worker.hub import Hub


@dataclass(frozen=True, slots=True)
class Shown:
    kind: Kind
    remote_id: str
    row: Row
    cause: str
    """event, reference or pull"""


@dataclass(slots=True)
class Absorbed:
    problems: dict[tuple[Kind, str], Reason] = field(default_factory=dict)
    owed: set[tuple[str, Kind]] = field(default_factory=set)
    """(connection, kind) that now have something to deliver."""


def absorb(hub: Hub, work: Work, connection: Connection, shown: Sequence[Shown], seen_at: datetime) -> Absorbed:
    """`seen_at` is the moment before the rows were asked for: what was seen later is never overwritten by them."""
    done = Absorbed()
    connector = CONNECTORS[connection.vendor]
    for kind in Kind:
        rows = {one.remote_id: one for one in shown if one.kind is kind}
        if rows:
            _absorb_kind(hub, work, connection, connector, kind, rows, seen_at, done)
    return done


def _absorb_kind(
    hub: Hub,
    work: Work,
    connection: Connection,
    connector: Connector,
    kind: Kind,
    rows: Mapping[str, Shown],
    seen_at: datetime,
    done: Absorbed,
) -> None:
    reads = connector.reads[kind]
    assert reads.entity is not None, "what becomes a record is read as an entity"
    contents = {remote_id: canonical_json(one.row) for remote_id, one in rows.items()}
    hashes = {remote_id: bodies.fingerprint(hub.store, work, content) for remote_id, content in contents.items()}
    versions = {remote_id: reads.version(one.row) for remote_id, one in rows.items()}
    current = observe(
        hub.store,
        work,
        connection.id,
        kind,
        [
            Observed(remote_id, contents[remote_id], hashes[remote_id], versions[remote_id], one.cause)
            for remote_id, one in rows.items()
        ],
        seen_at,
    )
    read = {remote_id: reads.entity(rows[remote_id].row) for remote_id in current}
    understood: dict[str, Entity] = {}
    for remote_id, entity in read.items():
        if isinstance(entity, Problem):
            done.problems[kind, remote_id] = entity.reason
        else:
            understood[remote_id] = entity

    wanted = {(kind, remote_id) for remote_id in understood}
    wanted |= {reference for entity in understood.values() for reference in references(entity)}
    ids = links.linked(work.connection, work.workspace_id, connection.id, wanted)
    fresh = {remote_id: work.new_id() for remote_id in understood if (kind, remote_id) not in ids}
    entities: dict[str, tuple[str, Entity]] = {}
    for remote_id, entity in understood.items():
        missing = [reference for reference in references(entity) if reference not in ids]
        if missing:
            done.problems[kind, remote_id] = _without(kind, remote_id, missing[0], connection, done)
        else:
            ours = with_ids(entity, lambda of, remote: ids[of, remote])
            entities[ids.get((kind, remote_id)) or fresh[remote_id]] = (remote_id, ours)

    plan = bookkeeping.plan(work, connection, kind, {record_id: entity for record_id, (_, entity) in entities.items()})
    for record_id, reason in plan.problems.items():
        done.problems[kind, entities.pop(record_id)[0]] = reason
    revisions = records.save(
        hub.store,
        work,
        kind,
        origin_connection_id=connection.id,
        book_id=connection.book_id,
        versions={
            record_id: Version(
                remote_id,
                _name(kind, remote_id, entity),
                _content_hash(hub, work, entity),
                entity,
                rows[remote_id].cause,
            )
            for record_id, (remote_id, entity) in entities.items()
        },
    )
    links.add(
        work,
        connection.id,
        connection.environment,
        kind,
        [
            Link(record_id, "", remote_id, versions[remote_id], hashes[remote_id])
            for record_id, (remote_id, _) in entities.items()
            if remote_id in fresh
        ],
    )
    known = [remote_id for remote_id, _ in entities.values() if remote_id not in fresh]
    links.show(work, connection.id, kind, {remote_id: (versions[remote_id], hashes[remote_id]) for remote_id in known})
    contained = {record_id: entity for record_id, (_, entity) in entities.items()}
    bookkeeping.book(hub, work, connection, kind, plan, contained)
    _owe(work, connection, kind, {id_: (contained[id_], revision) for id_, revision in revisions.items()}, done)


def _owe(work: Work, origin: Connection, kind: Kind, changed: Mapping[str, tuple[Entity, int]], done: Absorbed) -> None:
    """Whoever keeps the same book and takes this kind is owed the new revisions."""
    if not changed:
        return
    writers = [vendor for vendor, connector in CONNECTORS.items() if connector.role is not Role.GATEWAY]
    for target in connections.targets(work.connection, work.workspace_id, origin.book_id, writers):
        writes = CONNECTORS[target.vendor].writes.get(kind)
        if writes is None:
            continue
        demanded = outbox.owed_ever(work, target.id, changed) if writes.on_demand else set(changed)
        owed = {
            record_id: (revision, parts)
            for record_id, (entity, revision) in changed.items()
            if record_id in demanded and (parts := writes.parts(entity))
        }
        if owed:
            outbox.owe(work, target.id, kind, owed)
            done.owed.add((target.id, kind))


def _without(kind: Kind, remote_id: str, missing: tuple[Kind, str], connection: Connection, done: Absorbed) -> Reason:
    """Why a row cannot be kept yet: the reason of the row it points to, or that this one is not there."""
    document = f"{kind} {remote_id}"
    if missing in done.problems:
        reason = done.problems[missing]
        return replace(reason, params={**reason.params, "document": document})
    return Reason(
        ReasonCode.MISSING_THERE,
        {"document": f"{missing[0]} {missing[1]} of {document}", "connection": connection.name},
    )


def _name(kind: Kind, remote_id: str, entity: Entity) -> str:
    """How people call the document. Never a person's name: this stands in logs and reasons."""
    if isinstance(entity, Invoice) and entity.number:
        return f"invoice {entity.number}"
    if isinstance(entity, Payment) and entity.charge:
        return f"payment {entity.charge}"
    return f"{kind.value.replace('_', ' ')} {remote_id}"


def _content_hash(hub: Hub, work: Work, entity: Entity) -> str:
    return bodies.fingerprint(hub.store, work, canonical_json(entity))
