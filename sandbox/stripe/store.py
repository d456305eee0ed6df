"""Where the objects are: by id, in order of creation, and by the fields that lists are filtered on.

They lie packed in a temporary SQLite database of their own, a table for each kind, which goes to the disk as it grows:
what is held costs no memory, and what is asked for costs the same however much is held.
"""

import sqlite3
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from sandbox.kit import Effect
from sandbox.stripe.archive import Archive
from sandbox.stripe.blanks import BLANKS
from sandbox.stripe.errors import MalformedParameterError, no_such
from sandbox.stripe.rows import Row
from sandbox.stripe.settings import in_force

PREFIX = {
    "customer": "cus",
    "product": "prod",
    "price": "price",
    "tax_rate": "txr",
    "invoiceitem": "ii",
    "line_item": "il",
    "invoice": "in",
    "invoice_payment": "inpay",
    "payment_method": "pm",
    "payment_intent": "pi",
    "charge": "ch",
    "balance_transaction": "txn",
    "customer_balance_transaction": "cbtxn",
    "event": "evt",
    "webhook_endpoint": "we",
    "tax_id": "txi",
    "promotion_code": "promo",
    "discount": "di",
    "refund": "re",
    "credit_note": "cn",
    "credit_note_line_item": "cnli",
    "dispute": "du",
    "payout": "po",
    "subscription": "sub",
    "subscription_item": "si",
    "quote": "qt",
    "item": "li",
    "billing.meter": "mtr",
    "test_helpers.test_clock": "clock",
}
PREFIX_OF_DEBITS = {"charge": "py", "refund": "pyr"}
"""Stripe: money that came another way than by card has ids of its own."""
KIND_OF_PREFIX = {prefix: kind for names in (PREFIX, PREFIX_OF_DEBITS) for kind, prefix in names.items()}

INDEXED: dict[str, tuple[str, ...]] = {
    "customer": ("email", "invoice_prefix", "test_clock"),
    "product": ("active",),
    "price": ("product", "lookup_key"),
    "invoiceitem": ("customer", "invoice"),
    "invoice": ("customer", "status", "number", "_subscription"),
    "invoice_payment": ("invoice", "status", "_payment"),
    "payment_method": ("customer",),
    "payment_intent": ("customer",),
    "charge": ("customer", "payment_intent"),
    "balance_transaction": ("source", "_payout", "type", "currency"),
    "customer_balance_transaction": ("customer", "invoice"),
    "event": ("type", "_delivered"),
    "promotion_code": ("customer", "_code", "_coupon"),
    "refund": ("charge", "payment_intent"),
    "credit_note": ("customer", "invoice"),
    "dispute": ("charge", "payment_intent"),
    "payout": ("status",),
    "subscription": ("customer", "status", "test_clock"),
    "subscription_item": ("subscription", "_price"),
    "quote": ("customer", "status", "test_clock"),
    "item": ("_quote",),
    "billing.meter": ("event_name", "status"),
    "billing.meter_event": ("identifier", "_customer"),
    "tax_id": ("customer",),
}
"""What says most comes first: a list with several filters walks along the first of them."""
KINDS = frozenset({*BLANKS, *PREFIX, *INDEXED, "balance"})
SEARCHABLE = frozenset({"charge", "customer", "invoice", "payment_intent", "price", "product", "subscription"})
NOUN = {"invoiceitem": "invoice item", "balance_transaction": "balance transaction"}

_SILENT = frozenset({"event", "line_item", "credit_note_line_item", "item", "balance"})
"""What comes and goes with something else, and is no effect of its own."""

_CACHE_KIB = 32 * 1024
_SERIAL_BITS = 29
"""A position is the second of creation and behind it a serial number: a strict order where many share a second."""
_LAST_SERIAL = 2**_SERIAL_BITS - 1
_LAST_SECOND = 2**33 - 1
_LAST = _LAST_SECOND << _SERIAL_BITS | _LAST_SERIAL

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(slots=True)
class Page:
    """One page of a list, newest first."""

    rows: list[Row]
    has_more: bool


