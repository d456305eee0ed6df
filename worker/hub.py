"""A running hub's parts, put together once per process."""

import os
import socket
from dataclasses import dataclass
from random import Random, SystemRandom

from core.clock import Clock, WallClock
from core.ids import Ids
from core.seal import master_keys
from core.settings import Settings
from core.store.clock import DatabaseClock
from core.store.engine import check_engine, open_engine
from core.store.migrate import check_schema
from core.store.work import Store
from worker.bell import Bell


@dataclass(frozen=True, slots=True)
class Hub:
    store: Store
    bell: Bell
    entropy: Random
    """For jitter and backoff, seeded where a run is to be repeatable. Never for secrets."""
    lease_seconds: float
    """How long a lane stays with a worker that does not come back."""

    @property
    def clock(self) -> Clock:
        return self.store.clock


def open_hub(settings: Settings, *, clock: Clock | None = None) -> Hub:
    store = open_store(settings, clock=clock)
    entropy = SystemRandom() if settings.seed is None else Random(settings.seed)  # noqa: S311 - jitter only
    return Hub(store, Bell(settings), entropy, settings.lease_seconds)


def open_store(settings: Settings, *, clock: Clock | None = None) -> Store:
    """Raises Misconfigured, saying what to do, before anything has begun."""
    masters = master_keys(settings.keys, settings.home / "key")
    if settings.embedded_database:
        settings.make_home()
    engine = open_engine(settings.database_url)
    check_engine(engine)
    check_schema(engine)
    used_clock = clock or (WallClock() if settings.embedded_database else DatabaseClock(engine))
    return Store(engine, masters, used_clock, Ids(used_clock))


def owner() -> str:
    """Who holds a lease, for people who look: host and process."""
    return f"{socket.gethostname()}:{os.getpid()}"
