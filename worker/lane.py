"""Holding a lane: one drain at a time, every write fenced, for a bounded time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from connectors.registry import CONNECTORS
from core.errors import Fenced
from core.store import connections, lanes, vendors
from core.store.connections import Connection
from core.store.lanes import Lane
from core.store.work import Work
from worker.bell import LaneName
from worker.hub import Hub, owner

_DRAIN_SECONDS = 10

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Held:
    hub: Hub
    connection: Connection
    lane: Lane
    until: datetime
    probes_until: datetime | None = None
    """The connection rested, and we ask first: until then, unless it answers before."""

    told: dict[str, int] = field(default_factory=dict)
    """What the vendor said beside its answers; kept with the lane's end. `day_left`: calls that are left of the day."""

    @property
    def name(self) -> LaneName:
        return LaneName(self.connection.workspace_id, self.connection.id, self.lane.kind, self.lane.purpose)

    def write(self, what: Callable[[Work], _T]) -> _T:
        """One unit of work that counts only while the lane is ours."""

        def fenced(work: Work) -> _T:
            lanes.hold(work, self.lane)
            return what(work)

        return self.hub.store.write(self.connection.workspace_id, fenced)

    def time_left(self) -> bool:
        return self.hub.clock.now() < self.until


@contextmanager
def working(hub: Hub, workspace_id: str, connection_id: str, kind: str, purpose: str) -> Iterator[Held | None]:
    """The lane, or None if there is nothing to be done by us now: another holds it, the connection rests, or as many
    are at work there as its vendor takes.

    After a rest one lane alone is given out, so that a vendor in trouble hears one question and not all that waited;
    its first answer opens the others.

    A lane that goes to another worker meanwhile ends the work without a word: what was not recorded is not ours.
    """
    held = _hold(hub, workspace_id, connection_id, kind, purpose)
    with suppress(Fenced):
        try:
            yield held
        finally:
            if held is not None:
                hub.store.write(workspace_id, partial(_let_go, held=held))


def _hold(hub: Hub, workspace_id: str, connection_id: str, kind: str, purpose: str) -> Held | None:
    with hub.store.read() as database:
        connection = connections.connection(database, workspace_id, connection_id)
    now = hub.clock.now()
    if connection is None or connection.state != "active" or (connection.not_before and connection.not_before > now):
        return None
    return hub.store.write(workspace_id, partial(_claimed, hub=hub, connection=connection, kind=kind, purpose=purpose))


def _claimed(work: Work, *, hub: Hub, connection: Connection, kind: str, purpose: str) -> Held | None:
    lane = lanes.claim(work, connection.id, kind, purpose, owner=owner(), lease_seconds=hub.lease_seconds)
    if lane is None:
        return None
    connector = CONNECTORS[connection.vendor]
    of_vendor, of_connection = vendors.lanes_held(work, connection.id)
    if of_vendor > connector.lanes_max or of_connection > connector.limit.at_once:
        lanes.release(work, lane)
        return None
    probes_until = None
    if connection.not_before is not None:
        probes_until = connections.take_probe(work, connection.id, hub.lease_seconds)
        if probes_until is None:
            lanes.release(work, lane)
            return None
    return Held(hub, connection, lane, hub.clock.now() + timedelta(seconds=_DRAIN_SECONDS), probes_until)


def _let_go(work: Work, *, held: Held) -> None:
    lanes.release(work, held.lane)
    if held.probes_until is not None:
        connections.end_probe(work, held.connection.id, held.probes_until)
    if "day_left" in held.told:
        connections.keep_day_left(work, held.connection.id, held.told["day_left"])
