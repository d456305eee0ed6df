"""Calendar arithmetic in UTC: months have ends, and a cycle that began on the 31st bills on the last day."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta


def add_months(at: int, months: int, day: int | None = None) -> int:
    """`day` is the day of the month aimed at, by default that of `at`; a shorter month gives its last."""
    then = datetime.fromtimestamp(at, UTC)
    year, month = divmod(then.year * 12 + then.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    moved = then.replace(year=year, month=month + 1, day=min(day or then.day, last))
    return int(moved.timestamp())


def add_interval(at: int, interval: str, count: int, day: int | None = None) -> int:
    """`at` plus `count` days, weeks, months or years."""
    if interval in ("month", "year"):
        return add_months(at, count * (12 if interval == "year" else 1), day)
    days = count * (7 if interval == "week" else 1)
    return int((datetime.fromtimestamp(at, UTC) + timedelta(days=days)).timestamp())
