"""Transport time: signatures, tokens, rate limits, retries, leases. Documents are never dated with it."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    def now(self) -> datetime:
        """UTC, with its zone."""
        ...

    def sleep(self, seconds: float) -> None: ...


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class ManualClock:
    """Stands still until it is told to move; sleeping moves it."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def sleep(self, seconds: float) -> None:
        self._at += timedelta(seconds=seconds)


def local_date(moment: datetime, zone: str) -> str:
    """The calendar date (ISO) at that moment in a book's zone: what stands on its documents."""
    if moment.tzinfo is None:
        raise ValueError(f"the moment {moment} has no zone, so its date would depend on the machine's")
    return moment.astimezone(ZoneInfo(zone)).date().isoformat()