class Store:
    def __init__(self, seed: int, now: Callable[[], int]) -> None:
        self.now = now
        self.random = Random(seed)  # noqa: S311  ids are to be the same for the same seed
        self.effects: dict[str, dict[str, Any]] = {}
        self.database = _database()
        weakref.finalize(self, self.database.close)
        self.archive = Archive(self.database)
        self._awake: dict[tuple[str, str], Row] = {}
        """Unpacked, so that whoever asks twice within a request gets the same object."""
        self._changed: defaultdict[str, dict[str, Row]] = defaultdict(dict)
        """By kind and id: what the tables do not know yet."""
        self._serial = 0

    def new_id(self, kind: str, length: int = 24, *, by_debit: bool = False) -> str:
        return f"{(PREFIX_OF_DEBITS if by_debit else PREFIX)[kind]}_{self.letters(length)}"

    def letters(self, length: int) -> str:
        return "".join(self.random.choices(_ALPHABET, k=length))

    def add(self, row: Row) -> Row:
        self._serial += 1
        row["_serial"] = self._serial
        self._touch(row)
        self._put(row)
        self._note("create", row)
        return row

    def save(self, row: Row, **changes: Any) -> Row:
        row.update(changes)
        self._touch(row)
        self._put(row)
        self._note("update", row)
        return row

    def remove(self, row: Row, *, tombstone: bool = False) -> Row:
        """What remains to be shown: id, object, deleted; a tombstone can still be retrieved."""
        remains = Row({"id": row.id, "object": row.kind, "deleted": True, "_serial": row["_serial"]})
        if tombstone:
            self._put(remains)
        else:
            self._changed[row.kind].pop(row.id, None)
            del self._awake[row.kind, row.id]
            self.database.execute(f'DELETE FROM "{row.kind}" WHERE id = ?', (row.id,))  # noqa: S608
        self._note("delete", row)
        return remains

    def get(self, kind: str, id_: str, param: str = "id", *, status: int = 404) -> Row:
        found = self.find(kind, id_)
        if found is None:
            raise no_such(NOUN.get(kind, kind), id_, param, status=status)
        return found

    def named(self, kind: str, id_: str, param: str) -> Row:
        """An object that a parameter names; a deleted one does not count."""
        found = self.get(kind, id_, param, status=in_force().missing_in_parameter_status)
        if found.deleted:
            raise no_such(NOUN.get(kind, kind), id_, param, status=in_force().missing_in_parameter_status)
        return found

    def find(self, kind: str, id_: str) -> Row | None:
        awake = self._awake.get((kind, id_))
        if awake is not None or kind not in KINDS:
            return awake
        found = self.database.execute(f'SELECT body FROM "{kind}" WHERE id = ?', (id_,)).fetchone()  # noqa: S608
        return self._unpacked(kind, id_, found[0]) if found else None

    def where(self, kind: str, name: str, value: Any) -> Iterator[Row]:
        """Oldest first, by an indexed field."""
        yield from list(self._listed(kind, {name: value}))

    def every(self, kind: str) -> Iterator[Row]:
        """Oldest first."""
        yield from list(self._listed(kind, {}))

    def page(
        self,
        kind: str,
        params: Mapping[str, Any],
        where: Mapping[str, Any] | None = None,
        keep: Callable[[Row], bool] | None = None,
    ) -> Page:
        """`where`: fields and the values wanted, None for any, a set for any of these; `keep` decides on the rest."""
        wanted = {name: value for name, value in (where or {}).items() if value is not None}
        indexed = {name: wanted.pop(name) for name in INDEXED.get(kind, ()) if name in wanted}
        backwards = "ending_before" not in params
        first, last = _span(params.get("created"))
        cursor = self._cursor(kind, params, "starting_after" if backwards else "ending_before")
        if cursor is not None:
            first, last = (first, min(last, cursor - 1)) if backwards else (max(first, cursor + 1), last)
        limit = params.get("limit") or 10
        rows: list[Row] = []
        for row in self._listed(kind, indexed, (first, last), backwards=backwards):
            if all(row[name] == value for name, value in wanted.items()) and (keep is None or keep(row)):
                if len(rows) == limit:
                    return Page(rows if backwards else rows[::-1], has_more=True)
                rows.append(row)
        return Page(rows if backwards else rows[::-1], has_more=False)

    def newest_first(self, kind: str, before: int | None) -> Iterator[Row]:
        """From the newest on, or from below a position."""
        yield from self._listed(kind, {}, (0, _LAST if before is None else before - 1), backwards=True)

    def position(self, row: Row) -> int:
        """Where it stands in the order of its kind."""
        return _position(row)

    def begin(self) -> None:
        """From here on everything can be taken back."""
        self._write_all()
        self.database.execute("BEGIN")

    def commit(self) -> None:
        self.rest()
        self.database.execute("COMMIT")

    def roll_back(self) -> None:
        """As it was at `begin`: what was made is gone, what was changed or removed is as before."""
        self.database.execute("ROLLBACK")
        self._changed.clear()
        self._awake.clear()
        self.archive.load()
        self.effects.clear()

    def rest(self) -> None:
        """After a request: all is packed, and nobody holds an object that was unpacked."""
        self._write_all()
        self._awake.clear()

    def pop_effects(self) -> list[Effect]:
        effects, self.effects = self.effects, {}
        return list(effects.values())

    def copy_into(self, other: "Store") -> None:
        """All that is held now, in the place of what the other one held."""
        self._write_all()
        self.database.backup(other.database)
        other.archive.load()
        other.random.setstate(self.random.getstate())
        other._serial = self._serial  # noqa: SLF001

    def dump(self) -> dict[str, Any]:
        self._write_all()
        return {
            "random": list(self.random.getstate()),
            "serial": self._serial,
            "rows": [
                self.archive.unpack(body)
                for kind in sorted(KINDS)
                for (body,) in self.database.execute(f'SELECT body FROM "{kind}" ORDER BY position')  # noqa: S608
            ],
        }

    def load(self, dumped: Mapping[str, Any]) -> None:
        version, words, gauss = dumped["random"]
        self.random.setstate((version, tuple(words), gauss))
        self._serial = dumped["serial"]
        for saved in dumped["rows"]:
            self._put(Row(saved))
        self._write_all()
        self._awake.clear()

    def _touch(self, row: Row) -> None:
        """When the search may know of it counts from here."""
        if row.kind in SEARCHABLE:
            row["_touched"] = self.now()

    def _put(self, row: Row) -> None:
        self._awake[row.kind, row.id] = row
        self._changed[row.kind][row.id] = row

    def _write_all(self) -> None:
        for kind in [kind for kind, rows in self._changed.items() if rows]:
            self._write(kind)

    def _write(self, kind: str) -> None:
        changed = self._changed[kind]
        if not changed:
            return
        columns = ("position", "id", *INDEXED.get(kind, ()), "body")
        places = ", ".join("?" * len(columns))
        self.database.executemany(
            f'REPLACE INTO "{kind}" ({", ".join(map(_quoted, columns))}) VALUES ({places})',  # noqa: S608
            [
                (_position(row), id_, *_indexed_values(row), self.archive.pack(_likeness(row), row))
                for id_, row in changed.items()
            ],
        )
        changed.clear()

    def _unpacked(self, kind: str, id_: str, body: bytes) -> Row:
        awake = self._awake.get((kind, id_))
        if awake is None:
            awake = self._awake[kind, id_] = Row(self.archive.unpack(body))
        return awake

    def _listed(
        self,
        kind: str,
        where: Mapping[str, Any],
        span: tuple[int, int] = (0, _LAST),
        *,
        backwards: bool = False,
    ) -> Iterator[Row]:
        """Along the index of the first of the fields; where it may have several values, along all of them at once."""
        self._write(kind)
        conditions, values = ["position BETWEEN ? AND ?"], [*span]
        names = sorted(where, key=lambda name: not isinstance(where[name], set | frozenset))
        for name in names[1:]:
            conditions.append(f"+{_quoted(name)} IS ?")
            values.append(where[name])
        along = [where[name] for name in names[:1]]
        if along and isinstance(along[0], set | frozenset):
            along = sorted(along[0])
        branches = [f"{_quoted(names[0])} IS ?"] * len(along) if names else ["TRUE"]
        if not branches:
            return
        selects = [
            f'SELECT position, id, body FROM "{kind}" WHERE {" AND ".join([branch, *conditions])}'  # noqa: S608
            for branch in branches
        ]
        asked = f"{' UNION ALL '.join(selects)} ORDER BY position {'DESC' if backwards else 'ASC'}"
        given = [one for value in along for one in (value, *values)] if names else values
        for _, id_, body in self.database.execute(asked, given):
            yield self._unpacked(kind, id_, body)

    def _cursor(self, kind: str, params: Mapping[str, Any], param: str) -> int | None:
        if "starting_after" in params and "ending_before" in params:
            raise MalformedParameterError(
                "You can only specify one of starting_after or ending_before.", param="ending_before"
            )
        if param not in params:
            return None
        row = self.find(kind, params[param])
        if row is None or row.deleted:
            raise no_such(NOUN.get(kind, kind), params[param], param, status=in_force().missing_in_parameter_status)
        return _position(row)

    def _note(self, operation: str, row: Row) -> None:
        """The first thing a request does to an object is what it did to it."""
        if row.kind in _SILENT:
            return
        before = self.effects.get(row.id)
        effect = {"operation": before["operation"] if before else operation, "kind": row.kind, "id": row.id}
        if row.get("number"):
            effect["number"] = row["number"]
        self.effects[row.id] = effect


