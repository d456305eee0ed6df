"""The ticker: rings every lane that has due work, and starts what the schedule asks for. Any number may run."""

import logging
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from threading import Event

from connectors.registry import CONNECTORS
from core.errors import Busy, HubError
from core.failpoint import failpoint
from core.store import connections, duties
from core.store.connections import Connection
from worker.bell import LaneName
from worker.budget import RARER, is_low
from worker.hub import Hub
from worker.one_hub import SIGN_SECONDS, OneHub

TICK_SECONDS = 0.5

_log = logging.getLogger(__name__)


def sweep(hub: Hub) -> list[LaneName]:
    """Rings what is due now. Safe at any time: a bell too many finds nothing to do."""
    with hub.store.read() as database:
        due = duties.due(database, hub.clock.now())
    lanes = [LaneName(duty.workspace_id, duty.connection_id, duty.kind, duty.purpose) for duty in due]
    hub.bell.ring(*lanes)
    return lanes


def schedule(hub: Hub) -> None:
    """Polls each connection once per slot, whoever else schedules too."""
    with hub.store.read() as database:
        active = [one for one in connections.connections(database) if one.state == "active"]
        latest = duties.latest_slots(database)
    for connection in active:
        task = f"pull:{connection.id}"
        slot = _slot(hub.clock.now(), _poll_seconds(connection, hub.clock.now()))
        if latest.get((connection.workspace_id, task)) == slot:
            continue
        failpoint("P20")
        taken = hub.store.write(connection.workspace_id, partial(duties.take_slot, task=task, slot=slot))
        failpoint("P20-after")
        if taken:
            for stream in CONNECTORS[connection.vendor].pulls:
                hub.bell.ring(LaneName(connection.workspace_id, connection.id, stream, "pull"))


def _poll_seconds(connection: Connection, now: datetime) -> float:
    connector = CONNECTORS[connection.vendor]
    seconds = connection.option("pull_seconds", connector.poll_seconds)
    return seconds * RARER if is_low(connection, connector, now) else seconds


def tick(hub: Hub) -> None:
    """One turn of the ticker. A database that is busy is tried again at the next one."""
    try:
        sweep(hub)
        schedule(hub)
    except HubError as error:
        _log.warning("the sweep found no opening: %s", error)


def run_scheduler(hub: Hub, one: OneHub, stopped: Event) -> None:
    """Ticks until it is stopped, and speaks for its hub. Raises Misconfigured once another one took the database."""
    signed_at = -math.inf
    while not stopped.wait(TICK_SECONDS):
        tick(hub)
        if time.monotonic() - signed_at > SIGN_SECONDS:
            _told(one.give_sign)
            signed_at = time.monotonic()
    _told(one.sign_off)


def _told(sign: Callable[[], None]) -> None:
    try:
        sign()
    except Busy as error:
        _log.warning("the database heard no sign of life: %s", error)


def _slot(now: datetime, seconds: float) -> datetime:
    return datetime.fromtimestamp(now.timestamp() // seconds * seconds, UTC)
