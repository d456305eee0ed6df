"""What every sandbox is made of: a request, a response with its effects, a vendor that turns one into the
other, and a clock that can be moved.

A vendor's code is single-threaded: whoever calls it (server, admin route, webhook courier) holds its lock.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from sandbox.webhook_fault import WebhookFault

Effect = Mapping[str, Any]
"""What a request really changed: {"operation": "create", "kind": "invoice", "id": ..., natural keys}."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    """As sent: without the query, percent-encoding kept."""
    query: str = ""
    """The raw query string, without its question mark."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    in_flight: int = 1
    """How many requests, this one included, the server was busy with when it arrived."""


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    """Empty for reads, for refusals and for replays of an idempotency key."""
    replayed: bool = False

    @classmethod
    def of_json(cls, status: int, value: Any) -> "Response":
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


class Clock:
    """The wall clock plus an offset: transport time (tokens, limits, retries), never a document's date."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._moved = threading.Condition()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    @property
    def offset_seconds(self) -> float:
        return self._offset.total_seconds()

    def move_to_offset(self, seconds: float) -> None:
        with self._moved:
            self._offset = timedelta(seconds=seconds)
            self._moved.notify_all()

    def wait(self, seconds: float) -> None:
        """Until the clock is moved, but no longer than `seconds` of real time."""
        with self._moved:
            self._moved.wait(seconds)

    def wake(self) -> None:
        with self._moved:
            self._moved.notify_all()


class Vendor(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def clock(self) -> Clock: ...

    def handle(self, request: Request) -> Response: ...

    def state(self) -> dict[str, Any]:
        """All it holds, as JSON values."""

    def reset(self, seed: int) -> None:
        """Forgets everything but its credentials."""

    def credentials(self) -> dict[str, str]:
        """What a client needs beside the address, as the command prints it."""


@runtime_checkable
class Restorable(Protocol):
    """A vendor whose state survives a restart."""

    def restore(self, state: dict[str, Any]) -> None: ...


@runtime_checkable
class Snapshotting(Protocol):
    """A vendor that can answer reads from a copy of what it holds now (the fault `stale`)."""

    def snapshot(self) -> Callable[[Request], Response]: ...


@runtime_checkable
class Administered(Protocol):
    """A vendor with admin routes of its own below /_sandbox/; None where it has no such route."""

    def administer(self, request: Request) -> Response | None: ...


@runtime_checkable
class Refusing(Protocol):
    """A vendor that words the refusals which the fault `refuse` asks for without a body."""

    def refusal(self, status: int) -> Response: ...


@runtime_checkable
class Receiving(Protocol):
    """A vendor that may turn a request away at the door, while an earlier one is still under way."""

    def receive(self, request: Request) -> Response | None:
        """The refusal; None where the request may wait for its turn."""

    def release(self, request: Request) -> None:
        """A request that was let in has been decided."""


@runtime_checkable
class Crashing(Protocol):
    """A vendor that words the 500 of the fault `commit_then_500` itself, and may remember it."""

    def crash(self, request: Request, response: Response) -> Response:
        """What the client sees instead of `response`, the answer to work that was done."""


@runtime_checkable
class Notifying(Protocol):
    """A vendor that sends webhooks, which go wrong as /_sandbox/faults says."""

    def heed(self, fault_of: Callable[[str], WebhookFault | None]) -> None:
        """`fault_of` takes the type of an event; it is called under the vendor's lock."""


@runtime_checkable
class Active(Protocol):
    """A vendor with a thread of its own, such as one that delivers webhooks."""

    def start(self, lock: threading.RLock) -> None:
        """Called once, before the first request; the thread holds `lock` while it touches the vendor."""

    def stop(self) -> None: ...
