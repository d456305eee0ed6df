"""The rhythm of a subscription: every boundary is reckoned from the anchor, so that no month drifts.

Anchored on the 31st, it bills on the 28th of February and on the 31st of March again.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.stripe.dates import add_interval, add_months

_SECONDS = {"day": 86_400, "week": 7 * 86_400}


@dataclass(frozen=True, slots=True)
class Rhythm:
    interval: str
    count: int
    anchor: int
    day: int | None = None
    """The day of the month aimed at, where the anchor's own month was too short for it."""

    def boundary(self, number: int) -> int:
        """The anchor itself is number 0; those before it are negative."""
        return add_interval(self.anchor, self.interval, self.count * number, self.day)

    def next_after(self, at: int) -> int:
        number = self._estimate(at)
        while self.boundary(number) > at:
            number -= 1
        while self.boundary(number) <= at:
            number += 1
        return self.boundary(number)

    def last_before(self, at: int) -> int:
        """The boundary before the one at `at`."""
        number = self._estimate(at)
        while self.boundary(number) < at:
            number += 1
        while self.boundary(number) >= at:
            number -= 1
        return self.boundary(number)

    def _estimate(self, at: int) -> int:
        if self.interval in _SECONDS:
            return (at - self.anchor) // (_SECONDS[self.interval] * self.count)
        then, anchor = (datetime.fromtimestamp(moment, UTC) for moment in (at, self.anchor))
        months = (then.year - anchor.year) * 12 + then.month - anchor.month
        return months // (self.count * (12 if self.interval == "year" else 1))


def anchor_on(start: int, day: int, month: int | None = None, **clock: int) -> int:
    """The first moment from `start` on that day, of any month or of one; hour, minute, second as given."""
    then = datetime.fromtimestamp(start, UTC).replace(**clock, microsecond=0)  # type: ignore[arg-type]
    first = int(then.replace(day=1, month=month or then.month).timestamp())
    step = 12 if month else 1
    months = 0
    while (at := add_months(first, months, day)) < start:
        months += step
    return at
