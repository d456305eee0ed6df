"""What takes long to work out is worked out by one thread at a time; meanwhile it is shown as it was a moment ago."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Generic, TypeVar

_QUICK_SECONDS = 0.5
"""What takes less is worked out each time."""
_REST = 10
"""For each second of work so many pass before it is done again, however often a page refreshes itself."""

_log = logging.getLogger(__name__)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Known(Generic[_T]):
    value: _T
    done_at: float
    took_seconds: float


class Steady(Generic[_T]):
    """By key. Holds nothing that cannot be worked out again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, quick_seconds: float = _QUICK_SECONDS) -> None:
        self._clock = clock
        self._quick_seconds = quick_seconds
        self._known: dict[str, _Known[_T]] = {}
        self._working: defaultdict[str, Lock] = defaultdict(Lock)

    def get(self, key: str, work: Callable[[], _T]) -> _T:
        """`work` may be called by another thread."""
        known = self._known.get(key)
        if known is None or known.took_seconds < self._quick_seconds:
            return self._first(key, work)
        due = known.done_at + _REST * known.took_seconds <= self._clock()
        if due and self._working[key].acquire(blocking=False):
            Thread(target=self._again, args=(key, work), daemon=True).start()
        return known.value

    def _first(self, key: str, work: Callable[[], _T]) -> _T:
        """Of several who come at once, one works and the others wait for what comes of it, if that takes long."""
        came_at = self._clock()
        with self._working[key]:
            known = self._known.get(key)
            if known is not None and known.took_seconds >= self._quick_seconds and known.done_at >= came_at:
                return known.value
            return self._work_out(key, work)

    def _again(self, key: str, work: Callable[[], _T]) -> None:
        try:
            self._work_out(key, work)
        except Exception:  # noqa: BLE001 - it stays as it was, and whoever looks next tries again
            _log.exception("what a page shows could not be worked out anew")
        finally:
            self._working[key].release()

    def _work_out(self, key: str, work: Callable[[], _T]) -> _T:
        began = self._clock()
        value = work()
        done = self._clock()
        self._known[key] = _Known(value, done, done - began)
        return value
