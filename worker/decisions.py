"""What a person decides about one parked document: it is that one there, or what is there is right."""

from connectors.registry import CONNECTORS
from core.kinds import Kind
from core.reasons import Reason, ReasonCode
from core.store import audit, connections, inbox, links, outbox, parked
from core.store.audit import Deed
from core.store.connections import Connection
from core.store.inbox import Told
from core.store.links import Link
from core.store.parked import Parked
from core.store.work import Work
from worker.bell import LaneName
from worker.hub import Hub

LINK = "link"
ACCEPT = "accept theirs"


def may_link(vendor: str, kind: Kind, reason: Reason) -> bool:
    """Only what can be looked up there by its id."""
    return reason.remedy == LINK and kind in CONNECTORS[vendor].reads


def link(hub: Hub, workspace_id: str, delivery_id: str, remote_id: str, actor: str) -> bool:
    """A document of ours is that one there. It is looked up first; then the delivery is done, and nothing is sent.

    False if it is not parked for a cause that this resolves, or if one of the two is linked already.
    """

    def decide(work: Work) -> LaneName | None:
        one = parked.find(work, delivery_id)
        if one is None:
            return None
        of = connections.connection(work.connection, workspace_id, one.connection_id)
        if of is None or not remote_id or not may_link(of.vendor, one.kind, one.reason):
            return None
        taken = links.holders(work, of.id, one.kind, [remote_id])
        there = links.remote_ids(work.connection, workspace_id, of.id, [one.record_id])
        if taken or (one.record_id, one.part) in there:
            return None
        links.add(work, of.id, of.environment, one.kind, [Link(one.record_id, one.part, remote_id, "", "")])
        told = Told(of.id, f"linked:{delivery_id} {remote_id}", "linked", one.kind, remote_id, "", b"", None)
        inbox.note(hub.store, work, [told], None, "a person")
        audit.note(work, [Deed(f"{one.kind} linked at {of.name}", one.record_id, remote_id, actor=actor)])
        return LaneName(workspace_id, of.id, one.kind.value, "ingest")

    lane = hub.store.write(workspace_id, decide)
    if lane is not None:
        hub.bell.ring(lane)
    return lane is not None


def accept(hub: Hub, workspace_id: str, delivery_id: str, actor: str) -> bool:
    """What is stored there is right as it is: the delivery is done. The comparison goes on naming the difference."""

    def decide(work: Work) -> list[LaneName] | None:
        one = parked.find(work, delivery_id)
        if one is None or one.reason.remedy != ACCEPT:
            return None
        woken = _done(work, one)
        audit.note(work, [Deed(f"{one.kind} accepted as it is there", one.record_id, one.connection_id, actor=actor)])
        return [LaneName(workspace_id, one.connection_id, kind, "deliver") for kind in woken]

    lanes = hub.store.write(workspace_id, decide)
    hub.bell.ring(*(lanes or ()))
    return lanes is not None


def looked_up(work: Work, connection_id: str, kind: Kind, remote_ids: list[str]) -> set[str]:
    """What was to be linked is there indeed: its delivery is done. The kinds that woke."""
    woken: set[str] = set()
    for one in parked.linked_there(work, connection_id, kind, remote_ids):
        if one.reason.remedy == LINK:
            woken |= _done(work, one)
    return woken


def not_found(work: Work, connection: Connection, kind: Kind, remote_id: str) -> bool:
    """What was to be linked is not there: it is not, and the delivery says so. False if it was not about that."""
    wanted = [one for one in parked.linked_there(work, connection.id, kind, [remote_id]) if one.reason.remedy == LINK]
    for one in wanted:
        links.remove(work, connection.id, kind, [remote_id])
        params = {"document": one.name, "connection": connection.name, "id": remote_id}
        outbox.explain(work, one.id, Reason(ReasonCode.NOT_LINKED, params))
    return bool(wanted)


def _done(work: Work, one: Parked) -> set[str]:
    outbox.settle(work, [one.id])
    return outbox.wake(work, one.connection_id, [one.record_id])
