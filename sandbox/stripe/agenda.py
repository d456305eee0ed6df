"""What happens by itself and when: on the wall clock, or on a test clock."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush

BUSINESS_DAY = "account"
"""The clock of what is the account's own: it shows the latest of all clocks."""


@dataclass(order=True, frozen=True, slots=True)
class Appointment:
    at: int
    """Unix seconds of its clock."""
    number: int
    """Of two at the same second, the one that was made first comes first."""
    job: str = field(compare=False)
    id: str = field(compare=False)
    """Of the object it is about."""


class Agenda:
    """Appointments are not taken back: who keeps one looks whether it still applies."""

    def __init__(self) -> None:
        self._of_clock: dict[str | None, list[Appointment]] = {}
        self._number = 0

    def put(self, clock: str | None, at: int, job: str, id_: str) -> None:
        self._number += 1
        heappush(self._of_clock.setdefault(clock, []), Appointment(at, self._number, job, id_))

    def take(self, clock: str | None, until: int) -> Appointment | None:
        """The next one at or before `until`."""
        waiting = self._of_clock.get(clock)
        if not waiting or waiting[0].at > until:
            return None
        return heappop(waiting)

    def next_at(self, clock: str) -> int | None:
        waiting = self._of_clock.get(clock)
        return waiting[0].at if waiting else None

    def forget(self, clock: str) -> None:
        self._of_clock.pop(clock, None)

    def dump(self) -> list[list[str | int | None]]:
        return [
            [clock, one.at, one.job, one.id] for clock, waiting in self._of_clock.items() for one in sorted(waiting)
        ]

    def load(self, dumped: Iterable[tuple[str | None, int, str, str]]) -> None:
        for clock, at, job, id_ in dumped:
            self.put(clock, at, job, id_)
