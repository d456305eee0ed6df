"""What goes wrong, on which requests or webhooks, how many times: set through /_sandbox/faults."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from sandbox.kit import Request, Response
from sandbox.webhook_fault import WebhookFault

EXECUTED = frozenset(
    {
        "commit_then_hang",
        "commit_then_500",
        "commit_then_close",
        "commit_then_truncate",
        "malformed",
        "empty",
        "slow",
    }
)
NOT_EXECUTED = frozenset({"refuse", "hang", "close", "stale"})
FAULTS = EXECUTED | NOT_EXECUTED
WEBHOOK_FAULTS = ("drop", "duplicate", "reorder", "delay")
WEBHOOK_FIELDS = frozenset({"webhook", "fault", "skip", "times", "seconds"})
FIELDS = frozenset({"match", "fault", "skip", "times", "seconds", "status", "headers", "body"})

SECONDS_MAX = 600

Snapshot = Callable[[], Callable[[Request], Response]]


class BadFaultError(ValueError):
    """A fault that cannot be set; the message says why."""


@dataclass(slots=True)
class Fault:
    id: int
    match: str
    """A shell pattern over "METHOD path", read without regard to case."""
    fault: str
    skip: int
    """Matching requests that are let through first."""
    times: int
    """How often it still strikes."""
    seconds: float
    """How long hang, slow and commit_then_hang take."""
    status: int
    """The status of refuse."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """The body of refuse and malformed."""
    past: Callable[[Request], Response] | None = None
    """Answers reads from the state as it was when the fault `stale` was set."""

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "match": self.match,
            "fault": self.fault,
            "skip": self.skip,
            "times": self.times,
            "seconds": self.seconds,
            "status": self.status,
            "headers": dict(self.headers),
        }


def _read_webhook_fault(wanted: Mapping[str, Any], number: int) -> WebhookFault:
    if unknown := set(wanted) - WEBHOOK_FIELDS:
        raise BadFaultError(f"unknown field {min(unknown)!r}; known: {', '.join(sorted(WEBHOOK_FIELDS))}")
    pattern, kind = wanted["webhook"], wanted.get("fault")
    skip, times, seconds = wanted.get("skip", 0), wanted.get("times", 1), wanted.get("seconds", 2.0)
    if not isinstance(pattern, str):
        raise BadFaultError("webhook is a pattern over the type of the event")
    if kind not in WEBHOOK_FAULTS:
        raise BadFaultError(f"unknown webhook fault {kind!r}; known: {', '.join(WEBHOOK_FAULTS)}")
    _check_counts(skip, times, seconds)
    return WebhookFault(number, pattern, kind, skip, times, seconds)


def _check_counts(skip: Any, times: Any, seconds: Any) -> None:
    if any(type(count) is not int or count < 0 for count in (skip, times)):
        raise BadFaultError("skip and times are whole numbers from 0")
    if type(seconds) not in (int, float) or not 0 <= seconds <= SECONDS_MAX:
        raise BadFaultError(f"seconds is a number from 0 to {SECONDS_MAX}")


def _read(wanted: Mapping[str, Any], number: int, snapshot: Snapshot | None) -> Fault:
    if unknown := set(wanted) - FIELDS:
        raise BadFaultError(f"unknown field {min(unknown)!r}; known: {', '.join(sorted(FIELDS))}")
    kind, match, body = wanted.get("fault"), wanted.get("match", "*"), wanted.get("body")
    skip, times, status = wanted.get("skip", 0), wanted.get("times", 1), wanted.get("status", 503)
    seconds, headers = wanted.get("seconds", 2.0), wanted.get("headers", {})
    if kind not in FAULTS:
        raise BadFaultError(f"unknown fault {kind!r}; known: {', '.join(sorted(FAULTS))}")
    if not isinstance(match, str) or not isinstance(headers, dict):
        raise BadFaultError("match is a pattern, headers is an object")
    _check_counts(skip, times, seconds)
    if type(status) is not int or not 200 <= status <= 599:
        raise BadFaultError("status is a number from 200 to 599")
    if kind == "stale" and snapshot is None:
        raise BadFaultError("this vendor keeps no snapshots, so its reads cannot be stale")
    return Fault(
        id=number,
        match=match.casefold(),
        fault=kind,
        skip=skip,
        times=times,
        seconds=seconds,
        status=status,
        headers={name: str(value) for name, value in headers.items()},
        body=None if body is None else str(body).encode(),
        past=snapshot() if kind == "stale" and snapshot is not None else None,
    )


class Faults:
    def __init__(self) -> None:
        self._set: list[Fault | WebhookFault] = []
        self._last_id = 0

    def add(self, wanted: Any, snapshot: Snapshot | None) -> list[int]:
        """All of them or, where one is wrong, none."""
        if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
            raise BadFaultError('wanted: {"faults": [{"match": ..., "fault": ...}]}')
        faults = [
            _read_webhook_fault(one, number) if "webhook" in one else _read(one, number, snapshot)
            for number, one in enumerate(wanted, self._last_id + 1)
        ]
        self._last_id += len(faults)
        self._set += faults
        return [fault.id for fault in faults]

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that strikes this request, its count taken; the first one set goes first."""
        line = f"{method} {path}".casefold()
        for fault in self._set:
            if isinstance(fault, WebhookFault) or (fault.past and method != "GET"):
                continue
            if fnmatchcase(line, fault.match) and _strikes(fault):
                return fault
        return None

    def take_for_webhook(self, type_: str) -> WebhookFault | None:
        """The fault that strikes a webhook of this type, its count taken."""
        for fault in self._set:
            if isinstance(fault, WebhookFault) and fnmatchcase(type_, fault.webhook) and _strikes(fault):
                return fault
        return None

    def clear(self) -> None:
        self._set.clear()

    def shown(self) -> list[dict[str, Any]]:
        return [fault.shown() for fault in self._set]


def _strikes(fault: Fault | WebhookFault) -> bool:
    if fault.times == 0:
        return False
    if fault.skip:
        fault.skip -= 1
        return False
    fault.times -= 1
    return True
