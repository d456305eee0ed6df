"""Hop 2: hints become what we know. Five events about one invoice cost one read and one write."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from connectors.contract import Client, Connector, Role, Rows
from connectors.registry import CONNECTORS
from core.errors import GrantLost, RetryAfter, VendorError
from core.failpoint import failpoint
from core.kinds import Kind
from core.reasons import Reason, ReasonCode
from core.store import connections, inbox, links, records
from core.store.connections import Connection
from core.store.inbox import Hint
from core.store.work import Work
from worker import decisions
from worker.absorb import Absorbed, Shown, absorb, portions, read, told_references
from worker.bell import LaneName
from worker.calls import Caller, rest
from worker.hub import Hub
from worker.lane import Held, working
from worker.recognise import recognise

_OBJECTS_MAX = 25
_DEPTH_MAX = len(Kind)


def ingest(hub: Hub, workspace_id: str, connection_id: str, kind: Kind) -> set[LaneName]:
    """Works off the pending events of one kind at one connection. The lanes that now have work."""
    rings: set[LaneName] = set()
    with working(hub, workspace_id, connection_id, kind, "ingest") as held:
        if held is None or kind not in CONNECTORS[held.connection.vendor].reads:
            return rings
        caller = Caller(held, CONNECTORS[held.connection.vendor])
        while held.time_left():
            hints = held.write(lambda work: inbox.claim(work, connection_id, kind, _OBJECTS_MAX))
            if not hints:
                return rings
            failpoint("P8", kind)
            if not _ingest_batch(hub, held, caller, kind, hints, rings):
                return rings
        rings.add(held.name)
    return rings


def _ingest_batch(
    hub: Hub, held: Held, caller: Caller, kind: Kind, hints: Sequence[Hint], rings: set[LaneName]
) -> bool:
    """False if the vendor cannot be asked now."""
    connection = held.connection
    event_ids = [event_id for hint in hints for event_id in hint.event_ids]
    with hub.store.read() as database:
        waiting = inbox.waiting(database, connection.workspace_id, connection.id)
    seen_at = hub.clock.now()
    try:
        shown = _with_parents(hub, connection, caller, kind, [hint.remote_id for hint in hints])
    except RetryAfter as trouble:
        held.write(lambda work: inbox.give_back(work, event_ids))
        rest(hub, connection, trouble)
        return False
    except GrantLost:
        held.write(lambda work: inbox.give_back(work, event_ids))
        return False
    except VendorError as error:
        if len(hints) > 1:
            return all(_ingest_batch(hub, held, caller, kind, [hint], rings) for hint in hints)
        broken = {"connection": connection.name, "document": f"{kind} {hints[0].remote_id}", "problem": str(error)}
        reason = Reason(ReasonCode.CONTRACT_BROKEN, broken)
        held.write(lambda work: inbox.park(work, event_ids, reason))
        return True
    failpoint("P9", kind)
    absorbed = Absorbed()
    if CONNECTORS[connection.vendor].role is Role.GATEWAY:
        for portion in portions(shown):
            absorbed = held.write(partial(absorb, hub, connection, portion, seen_at, absorbed))
    held.write(lambda work: _save(hub, work, connection, kind, hints, waiting, shown, seen_at, absorbed))
    failpoint("P11", kind)
    for target_id, owed_kind in absorbed.owed:
        rings.add(LaneName(connection.workspace_id, target_id, owed_kind.value, "deliver"))
    return True


def _save(
    hub: Hub,
    work: Work,
    connection: Connection,
    kind: Kind,
    hints: Sequence[Hint],
    waiting: inbox.Waiting,
    shown: Sequence[Shown],
    seen_at: datetime,
    absorbed: Absorbed,
) -> None:
    """What was read is in its place: its events are done, or parked with what is wrong."""
    connections.succeeded(work, connection.id)
    if CONNECTORS[connection.vendor].role is not Role.GATEWAY:
        recognise(hub, work, connection, kind, {one.remote_id: one.row for one in shown}, seen_at, "event")
        for woken in decisions.looked_up(work, connection.id, kind, [one.remote_id for one in shown]):
            absorbed.owed.add((connection.id, Kind(woken)))
    there = {(one.kind, one.remote_id) for one in shown}
    answered = waiting.answered_by(there - absorbed.problems.keys())
    for hint in hints:
        if (kind, hint.remote_id) not in there:
            _not_there(work, connection, kind, hint)
        elif (kind, hint.remote_id) in absorbed.problems:
            inbox.park(work, hint.event_ids, absorbed.problems[kind, hint.remote_id])
        else:
            answered += hint.event_ids
    inbox.finish(work, answered)
    failpoint("P10", kind)


def _not_there(work: Work, connection: Connection, kind: Kind, hint: Hint) -> None:
    """Born there and gone: a tombstone. Written there and gone, or never known: a person should see it."""
    settled = records.entomb(work, connection.id, kind, hint.remote_id)
    if settled or decisions.not_found(work, connection, kind, hint.remote_id):
        inbox.finish(work, hint.event_ids)
    else:
        ours = links.name(work, connection.id, kind, hint.remote_id)
        code = ReasonCode.GONE_THERE if ours else ReasonCode.MISSING_THERE
        document = {"document": ours or f"{kind} {hint.remote_id}", "connection": connection.name}
        inbox.park(work, hint.event_ids, Reason(code, document))


def _with_parents(
    hub: Hub, connection: Connection, caller: Caller, kind: Kind, remote_ids: Sequence[str]
) -> list[Shown]:
    """The rows as they are now, and whatever they point to that we have never seen, so that nothing is an orphan."""
    connector = CONNECTORS[connection.vendor]
    shown: dict[tuple[Kind, str], Shown] = {}
    asked: set[tuple[Kind, str]] = set()
    wanted: Mapping[Kind, Sequence[str]] = {kind: list(remote_ids)}
    for depth in range(_DEPTH_MAX):
        found: dict[tuple[Kind, str], Shown] = {}
        for of, ids in wanted.items():
            asking = {(of, remote_id) for remote_id in ids}
            rows = caller.call(partial(_fetch, kind=of, remote_ids=ids))
            asked |= asking | rows.keys()
            for key, row in rows.items():
                found[key] = read(connector, *key, row, "reference" if depth or key not in asking else "event")
        shown |= found
        wanted = _unknown(hub, connection, connector, list(found.values()), asked)
        if not wanted:
            break
    return list(shown.values())


def _fetch(client: Client, *, kind: Kind, remote_ids: Sequence[str]) -> Rows:
    return client.fetch(kind, remote_ids)


def _unknown(
    hub: Hub, connection: Connection, connector: Connector, found: Sequence[Shown], asked: set[tuple[Kind, str]]
) -> dict[Kind, list[str]]:
    if connector.role is not Role.GATEWAY:
        return {}
    pointed = told_references(found) - asked
    with hub.store.read() as database:
        pointed -= links.linked(database, connection.workspace_id, connection.id, pointed).keys()
    unknown: dict[Kind, list[str]] = {}
    for kind, remote_id in sorted(pointed):
        unknown.setdefault(kind, []).append(remote_id)
    return unknown
