"""Xero's four rate limits: always told in the headers, enforced when they are switched on.

Windows are fixed; they begin at a moment of the tenant's own, not on the full minute.
"""

from dataclasses import dataclass, replace
from typing import Any

from sandbox.kit import Clock
from sandbox.xero.errors import RefusedError

MINUTE, DAY = 60, 86_400
_PHASE_SECONDS = 17


@dataclass(frozen=True, slots=True)
class Allowed:
    enforced: bool = False
    minute: int = 60
    day: int = 5000
    app_minute: int = 10_000
    concurrent: int = 5


class Limits:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.clear()

    def clear(self) -> None:
        self.allowed = Allowed()
        self._windows = {MINUTE: -1, DAY: -1}
        self._used = {MINUTE: 0, DAY: 0}

    def allow(self, wanted: Any) -> Allowed:
        """Numbers and `enforced` as wanted, the others as they are."""
        if not isinstance(wanted, dict):
            raise TypeError("limits are an object")
        allowed = replace(self.allowed, **wanted)
        numbers = (allowed.minute, allowed.day, allowed.app_minute, allowed.concurrent)
        if type(allowed.enforced) is not bool or any(type(one) is not int or one < 0 for one in numbers):
            raise TypeError("enforced is true or false, the limits are whole numbers from 0")
        self.allowed = allowed
        return allowed

    def count(self, in_flight: int) -> None:
        """One more call, unless a limit refuses it."""
        second = int(self._clock.now().timestamp()) + _PHASE_SECONDS
        for length in (MINUTE, DAY):
            if self._windows[length] != second // length:
                self._windows[length], self._used[length] = second // length, 0
        if self.allowed.enforced:
            self._check(in_flight, second)
        self._used[MINUTE] += 1
        self._used[DAY] += 1

    def headers(self) -> dict[str, str]:
        left = {
            "X-DayLimit-Remaining": self.allowed.day - self._used[DAY],
            "X-MinLimit-Remaining": self.allowed.minute - self._used[MINUTE],
            "X-AppMinLimit-Remaining": self.allowed.app_minute - self._used[MINUTE],
        }
        return {name: str(max(number, 0)) for name, number in left.items()}

    def _check(self, in_flight: int, second: int) -> None:
        if in_flight > self.allowed.concurrent:
            raise _too_many("concurrent")
        if self._used[DAY] >= self.allowed.day:
            raise _too_many("day", DAY - second % DAY)
        if self._used[MINUTE] >= self.allowed.minute:
            raise _too_many("minute", MINUTE - second % MINUTE)
        if self._used[MINUTE] >= self.allowed.app_minute:
            raise _too_many("appminute")


def _too_many(problem: str, seconds: int | None = None) -> RefusedError:
    """Xero: only the tenant's own windows say when to come back."""
    headers = {"X-Rate-Limit-Problem": problem}
    if seconds is not None:
        headers["Retry-After"] = str(seconds)
    return RefusedError(429, "", headers)
