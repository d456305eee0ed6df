"""A connection's client with everything that surrounds a call: who we are, the pace, one refresh of a refused token."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from connectors.contract import Address, Client, Connector
from connectors.http import Answer, Door
from connectors.transport import Limits
from core.errors import GrantLost, NotAllowed, RetryAfter, TokenRefused
from core.store import connections
from core.store.connections import Connection
from worker.budget import share
from worker.hub import Hub
from worker.lane import Held
from worker.tokens import Tokens

_WAIT_MAX_SECONDS = 2
_WINDOWS_MAX = 10
"""How often others may take the whole of a window before us."""

_T = TypeVar("_T")


class Caller:
    """Calls only while the lane is held: the lease is renewed before each one and outlasts the wait for its answer."""

    def __init__(self, held: Held, connector: Connector) -> None:
        hub, connection = held.hub, held.connection
        self._hub = hub
        self._held = held
        self._connection = connection
        self._limit = connector.limit
        self._day = connector.day
        self._tokens = Tokens(hub.store, connection, connector.oauth)
        silence = connection.option("read_seconds", Limits().read_seconds)
        limits = Limits(read_seconds=min(silence, hub.lease_seconds / 2))
        door = Door(connection.base_url, self._tokens.headers, admit=self._admit, noticed=self._notice, limits=limits)
        self._client = connector.client(door, Address(connection.base_url, connection.account))

    def call(self, what: Callable[[Client], _T]) -> _T:
        """Raises VendorErrors, but never TokenRefused: a refused token is refreshed once, then the grant is lost.

        Where the grant is lost the connection is paused before this is told; where something is not allowed it works
        on, and says what a person is to allow.
        """
        try:
            try:
                return what(self._client)
            except TokenRefused:
                if not self._tokens.renew():
                    raise self._lost() from None
            try:
                return what(self._client)
            except TokenRefused:
                raise self._lost() from None
        except GrantLost as lost:
            self._pause(str(lost))
            raise
        except NotAllowed as refusal:
            self._complain(
                f"{self._connection.name} {refusal}; what waits goes on by itself within minutes, and nothing is lost."
            )
            raise

    def _admit(self) -> None:
        """A short window is waited for, since a batch may need more calls than it holds; a long one is rested for."""
        calls = int(self._connection.option("calls_per_window", self._limit.calls))
        lane = self._held.lane
        take = partial(
            connections.take_permit,
            connection_id=self._connection.id,
            calls=share(calls, lane.kind, lane.purpose),
            per_seconds=self._limit.per_seconds,
        )
        for _ in range(_WINDOWS_MAX):
            seconds = self._held.write(take)
            if not seconds:
                return
            if seconds > _WAIT_MAX_SECONDS:
                break
            self._hub.clock.sleep(seconds)
        raise RetryAfter(f"The budget of {self._connection.name} is used up for now.", seconds, is_there=True)

    def _notice(self, answer: Answer) -> None:
        if self._day is not None and (left := self._day.left(answer.headers)) is not None:
            self._held.told["day_left"] = left

    def _lost(self) -> GrantLost:
        return GrantLost(f"{self._connection.name} refuses our key. Connect it again; nothing is lost.")

    def _pause(self, sentence: str) -> None:
        self._hub.store.write(
            self._connection.workspace_id, lambda work: connections.pause(work, self._connection.id, sentence)
        )

    def _complain(self, sentence: str) -> None:
        self._hub.store.write(
            self._connection.workspace_id, lambda work: connections.complain(work, self._connection.id, sentence)
        )


def rest(hub: Hub, connection: Connection, trouble: RetryAfter) -> None:
    """Every lane of the connection waits; one of them asks first when the time is over."""
    hub.store.write(
        connection.workspace_id,
        lambda work: connections.back_off(
            work, connection.id, trouble.seconds, hub.entropy.random(), is_away=not trouble.is_there
        ),
    )
