"""Holding a lane: one drain at a time, every write fenced, for a bounded time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from core.errors import Fenced
from core.store import connections, lanes
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
    """The lane, or None if there is nothing to be done by us now: another holds it, or the connection rests.

    A lane that goes to another worker meanwhile ends the work without a word: what was not recorded is not ours.
    """
    held = _hold(hub, workspace_id, connection_id, kind, purpose)
    with suppress(Fenced):
        try:
            yield held
        finally:
            if held is not None:
                hub.store.write(workspace_id, lambda work: lanes.release(work, held.lane))


def _hold(hub: Hub, workspace_id: str, connection_id: str, kind: str, purpose: str) -> Held | None:
    with hub.store.read() as database:
        connection = connections.connection(database, workspace_id, connection_id)
    now = hub.clock.now()
    if connection is None or connection.state != "active" or (connection.not_before and connection.not_before > now):
        return None
    lane = hub.store.write(
        workspace_id,
        lambda work: lanes.claim(work, connection_id, kind, purpose, owner=owner(), lease_seconds=hub.lease_seconds),
    )
    return None if lane is None else Held(hub, connection, lane, now + timedelta(seconds=_DRAIN_SECONDS))
