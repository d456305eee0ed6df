"""Delivers events to webhook endpoints: signed, repeated until acknowledged, in no particular order."""

import hashlib
import hmac
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import Any

from sandbox.log import Log
from sandbox.post import post
from sandbox.webhook_fault import WebhookFault

WORKERS = 4
ANSWER_SECONDS_MAX = 10.0
RETRY_SECONDS = (0.5, 1.0, 2.0)
"""Stripe's sandbox: three retries with exponential backoff, over hours there and over seconds here."""
REORDER_SECONDS = 1.0
"""How long a webhook that is to arrive late waits for another one to overtake it."""


@dataclass(slots=True)
class Delivery:
    event: str
    type: str
    endpoint: str
    url: str
    secrets: tuple[str, ...]
    body: bytes
    attempt: int = 1
    fault: str | None = None


@dataclass(order=True, slots=True)
class _Due:
    at: float
    """Of the monotonic clock: retries run in real time, whatever the sandbox's clock says."""
    number: int
    delivery: Delivery = field(compare=False)


def signature(secret: str, at: int, body: bytes, *older: str) -> str:
    """The value of Stripe-Signature; secrets are used as they are written, prefix and all."""
    told = f"{at}.".encode() + body
    signed = (hmac.new(secret.encode(), told, hashlib.sha256).hexdigest() for secret in (secret, *older))
    return ",".join([f"t={at}", *(f"v1={one}" for one in signed)])


class Courier:
    def __init__(
        self,
        now: Callable[[], datetime],
        wanted: Callable[[Delivery], bool],
        acknowledged: Callable[[Delivery], None],
    ) -> None:
        self.fault_of: Callable[[str], WebhookFault | None] = lambda _: None
        self.retry_seconds: tuple[float, ...] = RETRY_SECONDS
        self._now = now
        self._wanted = wanted
        """Whether the endpoint is still there and enabled: if not, it gets no retries either."""
        self._acknowledged = acknowledged
        self._due: list[_Due] = []
        self._held: list[Delivery] = []
        """Waiting to be overtaken."""
        self._log = Log()
        self._number = 0
        self._under_way = 0
        self._life = 0
        """Counts the times that all was forgotten: what was under way then leaves no trace."""
        self._changed = threading.Condition()
        self._stopping = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._work, name=f"stripe-courier-{number}", daemon=True)
            for number in range(WORKERS)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(ANSWER_SECONDS_MAX)
        self._threads = []

    def take(self, delivery: Delivery) -> None:
        with self._changed:
            fault = self.fault_of(delivery.type)
            delivery.fault = fault.fault if fault else None
            if fault is None:
                self._put(delivery, 0)
            elif fault.fault == "drop":
                self._note(delivery, None, "dropped")
            elif fault.fault == "duplicate":
                self._put(delivery, 0)
                self._put(delivery, 0)
            elif fault.fault == "reorder":
                self._held.append(delivery)
                self._put(delivery, REORDER_SECONDS)
            else:
                self._put(delivery, fault.seconds)

    def deliveries(self, after: int = 0) -> list[dict[str, Any]]:
        """Every attempt after that number, in order; a dropped webhook is an attempt that was never made."""
        with self._changed:
            return self._log.after(after)

    def pending(self) -> int:
        with self._changed:
            return len(self._due) + self._under_way

    def clear(self) -> None:
        with self._changed:
            self._life += 1
            self._due.clear()
            self._held.clear()
            self._log.clear()

    def dump(self) -> list[dict[str, Any]]:
        """What is still to be delivered."""
        with self._changed:
            return [
                {
                    "event": one.delivery.event,
                    "type": one.delivery.type,
                    "endpoint": one.delivery.endpoint,
                    "url": one.delivery.url,
                    "secrets": one.delivery.secrets,
                    "body": one.delivery.body.decode(),
                    "attempt": one.delivery.attempt,
                }
                for one in sorted(self._due)
            ]

    def load(self, dumped: list[dict[str, Any]]) -> None:
        with self._changed:
            for saved in dumped:
                self._put(Delivery(**{**saved, "secrets": tuple(saved["secrets"]), "body": saved["body"].encode()}), 0)

    def _put(self, delivery: Delivery, after_seconds: float) -> None:
        self._number += 1
        heappush(self._due, _Due(time.monotonic() + after_seconds, self._number, delivery))
        self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._stopping and (not self._due or self._due[0].at > time.monotonic()):
                    self._changed.wait(self._due[0].at - time.monotonic() if self._due else None)
                if self._stopping:
                    return
                delivery = heappop(self._due).delivery
                self._under_way += 1
            if self._wanted(delivery):
                self._attempt(delivery)
            with self._changed:
                self._under_way -= 1

    def _attempt(self, delivery: Delivery) -> None:
        life = self._life
        answer = post(delivery.url, delivery.body, self._headers(delivery), ANSWER_SECONDS_MAX)
        with self._changed:
            if life != self._life:
                return
            self._note(delivery, answer.status, answer.problem)
            self._release_overtaken(delivery)
            accepted = answer.status is not None and 200 <= answer.status < 300
            if not accepted and delivery.attempt <= len(self.retry_seconds):
                again = Delivery(**{name: getattr(delivery, name) for name in Delivery.__slots__})
                again.attempt += 1
                self._put(again, self.retry_seconds[delivery.attempt - 1])
        if accepted:
            self._acknowledged(delivery)

    def _headers(self, delivery: Delivery) -> dict[str, str]:
        at = int(self._now().timestamp())
        return {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(delivery.secrets[0], at, delivery.body, *delivery.secrets[1:]),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }

    def _release_overtaken(self, delivery: Delivery) -> None:
        """Another webhook has arrived, so that those which waited for it may follow."""
        if delivery in self._held:
            self._held.remove(delivery)
            return
        for due in self._due:
            if due.delivery in self._held:
                due.at = time.monotonic()
        self._held.clear()
        heapify(self._due)
        self._changed.notify()

    def _note(self, delivery: Delivery, status: int | None, problem: str | None) -> None:
        self._log.append(
            {
                "at": self._now().isoformat(),
                "event": delivery.event,
                "type": delivery.type,
                "endpoint": delivery.endpoint,
                "url": delivery.url,
                "attempt": delivery.attempt,
                "body_sha256": hashlib.sha256(delivery.body).hexdigest(),
                "status": status,
                "problem": problem,
                "fault": delivery.fault,
            }
        )
