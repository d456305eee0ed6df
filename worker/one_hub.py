"""One hub on one database. Its processes, on however many hosts, share the keys and the bell; another one is refused.

The bell is told by a mark: in a Redis of one's own it is a secret that lies there as long as the hub gives signs of
life, for the embedded one it is the place where it stands. The database remembers the mark of who works on it.
"""

import logging
import socket
from typing import Literal

from redis.exceptions import RedisError

from core.errors import Misconfigured
from core.ids import secret
from core.settings import Settings
from core.store import bodies, hub
from core.store.work import Store
from worker.bell import connect

SIGN_SECONDS = 5
_KEY = "subledger:hub"
_LOOKS_MAX = 48
_LOOK_SECONDS = 0.25
"""Together longer than two signs: a Redis that forgot our hub's mark has it again by then."""

_OTHER_HUB = (
    "Another hub, with another Redis, works on this database: give this hub a database or that hub's REDIS_URL; "
    "if that one was just stopped, wait half a minute."
)
_OTHER_DATABASE = (
    "The Redis of this hub rings for a hub on another database: give each its own in REDIS_URL, where another number "
    "after the slash will do; if that one was just stopped, wait half a minute."
)

_log = logging.getLogger(__name__)

_Standing = Literal["ours", "free", "unclear", "unknown"]


class OneHub:
    """A process as a part of its hub."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._store = store
        self._redis = connect(settings, timeout_seconds=1) if settings.redis_url else None
        self._mark = "" if settings.redis_url else f"{socket.gethostname()}:{settings.home}"

    def join(self) -> None:
        """Begins the hub, or belongs to it. Raises Misconfigured where the database, or the bell, is another hub's.

        Without Redis it cannot be told and need not be: whoever rings no bell disturbs no other.
        """
        if self._settled() == "free":
            self._begin()

    def check(self) -> None:
        """Raises Misconfigured as `join` does, and begins nothing."""
        self._settled()

    def give_sign(self) -> None:
        """Said every few seconds by whoever runs all the time. Raises Misconfigured once another hub took over."""
        if self._mark and self._store.write("", lambda work: hub.give_sign(work, self._mark)):
            self._leave_mark()
        else:
            self.join()

    def sign_off(self) -> None:
        self._store.write("", lambda work: hub.sign_off(work, self._mark))

    def _settled(self) -> _Standing:
        bodies.check_keys(self._store)
        for _ in range(_LOOKS_MAX):
            standing = self._standing()
            if standing != "unclear":
                return standing
            self._store.clock.sleep(_LOOK_SECONDS)
        raise Misconfigured(_OTHER_HUB)

    def _standing(self) -> _Standing:
        here = self._mark_here()
        if here is None:
            return "unknown"
        with self._store.read() as database:
            working = hub.working(database)
        if here and here == working.bell:
            self._mark = here
            return "ours"
        gone = working.is_gone(self._store.clock.now())
        if gone and (self._redis is None or not here):
            return "free"
        if here:
            raise Misconfigured(_OTHER_DATABASE if gone else _OTHER_HUB)
        return "unclear"

    def _begin(self) -> None:
        """Two that begin at the same moment: one takes it, and the other one belongs to it."""
        mark = self._mark or secret()
        if self._store.write("", lambda work: hub.take(work, mark)):
            self._mark = mark
            self._leave_mark()
        else:
            self.check()

    def _mark_here(self) -> str | None:
        """Empty where the bell has none, None where it cannot be asked."""
        if self._redis is None:
            return self._mark
        try:
            found = self._redis.get(_KEY)
        except RedisError as error:
            _log.warning("the bell could not be asked whose it is (%s)", type(error).__name__)
            return None
        return found.decode(errors="replace") if isinstance(found, bytes) else ""

    def _leave_mark(self) -> None:
        if self._redis is None:
            return
        try:
            if not self._redis.set(_KEY, self._mark, nx=True, ex=hub.GONE_SECONDS):
                if self._redis.get(_KEY) != self._mark.encode():
                    raise Misconfigured(_OTHER_DATABASE)
                self._redis.expire(_KEY, hub.GONE_SECONDS)
        except RedisError as error:
            _log.warning("the bell could not be marked (%s)", type(error).__name__)
