"""What a connector is: a frozen declaration, a client that moves rows and never opens them, pure functions between.

A vendor's folder holds `__init__.py` (the declaration, one page), `client.py` (moves rows), `translate` (rows and
entities, pure) and `webhook.py` (verify and parse, pure). The engine in `worker/` is driven by what is declared here
and never asks which vendor it is talking to. A function that is absent is a capability that is absent.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from connectors.http import Door
from core.book import Book
from core.entities import Entity, references
from core.figures import Figures
from core.kinds import Kind
from core.reasons import Problem

Row = dict[str, Any]
"""A vendor's JSON object as it came, its numbers parsed as int and Decimal."""


class Role(StrEnum):
    GATEWAY = "gateway"
    LEDGER = "ledger"
    CRM = "crm"


@dataclass(frozen=True, slots=True)
class Address:
    """Where and as whom a client calls: settings of one connection, never secrets."""

    base_url: str
    account: str = ""
    """The vendor's own id of the account, organisation or portal; empty where the key itself says which."""


@dataclass(frozen=True, slots=True)
class Notification:
    """A webhook's word that something may have changed. Only a hint: the row is fetched."""

    key: str
    """Unique per app for ever: the vendor's event id, or what stands for it."""
    type: str
    account: str
    kind: Kind | None
    """None for an event that is stored and needs no work."""
    remote_id: str
    occurred_at: datetime | None
    content: bytes = b""
    """What the vendor said, apart from what differs between two attempts to tell it: to notice a key used twice."""
    is_live: bool | None = None
    """Whether it is about real money or about a test; None where the vendor does not say."""
    problem: str = ""
    """Why this one of several cannot be read; nothing else of it counts then."""


Rows = Mapping[tuple[Kind, str], Row]
"""Rows as they are now, by kind and remote id."""


@dataclass(frozen=True, slots=True)
class Page:
    """What changed: rows as they are now, or notifications where the vendor only tells that something did."""

    rows: Rows
    notifications: Sequence[Notification]
    cursor: Row
    """Where to go on: opaque to the engine, JSON, saved in the same commit as what was read."""
    more: bool


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP write as it will be sent: everything but the credentials, committed before the first byte leaves."""

    method: str
    path: str
    """With its query, below the connection's base URL."""
    body: bytes
    content_type: str
    key: str = ""
    """The vendor's idempotency key, where it has one."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One member of a push, as the vendor says it now stands there."""

    remote_id: str
    version: str
    row: Row
    gone: bool = False
    """It was taken away: voided or deleted, and no document there any more."""


Outcome = Stored | Problem | None
"""What became of one member: stored there, refused with a reason, or (after a question only) not there."""


@dataclass(frozen=True, slots=True)
class Document:
    """All that a writer needs, as a plain value: an entity in the target's ids and the bookkeeper's choices for it."""

    entity: Entity
    origin_id: str
    """The id at the system where it was born, for references on the ledger document."""
    name: str
    """How people call it, for sentences: "invoice RE-1001"."""
    remote_id: str | None
    """Its id at the target, if it is there already."""
    part: str
    """Which part of the entity this document carries, where one entity becomes several documents there: one of
    `Writes.parts(entity)`, in the coordinates of this entity."""
    book: Book
    choices: Mapping[str, str] = field(default_factory=dict)
    """Slot to value, for the document as a whole."""
    line_choices: Sequence[Mapping[str, str]] = ()
    """Slot to value for each line of the entity, in its order."""
    date: str = ""
    """The document's date (ISO) in its book's zone; a refund's date for what pays out a credit note."""
    rate: str = ""
    """Units of the book's base currency for one unit of the document's; empty in the base currency."""
    settles_in: str = ""
    """The currency in which the gateway's balance moved for it; empty for what moves no money."""


@dataclass(frozen=True, slots=True)
class Reads:
    """How a kind is read from this vendor."""

    remote_id: Callable[[Row], str]
    entity: Callable[[Row], Entity | Problem] | None = None
    """None: its rows are observed and compared with what we wrote, and never become records."""
    version: Callable[[Row], str] = lambda _: ""
    """The vendor's own version token or moment of change, kept with the link."""
    merged_into: Callable[[Row], str] | None = None
    """The id of the document that this one was merged into there; empty where it was not."""
    also: Sequence[Kind] = ()
    """Other kinds whose documents stand in the same list there, under ids of its own."""
    figures: Callable[[Row], Figures | None] | None = None
    """What the vendor says a document amounts to, of a kind whose rows never become entities."""
    further: Callable[[Row], Sequence[tuple[Kind, str, Entity]]] = lambda _: ()
    """What the row tells beside its own entity and no row of its own tells: (kind, its id there, entity). Of a later
    kind than the row's; asked only where the row's entity could be read."""


