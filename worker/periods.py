"""Which periods of a ledger are closed: read before anything is written there, and again before anything is held."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from connectors.contract import Connector, Outcome
from core.errors import GrantLost, RetryAfter, VendorError
from core.reasons import Problem, Reason, ReasonCode
from core.store import connections, outbox
from core.store.work import Work
from worker.calls import Caller
from worker.lane import Held

_GOOD_FOR = timedelta(days=1)
"""To write on. If the books were closed meanwhile the vendor refuses, and the word is read again."""
_FRESH_FOR = timedelta(minutes=1)
"""To hold on: nothing is held for a period that may have been opened long ago."""
_BREATHER_SECONDS = 30


class Periods:
    """As one drain knows them. Of a system that closes nothing, all are open and nothing is asked."""

    def __init__(self, held: Held, connector: Connector, caller: Caller) -> None:
        self._held = held
        self._declared = connector.periods
        self._look_seconds = held.connection.option("pull_seconds", connector.poll_seconds)
        self._caller = caller
        self._until = held.connection.closed_until
        self._read_at = held.connection.closed_read_at

    def are_to_be_read(self) -> bool:
        return self._declared is not None and not self._is_younger_than(_GOOD_FOR)

    def are_fresh(self) -> bool:
        return self._is_younger_than(_FRESH_FOR)

    def holds(self, date: str) -> bool:
        """Whether what is dated on that day (ISO) may not be written; nothing holds what has no date."""
        return bool(date) and date <= self._until

    def why(self, date: str) -> Reason:
        return Reason(ReasonCode.PERIOD_LOCKED, {"on": date, "lock": self._until})

    def next_look(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self._look_seconds)

    def read(self) -> None:
        """What was held for a period that is open now goes on. RetryAfter or GrantLost if it cannot be read."""
        declared = self._declared
        assert declared is not None
        try:
            until = declared.closed_until(self._caller.call(lambda client: client.ask(declared.path)))
        except (RetryAfter, GrantLost):
            raise
        except VendorError as trouble:
            raise RetryAfter(str(trouble), _BREATHER_SECONDS) from None
        connection_id = self._held.connection.id

        def keep(work: Work) -> datetime:
            if until < self._until:
                outbox.release(work, connection_id, [ReasonCode.PERIOD_LOCKED])
            else:
                outbox.put_off(work, connection_id, ReasonCode.PERIOD_LOCKED, self.next_look(work.now))
            connections.keep_closed(work, connection_id, until)
            return work.now

        self._read_at = self._held.write(keep)
        self._until = until

    def told(self, outcomes: Sequence[Outcome], dates: Sequence[str]) -> list[Outcome]:
        """Refusals for a closed period with the document's date, which not every element has."""
        return [
            Problem(Reason(one.reason.code, {**one.reason.params, "on": date}))
            if isinstance(one, Problem) and one.reason.code is ReasonCode.PERIOD_LOCKED
            else one
            for one, date in zip(outcomes, dates, strict=True)
        ]

    def doubt(self, work: Work) -> None:
        """The vendor says otherwise: to be read before anything else is written."""
        self._read_at = None
        connections.doubt_closed(work, self._held.connection.id)

    def _is_younger_than(self, age: timedelta) -> bool:
        return self._read_at is not None and self._held.hub.clock.now() - self._read_at < age
