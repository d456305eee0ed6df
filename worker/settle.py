"""What the vendor says became of a push, written down: links, what it stored, differences, what may go on now."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors.contract import Outcome, Row, Stored, Writes
from connectors.registry import CONNECTORS
from core.canonical import canonical_json, digest
from core.entities import references
from core.kinds import Kind
from core.reasons import Problem, Reason, ReasonCode
from core.store import audit, bodies, links, outbox, shelves, standings
from core.store.audit import Deed
from core.store.connections import Connection
from core.store.links import Link
from core.store.observations import Observed, observe
from core.store.outbox import Owed
from core.store.pushes import Push
from core.store.work import Work
from worker.hub import Hub
from worker.standing import stand


@dataclass(frozen=True, slots=True)
class _Written:
    """A member that stands there now."""

    owed: Owed
    row: Row
    stored: Stored
    differences: Mapping[str, tuple[str, str]]
    is_new: bool

    @property
    def is_gone(self) -> bool:
        return self.stored.gone and not self.differences


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
    outdated: Collection[ReasonCode] = (),
) -> set[str]:
    """Moves every member of the push on. The kinds whose waiting deliveries woke.

    What was refused for one of the `outdated` reasons is composed again, from what was read since.
    """
    asked = how != "answered"
    stored_ids = [outcome.remote_id for outcome in outcomes if isinstance(outcome, Stored)]
    before = links.holders(work, target.id, kind, stored_ids)
    holders = dict(before)
    again: list[str] = []
    recomposed: list[str] = []
    written: list[_Written] = []
    for owed, row, outcome in zip(push.members, rows, outcomes, strict=True):
        if outcome is None:
            again.append(owed.id)
        elif isinstance(outcome, Problem) and outcome.reason.code in outdated:
            recomposed.append(owed.id)
        elif isinstance(outcome, Problem):
            outbox.park(work, owed.id, told(outcome.reason, owed, target))
        else:
            holder = holders.setdefault(outcome.remote_id, (owed.record_id, owed.part))
            is_new = outcome.remote_id not in before
            differences = writes.differs(row, outcome.row)
            if holder != (owed.record_id, owed.part):
                problem = f"the id {outcome.remote_id} belongs to another document"
                outbox.park(work, owed.id, told(Reason(ReasonCode.CONTRACT_BROKEN, {"problem": problem}), owed, target))
            elif differences and asked and not is_new:
                # an update whose answer was lost, and what is there is not what it says: it did not take effect
                again.append(owed.id)
            else:
                written.append(_Written(owed, row, outcome, differences, is_new))
    outbox.send_again(work, again)
    outbox.give_back(work, recomposed)
    _keep(hub, work, target, kind, push.id, written, cause="question" if asked else "push")
    return _go_on(work, target, written) | _free(hub, work, target, kind, written)


def _keep(
    hub: Hub, work: Work, target: Connection, kind: Kind, push_id: str, written: Sequence[_Written], *, cause: str
) -> None:
    observed: list[Observed] = []
    fresh: list[Link] = []
    known: list[Link] = []
    deeds: list[Deed] = []
    for one in written:
        stored, sent_hash = one.stored, content_hash(one.row, one.stored.remote_id)
        content = canonical_json(stored.row)
        shown_hash = bodies.fingerprint(hub.store, work, content)
        observed.append(Observed(stored.remote_id, content, shown_hash, stored.version, cause))
        link = Link(one.owed.record_id, one.owed.part, stored.remote_id, stored.version, shown_hash, sent_hash)
        (fresh if one.is_new else known).append(link)
        deeds.append(Deed(f"{kind} written to {target.name}", one.owed.record_id, push_id, "", sent_hash))
    observe(hub.store, work, target.id, kind, observed, work.now)
    rows = {one.stored.remote_id: one.stored.row for one in written}
    stand(work, target.id, kind, CONNECTORS[target.vendor].reads.get(kind), rows, work.now)
    links.add(work, target.id, target.environment, kind, fresh)
    links.sent(work, target.id, kind, known)
    gone = [one.stored.remote_id for one in written if one.is_gone]
    links.remove(work, target.id, kind, gone)
    standings.withdraw(work, target.id, kind, gone)
    audit.note(work, deeds)


def _go_on(work: Work, target: Connection, written: Sequence[_Written]) -> set[str]:
    """What was stored as it was sent is done, and wakes what waited for it; a difference is for a person to see."""
    for one in written:
        if one.differences:
            name, (ours, theirs) = next(iter(one.differences.items()))
            reason = Reason(ReasonCode.STORED_DIFFERENTLY, {"field": name, "ours": ours, "theirs": theirs})
            outbox.park(work, one.owed.id, told(reason, one.owed, target))
    equal = [one.owed for one in written if not one.differences]
    outbox.settle(work, [owed.id for owed in equal])
    return outbox.wake(work, target.id, [owed.record_id for owed in equal]) if equal else set()


def _free(hub: Hub, work: Work, target: Connection, kind: Kind, written: Sequence[_Written]) -> set[str]:
    """What something rested on that is gone there may now go too, if it was refused for that."""
    gone = [one.owed.record_id for one in written if one.is_gone]
    if not gone:
        return set()
    entities = shelves.load(hub.store, work.connection, work.workspace_id, kind, gone)
    return outbox.free(work, target.id, {id_ for one in entities.values() for _, id_ in references(one)})


def content_hash(row: Row, remote_id: str | None) -> str:
    """Of what an element says, not of where: the same whether it was sent to be made there or to change it, and whether
    it was just composed or read back out of its call, where a whole number has lost its decimals.
    """
    return digest({name: _as_decimals(value) for name, value in row.items() if remote_id is None or value != remote_id})


def _as_decimals(value: Any) -> Any:
    match value:
        case dict():
            return {name: _as_decimals(inner) for name, inner in value.items()}
        case list():
            return [_as_decimals(inner) for inner in value]
        case int() if not isinstance(value, bool):
            return Decimal(value)
    return value


def told(reason: Reason, owed: Owed, target: Connection) -> Reason:
    """A vendor's connector knows its words; the document and the connection are named by us."""
    return Reason(reason.code, {**reason.params, "document": owed.name, "connection": target.name})
