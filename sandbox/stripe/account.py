"""The Stripe account that is played: its objects, its clocks, and the events it tells of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.kit import Clock
from sandbox.stripe.agenda import Agenda
from sandbox.stripe.pacing import Pacing
from sandbox.stripe.rows import Row, Shown
from sandbox.stripe.settings import Settings
from sandbox.stripe.showing import show
from sandbox.stripe.store import Store

API_VERSION = "2026-10-28.endive"


@dataclass(frozen=True, slots=True)
class Asked:
    """The request that events are a consequence of; both None for what happens by itself."""

    request_id: str | None = None
    idempotency_key: str | None = None
    shown: Shown = field(default_factory=dict, init=False)
    """As events show it; one object for all of them."""

    def __post_init__(self) -> None:
        self.shown.update(id=self.request_id, idempotency_key=self.idempotency_key)


class Account:
    def __init__(self, clock: Clock, seed: int, api_key: str, webhook_secret: str) -> None:
        self.clock = clock
        self.api_key = api_key
        self.webhook_secret = webhook_secret
        """The secret of the next webhook endpoint, so that it is known before there is one."""
        self.store = Store(seed, self.now)
        self.id = "acct_sandbox"
        self.agenda = Agenda()
        self.settings = Settings()
        self.pacing = Pacing(self.settings)
        self.asked = Asked()
        self.settling: list[tuple[int, str]] = []
        """A heap of when pending balance transactions become available, and their ids."""
        self.happened: Callable[[Row], None] | None = None
        """Told of every event, so that it can be delivered."""

    def next_webhook_secret(self) -> str:
        """The announced one goes to the next endpoint; every one after it is new."""
        secret, self.webhook_secret = self.webhook_secret, f"whsec_sandbox_{self.store.letters(32)}"
        return secret

    def now(self, test_clock: str | None = None) -> int:
        """Unix seconds: of the test clock, where one is given, else of the wall."""
        if test_clock is not None:
            return int(self.store.get("test_helpers.test_clock", test_clock)["frozen_time"])
        return int(self.clock.now().timestamp())

    def now_for(self, customer: str | None) -> int:
        """Business time of whatever belongs to this customer."""
        return self.now(self.clock_of(customer))

    def clock_of(self, customer: str | None) -> str | None:
        """The test clock by which this customer lives; None for the wall clock."""
        owner = self.store.find("customer", customer) if customer else None
        clock: str | None = owner["test_clock"] if owner and not owner.deleted else None
        return clock

    def latest(self) -> int:
        """The furthest that any clock has come: the account's own business day."""
        clocks = (int(clock["frozen_time"]) for clock in self.store.every("test_helpers.test_clock"))
        return max([self.now(), *clocks])

    def show(self, row: Row) -> Shown:
        return show(self.store, row)

    def add(self, row: Row, event: str | None = None) -> Row:
        self.store.add(row)
        if event:
            self.emit(event, row)
        return row

    def update(self, row: Row, event: str, **changes: Any) -> Row:
        """Saves the changes, and tells of them where the object looks different for them."""
        before = self.show(row)
        self.store.save(row, **changes)
        self.emit_changes(row, event, before)
        return row

    def emit_changes(self, row: Row, event: str, before: Shown) -> None:
        previous = difference(before, self.show(row))
        if previous:
            self.emit(event, row, previous)

    def emit(self, type_: str, row: Row, previous: Shown | None = None) -> Row:
        return self.tell(type_, self.show(row), previous, self.now(self._test_clock_of(row)))

    def tell(self, type_: str, shown: Shown, previous: Shown | None = None, at: int | None = None) -> Row:
        """An event about an object as it is shown at this moment."""
        event = Row(
            {
                "id": self.store.new_id("event"),
                "object": "event",
                "created": self.now() if at is None else at,
                "request": self.asked.shown,
                "type": type_,
                "_delivered": True,
                "_told_at": self.now(),
                "_object": shown,
            }
        )
        if previous is not None:
            event["_previous"] = previous
        self.store.add(event)
        if self.happened:
            self.happened(event)
        return event

    def _test_clock_of(self, row: Row) -> str | None:
        """By way of the object that it belongs to, where it does not say so itself."""
        if row.deleted:
            return None
        clock: str | None = row.get("test_clock")
        for kind in ("customer", "invoice", "charge", "subscription"):
            owner = self.store.find(kind, row.get(kind) or "") if clock is None else None
            if owner is not None:
                clock = self._test_clock_of(owner)
        return clock


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Shown:
    """What `before` had where `after` has something else; within objects, only the parts that differ."""
    changed: Shown = {}
    for name, value in before.items():
        now = after.get(name)
        if value == now:
            continue
        if isinstance(value, dict) and isinstance(now, dict):
            changed[name] = difference(value, now)
        else:
            changed[name] = value
    return changed | dict.fromkeys(name for name in after if name not in before)