def _database() -> sqlite3.Connection:
    """Nothing in it outlives the process, so nothing waits for the disk."""
    database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode = MEMORY")
    database.execute("PRAGMA synchronous = OFF")
    database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    for kind in sorted(KINDS):
        names = INDEXED.get(kind, ())
        columns = ", ".join(("position INTEGER PRIMARY KEY", "id UNIQUE", *map(_quoted, names), "body"))
        database.execute(f'CREATE TABLE "{kind}" ({columns})')
        for name in names:  # SQLite: an index ends with the primary key, so each is in order of position
            database.execute(f'CREATE INDEX "{kind} {name}" ON "{kind}" ({_quoted(name)})')
    return database


def _quoted(name: str) -> str:
    return f'"{name}"'


def _likeness(row: Row) -> str:
    """What looks alike and packs well together."""
    return f"event {row['type']}" if row.kind == "event" else row.kind


def _indexed_values(row: Row) -> tuple[Any, ...]:
    return tuple(None if row.deleted else row[name] for name in INDEXED.get(row.kind, ()))


def _position(row: Row) -> int:
    """A tombstone's is below 0, where no list goes."""
    if row.deleted:
        return -int(row["_serial"])
    return min(int(row.get("created") or row.get("date") or 0), _LAST_SECOND) << _SERIAL_BITS | int(row["_serial"])


