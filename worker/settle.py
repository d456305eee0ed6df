"""What the vendor says became of a push, written down: links, what it stored, differences, what may go on now."""

from collections.abc import Sequence

from connectors.contract import Outcome, Row, Stored, Writes
from core.canonical import canonical_json, digest
from core.kinds import Kind
from core.reasons import Problem, Reason, ReasonCode
from core.store import audit, bodies, outbox, records
from core.store.audit import Deed
from core.store.connections import Connection
from core.store.outbox import Owed, Push
from core.store.records import Observed
from core.store.work import Work
from worker.hub import Hub


def settle(
    hub: Hub,
    work: Work,
    target: Connection,
    kind: Kind,
    writes: Writes,
    push: Push,
    rows: Sequence[Row],
    outcomes: Sequence[Outcome],
    how: str,
) -> set[str]:
    """Moves every member of the push on. The kinds whose waiting deliveries woke."""
    arrived = []
    for owed, row, outcome in zip(push.members, rows, outcomes, strict=True):
        if outcome is None:
            outbox.send_again(work, [owed.id])
        elif isinstance(outcome, Problem):
            outbox.park(work, owed.id, told(outcome.reason, owed, target))
        else:
            arrived += _stored(hub, work, target, kind, writes, push.id, owed, row, outcome, asked=how != "answered")
    return outbox.wake(work, target.id, arrived) if arrived else set()


def _stored(
    hub: Hub,
    work: Work,
    target: Connection,
    kind: Kind,
    writes: Writes,
    push_id: str,
    owed: Owed,
    row: Row,
    stored: Stored,
    *,
    asked: bool,
) -> list[str]:
    """The records that can now be relied on to be there, as they should be."""
    holder = records.holder(work, target.id, kind, stored.remote_id)
    if holder not in {None, (owed.record_id, owed.part)}:
        problem = f"the id {stored.remote_id} belongs to another document"
        params = {"connection": target.name, "document": owed.name, "problem": problem}
        outbox.park(work, owed.id, Reason(ReasonCode.CONTRACT_BROKEN, params))
        return []
    differences = writes.differs(row, stored.row)
    if differences and asked and holder is not None:
        # an update whose answer was lost, and what is there is not what it says: it did not take effect
        outbox.send_again(work, [owed.id])
        return []
    _observe(hub, work, target, kind, stored, "push" if not asked else "question")
    shown_hash = bodies.fingerprint(hub.store, work, canonical_json(stored.row))
    audit.note(work, [Deed(f"{kind} written to {target.name}", owed.record_id, push_id, "", digest(row))])
    records.link_sent(
        work,
        target.id,
        target.environment,
        kind,
        owed.record_id,
        owed.part,
        remote_id=stored.remote_id,
        version=stored.version,
        shown_hash=shown_hash,
        sent_hash=digest(row),
        is_new=holder is None,
    )
    if differences:
        name, (ours, theirs) = next(iter(differences.items()))
        params = {"connection": target.name, "document": owed.name, "field": name, "ours": ours, "theirs": theirs}
        outbox.park(work, owed.id, Reason(ReasonCode.STORED_DIFFERENTLY, params))
        return []
    outbox.settle(work, [owed.id])
    return [owed.record_id]


def _observe(hub: Hub, work: Work, target: Connection, kind: Kind, stored: Stored, cause: str) -> None:
    content = canonical_json(stored.row)
    content_hash = bodies.fingerprint(hub.store, work, content)
    latest = records.latest_observations(work, target.id, kind, [stored.remote_id])
    if latest.get(stored.remote_id, ("", None))[0] != content_hash:
        seen = Observed(target.id, kind, stored.remote_id, content, content_hash, stored.version, cause, work.now)
        records.observe(hub.store, work, [seen])


def told(reason: Reason, owed: Owed, target: Connection) -> Reason:
    """A vendor's connector knows its words; the document and the connection are named by us."""
    return Reason(reason.code, {**reason.params, "document": owed.name, "connection": target.name})
