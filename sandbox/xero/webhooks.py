"""Xero's webhook subscription: the intent to receive, events by id alone, retries, and the end of patience.

This half decides and remembers; courier.py sends.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sandbox.kit import Clock
from sandbox.post import Answer
from sandbox.webhook_fault import WebhookFault
from sandbox.xero.codec import decode, encode
from sandbox.xero.rules import Rules
from sandbox.xero.table import Change

SIGNING_KEY = "xero_sandbox_webhook_key"
ANSWER_SECONDS_MAX = 5.0
PATIENCE = timedelta(hours=24)
RETRY_SECONDS = (1.0, 5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0)
"""Xero says no more than "with decreasing frequency"; the last one repeats until the patience ends."""
REORDER_SECONDS = 1.0
_INTENT = (True, False, False, True)
"""Which of the posts that test the intent to receive are signed rightly."""
_ENTROPY = UUID("5d0c3a52-3b2e-5f0e-8a3b-7d2a6f0c1e55")
_CATEGORIES = {
    "invoice": ("INVOICE", "Invoices"),
    "contact": ("CONTACT", "Contacts"),
    "credit_note": ("CREDITNOTE", "CreditNotes"),
}


@dataclass(frozen=True, slots=True)
class Delivery:
    number: int
    body: str
    due_at: datetime
    first_at: datetime
    signed_rightly: bool = True
    intent: bool = False
    attempt: int = 1
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    url: str
    signing_key: str
    status: str = "VALIDATING"
    """VALIDATING, ENABLED, INTENT_FAILED or DISABLED."""
    retry_seconds: tuple[float, ...] = RETRY_SECONDS


def signature(key: str, body: bytes) -> str:
    """The value of x-xero-signature; the key is used as it is written, not decoded."""
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


def _is_payment(change: Change[Any]) -> bool:
    """Whether an invoice changed for no other reason than money put on it or taken from it."""
    if change.table.kind != "invoice" or change.before is None or change.after is None:
        return False
    return bool(change.before.applied != change.after.applied)


class Webhooks:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.fault_of: Callable[[str], WebhookFault | None] = lambda _: None
        self.clear()

    def clear(self) -> None:
        self.subscription: Subscription | None = None
        self.log: list[dict[str, Any]] = []
        self._queue: list[Delivery] = []
        self._sequence = 0
        self._number = 0

    def subscribe(self, url: str, signing_key: str, retry_seconds: tuple[float, ...]) -> Subscription:
        """Tests the intent to receive at once; also the way back from DISABLED."""
        self.subscription = Subscription(url, signing_key, retry_seconds=retry_seconds)
        self._queue.clear()
        for signed_rightly in _INTENT:
            self._add([], 0, signed_rightly=signed_rightly, intent=True)
        return self.subscription

    def notice(self, changes: Iterable[Change[Any]], tenant_id: str, rules: Rules) -> None:
        """Xero: every event takes a number, also those that nobody gets, so that a gap can be seen."""
        events: dict[str, dict[str, Any]] = {}
        for change in changes:
            if _is_payment(change) and not rules.payments_are_told_as_invoice_updates:
                continue
            if (event := self._event(change, tenant_id)) is not None:
                events.setdefault(event["resourceId"], event)
        usual: list[dict[str, Any]] = []
        for event in events.values():
            self._sequence += 1
            if self.subscription is None or self.subscription.status != "ENABLED":
                continue
            fault = self.fault_of(f"{event['eventCategory']}.{event['eventType']}")
            if fault is None:
                usual.append(event)
            else:
                self._add_spoiled(event, fault)
        if usual:
            self._add(usual, self._sequence)

    def take_due(self) -> Delivery | None:
        """The next one to send, if it is time."""
        due = min(self._queue, key=lambda one: (one.due_at, one.number), default=None)
        if due is None or due.due_at > self._clock.now():
            return None
        self._queue.remove(due)
        return due

    def seconds_to_next(self) -> float | None:
        if not self._queue:
            return None
        return (min(one.due_at for one in self._queue) - self._clock.now()).total_seconds()

    def answered(self, delivery: Delivery, answer: Answer, subscription: Subscription) -> None:
        self._note(delivery, answer)
        if subscription is not self.subscription:
            return  # registered anew meanwhile
        if delivery.intent:
            self._judge_intent(delivery, answer)
        elif answer.status != 200:
            self._retry(delivery)

    def state(self) -> dict[str, Any]:
        return {
            "subscription": encode(self.subscription) if self.subscription else None,
            "queue": [encode(one) for one in self._queue],
            "sequence": self._sequence,
            "number": self._number,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.clear()
        if state["subscription"] is not None:
            self.subscription = decode(Subscription, state["subscription"])
        self._queue = [decode(Delivery, one) for one in state["queue"]]
        self._sequence, self._number = state["sequence"], state["number"]

    def shown(self) -> dict[str, Any]:
        return {
            "subscription": asdict(self.subscription) if self.subscription else None,
            "waiting": len(self._queue),
        }

    def _event(self, change: Change[Any], tenant_id: str) -> dict[str, Any] | None:
        if change.table.kind not in _CATEGORIES or change.after is None:
            return None
        category, resource = _CATEGORIES[change.table.kind]
        row = change.after
        event = {
            "resourceUrl": f"https://api.xero.com/api.xro/2.0/{resource}/{row.id}",
            "resourceId": row.id,
            "tenantId": tenant_id,
            "tenantType": "ORGANISATION",
            "eventCategory": category,
            "eventType": change.operation.upper(),
            "eventDateUtc": row.updated_at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{row.updated_at.microsecond // 1000:03}",
        }
        if category == "CREDITNOTE":
            event["data"] = {"Type": row.type, "Status": row.status}
        return event

    def _add_spoiled(self, event: dict[str, Any], fault: WebhookFault) -> None:
        if fault.fault == "drop":
            self.log.append(
                {"n": len(self.log) + 1, "at": self._clock.now().isoformat(), "status": None}
                | {"fault": "drop", "event": event}
            )
            return
        seconds = {"reorder": REORDER_SECONDS, "delay": fault.seconds}.get(fault.fault, 0.0)
        for _ in range(2 if fault.fault == "duplicate" else 1):
            self._add([event], self._sequence, after_seconds=seconds, fault=fault.fault)

    def _add(
        self,
        events: list[dict[str, Any]],
        last: int,
        *,
        signed_rightly: bool = True,
        intent: bool = False,
        after_seconds: float = 0,
        fault: str | None = None,
    ) -> None:
        self._number += 1
        body = {
            "events": events,
            "firstEventSequence": last - len(events) + 1 if events else 0,
            "lastEventSequence": last,
            "entropy": uuid5(_ENTROPY, str(self._number)).hex[:20].upper(),
        }
        now = self._clock.now()
        due = now + timedelta(seconds=after_seconds)
        self._queue.append(Delivery(self._number, json.dumps(body), due, now, signed_rightly, intent, fault=fault))

    def _judge_intent(self, delivery: Delivery, answer: Answer) -> None:
        """Xero: 200 for a right signature, 401 for a wrong one, with no body and no cookie."""
        wanted = 200 if delivery.signed_rightly else 401
        if self.subscription is None or self.subscription.status != "VALIDATING":
            return
        if answer.status != wanted or answer.body or answer.sets_cookie:
            self._queue.clear()
            self.subscription = replace(self.subscription, status="INTENT_FAILED")
        elif not self._queue:
            self.subscription = replace(self.subscription, status="ENABLED")

    def _retry(self, delivery: Delivery) -> None:
        now = self._clock.now()
        if self.subscription is None or self.subscription.status != "ENABLED":
            return
        if now - delivery.first_at >= PATIENCE:
            self._queue.clear()
            self.subscription = replace(self.subscription, status="DISABLED")
            return
        waits = self.subscription.retry_seconds
        wait = waits[min(delivery.attempt, len(waits)) - 1]
        self._queue.append(replace(delivery, attempt=delivery.attempt + 1, due_at=now + timedelta(seconds=wait)))

    def _note(self, delivery: Delivery, answer: Answer) -> None:
        self.log.append(
            {
                "n": len(self.log) + 1,
                "at": self._clock.now().isoformat(),
                "delivery": delivery.number,
                "attempt": delivery.attempt,
                "intent": delivery.intent,
                "signed_rightly": delivery.signed_rightly,
                "body": delivery.body,
                "body_sha256": hashlib.sha256(delivery.body.encode()).hexdigest(),
                "status": answer.status,
                "problem": answer.problem,
                "fault": delivery.fault,
            }
        )