def _span(created: Mapping[str, int] | None) -> tuple[int, int]:
    """The first and the last position within the bounds on `created`."""
    first, last = 0, _LAST_SECOND
    for name, bound in (created or {}).items():
        match name:
            case "gt":
                first = max(first, bound + 1)
            case "gte":
                first = max(first, bound)
            case "lt":
                last = min(last, bound - 1)
            case "lte":
                last = min(last, bound)
    return min(first, _LAST_SECOND + 1) << _SERIAL_BITS, max(last, -1) << _SERIAL_BITS | _LAST_SERIAL


def paged(rows: Iterable[Row], params: Mapping[str, Any], kind: str) -> Page:
    """A page of a short list that keeps its own order, such as the lines of an invoice."""
    listed = list(rows)
    at = {row.id: index for index, row in enumerate(listed)}
    for param in ("starting_after", "ending_before"):
        if param in params and params[param] not in at:
            raise no_such(NOUN.get(kind, kind), params[param], param, status=in_force().missing_in_parameter_status)
    limit = params.get("limit") or 10
    if "ending_before" in params:
        last = at[params["ending_before"]]
        return Page(listed[max(0, last - limit) : last], has_more=last > limit)
    first = at[params["starting_after"]] + 1 if "starting_after" in params else 0
    return Page(listed[first : first + limit], has_more=len(listed) > first + limit)
