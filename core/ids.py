"""Our own ids: 26 characters of Crockford's base 32, ordered by time (the layout of ULID), unique by chance."""

import secrets
import threading
from datetime import datetime
from random import Random, SystemRandom

from core.clock import Clock

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_RANDOM_BITS = 80
_STEP_BITS = 64


class Ids:
    """Gives ids that grow: within one millisecond the next id is the last one plus a chance step.

    A step of one would do for one process; two that were forked from it would give the same ids until the clock,
    which may have been set back, has passed the last one.
    """

    def __init__(self, clock: Clock, entropy: Random | None = None) -> None:
        self._clock = clock
        self._entropy = entropy or SystemRandom()
        self._lock = threading.Lock()
        self._last = 0

    def new(self) -> str:
        with self._lock:
            fresh = int(self._clock.now().timestamp() * 1000) << _RANDOM_BITS
            if fresh >> _RANDOM_BITS > self._last >> _RANDOM_BITS:
                self._last = fresh | self._entropy.getrandbits(_RANDOM_BITS)
            else:
                self._last += 1 + self._entropy.getrandbits(_STEP_BITS)
            return _base32(self._last)


def first_id(moment: datetime) -> str:
    """No id given at that moment or later is smaller: rows of a span of time are found by their key."""
    return _base32(int(moment.timestamp() * 1000) << _RANDOM_BITS)


def _base32(number: int) -> str:
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])


def secret(byte_count: int = 32) -> str:
    """An unguessable text for keys and door addresses; never seeded."""
    return secrets.token_urlsafe(byte_count)
