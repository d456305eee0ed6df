"""Group commit: those that come while one commits are written together, by the first of them, in the next commit.

A commit costs the same however much stands in it. Nobody waits for company: whoever finds nobody writing writes at
once, and groups form by themselves where there is a crowd.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from core.errors import Busy

_One = TypeVar("_One")
_Outcome = TypeVar("_Outcome")


@dataclass(slots=True)
class _Member(Generic[_One, _Outcome]):
    one: _One
    outcome: _Outcome | None = None
    error: Exception | None = None
    leads: bool = False
    called: threading.Lock = field(default_factory=threading.Lock)
    """Held until it is written, or is to write."""


class Together(Generic[_One, _Outcome]):
    """`write_all` writes some in one unit of work, in their order, and gives one outcome for each."""

    def __init__(self, write_all: Callable[[Sequence[_One]], Sequence[_Outcome]]) -> None:
        self._write_all = write_all
        self._writing = False
        self._waiting: list[_Member[_One, _Outcome]] = []
        self._lock = threading.Lock()

    def write(self, one: _One) -> _Outcome:
        """Its outcome, after the commit that it was part of. Raises what writing it raised.

        Raises Busy for all of a group where the database could not take it as a whole.
        """
        mine = _Member[_One, _Outcome](one)
        with self._lock:
            mine.leads = not self._writing
            self._writing = True
            if not mine.leads:
                mine.called.acquire()
                self._waiting.append(mine)
        if not mine.leads:
            mine.called.acquire()
        if mine.leads:
            self._lead(mine)
        if mine.error is not None:
            raise mine.error
        return mine.outcome  # type: ignore[return-value]  # None only where that is an outcome

    def _lead(self, mine: _Member[_One, _Outcome]) -> None:
        """Writes for all that wait; then calls the next to lead, and after it the others."""
        with self._lock:
            group, self._waiting = [mine, *self._waiting], []
        try:
            self._settle(group)
        finally:
            with self._lock:
                following, self._waiting = self._waiting[:1], self._waiting[1:]
                self._writing = bool(following)
            for one in following:
                one.leads = True
            for one in [*following, *group[1:]]:
                one.called.release()

    def _settle(self, group: Sequence[_Member[_One, _Outcome]]) -> None:
        try:
            outcomes = self._write_all([member.one for member in group])
        except Exception as error:  # noqa: BLE001 - raised again where each member waits
            if len(group) == 1 or isinstance(error, Busy):
                for member in group:
                    member.error = error
            else:
                # one of them cannot be written: each goes alone, so that only that one is refused
                for member in group:
                    self._settle([member])
        else:
            for member, outcome in zip(group, outcomes, strict=True):
                member.outcome = outcome
