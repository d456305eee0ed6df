"""Xero's four rate limits: always told in the headers, enforced when they are switched on.

Windows are fixed; they begin at a moment of the tenant's own, not on the full minute.
"""

from dataclasses import dataclass, replace
from typing import Any

from sandbox.kit import Clock
from sandbox.xero.errors import RefusedError
from sandbox.xero.rules import Rules

MINUTE, DAY = 60, 86_400
_PHASE_SECONDS = 17
_ELDER = {"minute": "Minute", "day": "Daily", "appminute": "AppMinute", "concurrent": "Concurrent"}


@dataclass(frozen=True, slots=True)
class Allowed:
    enforced: bool = False
    minute: int = 60
    day: int = 5000
    app_minute: int = 10_000
    concurrent: int = 5
    idempotency_seconds: int = 360
    """How long a request's answer is known under its key."""


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
        numbers = (
            allowed.minute,
            allowed.day,
            allowed.app_minute,
            allowed.concurrent,
            allowed.idempotency_seconds,
        )
        if type(allowed.enforced) is not bool or any(type(one) is not int or one < 0 for one in numbers):
            raise TypeError("enforced is true or false, the limits are whole numbers from 0")
        self.allowed = allowed
        return allowed

    def count(self, in_flight: int, rules: Rules) -> None:
        """One more call, unless a limit refuses it."""
        second = int(self._clock.now().timestamp()) + _PHASE_SECONDS
        for length in (MINUTE, DAY):
            if self._windows[length] != second // length:
                self._windows[length], self._used[length] = second // length, 0
        if self.allowed.enforced and (exceeded := self._exceeded(in_flight, second)):
            raise _too_many(*exceeded, rules)
        self._used[MINUTE] += 1
        self._used[DAY] += 1

    def headers(self) -> dict[str, str]:
        left = {
            "X-DayLimit-Remaining": self.allowed.day - self._used[DAY],
            "X-MinLimit-Remaining": self.allowed.minute - self._used[MINUTE],
            "X-AppMinLimit-Remaining": self.allowed.app_minute - self._used[MINUTE],
        }
        return {name: str(max(number, 0)) for name, number in left.items()}

    def _exceeded(self, in_flight: int, second: int) -> tuple[str, int | None] | None:
        """Which limit, and when to come back. Xero: only the tenant's own windows say when."""
        if in_flight > self.allowed.concurrent:
            return "concurrent", None
        if self._used[DAY] >= self.allowed.day:
            return "day", DAY - second % DAY
        if self._used[MINUTE] >= self.allowed.minute:
            return "minute", MINUTE - second % MINUTE
        if self._used[MINUTE] >= self.allowed.app_minute:
            return "appminute", None
        return None


def _too_many(problem: str, seconds: int | None, rules: Rules) -> RefusedError:
    headers = {"X-Rate-Limit-Problem": problem if rules.limit_problems_are_in_lower_case else _ELDER[problem]}
    if seconds is not None:
        headers["Retry-After"] = str(seconds)
    return RefusedError(429, "" if rules.limit_refusals_have_no_body else "Too many requests", headers)