@dataclass(frozen=True, slots=True)
class Writes:
    """How a kind is written to this vendor."""

    owes: Callable[[Entity, bool], bool]
    """(the entity, whether it is there already) to whether it, as it is, is to be written there: a draft is not."""
    row: Callable[[Document], Row | Problem]
    """The exact element to send."""
    call: Callable[[Sequence[Row], bool, str], Call]
    """(rows, whether they are new there, idempotency key) to one HTTP write."""
    rows: Callable[[Call], Sequence[Row]]
    """The elements back out of a call: what was stored of it is the only truth about what was sent. A removal may have
    no body; its path then names the element."""
    answer: Callable[[Sequence[Row], Row], Sequence[Outcome]]
    """(rows sent, the parsed answer) to one outcome per row, in order, each recognised by its natural key."""
    differs: Callable[[Row, Row], Mapping[str, tuple[str, str]]]
    """(row sent, row stored) to the fields that were stored differently: name to (ours, theirs). Money exact."""
    question: Callable[[Sequence[Row]], str]
    """(at most `question_max` of the rows sent) to the GET that asks whether they are there, by natural key: path with
    query."""
    found: Callable[[Sequence[Row], Row], Sequence[Outcome]]
    """(rows asked about, the question's parsed answer) to one outcome per row; None where it is proven absent."""
    natural_key: Callable[[Row], str]
    apart: Callable[[Row], str] = lambda _: ""
    """What all elements of one call share: those that differ in it go into calls of their own."""
    batch_max: int = 1
    question_max: int = 50
    """How many rows one question has room for; about more, several are put."""
    slots: Sequence[str] = ()
    """Choices that the document as a whole needs from the rulebook."""
    slots_beside: Mapping[Kind, Sequence[str]] = field(default_factory=dict)
    """In place of `slots`, where the record of that kind that the entity points to is itself a document there: what
    pays out a refund that had been spent before it was explained comes from where that was put."""
    line_slots: Sequence[str] = ()
    """Choices that each line needs."""
    parts: Callable[[Entity], Sequence[str]] = lambda _: ("",)
    """Each is an id that the entity refers to, so that it can change coordinates with it; or one empty text."""
    needs: Callable[[Entity], Iterable[tuple[Kind, str]]] = references
    """What has to be there before it, as far as this vendor is written to: (kind, id the entity names it by)."""
    removes: Callable[[Entity], bool] = lambda _: False
    """Whether the entity, as it is, is to be taken away there."""
    rests_on_it: Sequence[Kind] = ()
    """The kinds whose documents have to be gone there before one of this kind can be taken away."""
    on_demand: bool = False
    """True: written only once another document needs it there (a customer without an invoice stays away)."""


class Client(Protocol):
    """Moves rows over one connection; opens none of them. Raises `core.errors.VendorError`s."""

    def whoami(self) -> str:
        """The account's id at the vendor, as the credentials see it."""
        ...

    def fetch(self, kind: Kind, remote_ids: Sequence[str]) -> Rows:
        """What was asked for, and what the same answers brought with it; an id that is not there is absent."""
        ...

    def changes(self, stream: str, cursor: Row | None) -> Page:
        """Without a cursor for the first time: at least the documents and whatever they name. With an empty one
        everything there is, from the beginning again; else what changed since. Parents before children.
        """
        ...

    def ask(self, path: str) -> Row:
        """One GET, parsed: how a question about a push is put."""
        ...

    def push(self, call: Call) -> Row:
        """One write, sent once. OutcomeUnknown if it may have taken effect without an answer."""
        ...


@dataclass(frozen=True, slots=True)
class RateLimit:
    calls: int
    per_seconds: int
    at_once: int
    """How many calls may be under way at the same time."""


@dataclass(frozen=True, slots=True)
class Day:
    """What a vendor allows a connection in a day."""

    calls: int
    left: Callable[[Mapping[str, str]], int | None]
    """An answer's headers to how many of them are left; None where it does not say."""


@dataclass(frozen=True, slots=True)
class OAuth:
    token_path: str
    """Below the connection's identity URL."""
    refresh_ahead_seconds: int
    """Refresh when less than this is left, so that no batch meets an expiry half-way."""


@dataclass(frozen=True, slots=True)
class Webhook:
    verify: Callable[[Mapping[str, str], bytes, Sequence[str], datetime], str | None]
    """(headers in lower case, raw body, secrets current and previous, now) to None if genuine, else
    "signature" (refuse) or "time" (genuine, but outside the tolerance: not now)."""
    parse: Callable[[bytes], Sequence[Notification]]
    """Raises ValueError, saying why, for a body that cannot be read."""
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Periods:
    """Where a ledger says which of its periods are closed."""

    path: str
    """Below the base URL: one GET."""
    closed_until: Callable[[Row], str]
    """Its answer to the last day (ISO) that nothing may be dated any more; empty where every period is open."""


class Step(NamedTuple):
    """Where a first import is: the `number`th `of` so many lists, which is called `name`."""

    name: str
    number: int
    of: int


@dataclass(frozen=True, slots=True)
class Connector:
    vendor: str
    role: Role
    client: Callable[[Door, Address], Client]
    reads: Mapping[Kind, Reads]
    writes: Mapping[Kind, Writes]
    limit: RateLimit
    """Of one connection."""
    lanes_max: int
    """How many drains may be at work at all of the vendor's connections together, whosever they are."""
    day: Day | None = None
    webhook: Webhook | None = None
    oauth: OAuth | None = None
    periods: Periods | None = None
    settle_seconds: float = 0.0
    """How long a write whose answer was lost may still take effect there; asked about only after that."""
    remembers_days: int | None = None
    """How far back `changes` can look; None for ever. Everything is read anew more often than that."""
    pulls: Mapping[str, Sequence[Kind]] = field(default_factory=dict)
    """The streams that `changes` is polled for, in order, each with a cursor of its own; where a vendor lists kinds
    apart, a stream for each kind, by its name. To the kinds of which it shows, with an empty cursor, all that there
    are: what is not shown is then asked for by itself."""
    importing: Callable[[Row], Step | None] = lambda _: None
    """How far the first import is at a cursor; None where it is done."""
    poll_seconds: int = 60
    """How often: where nothing else tells of a change, as often as the vendor's daily quota bears."""
