"""What goes wrong with webhooks, such as {"webhook": "invoice.paid", "fault": "drop", "times": 2}."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

FAULTS = ("drop", "duplicate", "reorder", "delay")
SECONDS_MAX = 600


@dataclass(slots=True)
class WebhookFault:
    webhook: str
    """A shell pattern over the event's type."""
    fault: str
    skip: int
    times: int
    seconds: float
    """How long `delay` takes."""


class WebhookFaults:
    def __init__(self) -> None:
        self._set: list[WebhookFault] = []

    def add(self, wanted: Mapping[str, Any]) -> None:
        """ValueError says what is wrong with it."""
        if unknown := set(wanted) - {"webhook", "fault", "skip", "times", "seconds"}:
            raise ValueError(f"unknown field {min(unknown)!r} in a webhook fault")
        fault = wanted.get("fault")
        if fault not in FAULTS:
            raise ValueError(f"unknown webhook fault {fault!r}; known: {', '.join(FAULTS)}")
        skip, times, seconds = wanted.get("skip", 0), wanted.get("times", 1), wanted.get("seconds", 2.0)
        if any(type(number) is not int or number < 0 for number in (skip, times)):
            raise ValueError("skip and times are whole numbers from 0")
        if type(seconds) not in (int, float) or not 0 <= seconds <= SECONDS_MAX:
            raise ValueError(f"seconds is a number from 0 to {SECONDS_MAX}")
        self._set.append(WebhookFault(str(wanted["webhook"]), fault, skip, times, seconds))

    def take(self, type_: str) -> WebhookFault | None:
        for fault in self._set:
            if fault.times == 0 or not fnmatchcase(type_, fault.webhook):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.times -= 1
            return fault
        return None

    def clear(self) -> None:
        self._set.clear()

    def shown(self) -> list[dict[str, Any]]:
        return [
            {
                "webhook": fault.webhook,
                "fault": fault.fault,
                "skip": fault.skip,
                "times": fault.times,
                "seconds": fault.seconds,
            }
            for fault in self._set
        ]
