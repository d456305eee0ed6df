"""One time for every host: leases are compared in the database's time, whatever a host's own clock says."""

import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from core.errors import Busy

_MEASURE_SECONDS = 30


class DatabaseClock:
    """The PostgreSQL server's clock, asked every half minute and carried on by this machine's steady one between."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._measured = float("-inf")
        self._at = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """Raises Busy when the database is away."""
        steady = time.monotonic()
        if steady - self._measured > _MEASURE_SECONDS:
            try:
                with self._engine.connect() as connection:
                    self._at = connection.execute(text("SELECT clock_timestamp()")).scalar_one().astimezone(UTC)
            except DBAPIError:
                raise Busy("The database went away, and with it the time; try again shortly.") from None
            self._measured = steady
        return self._at + timedelta(seconds=steady - self._measured)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
