"""Where the objects are: by id, in order of creation, and by the fields that lists are filtered on."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sandbox.kit import Effect
from sandbox.stripe.errors import MalformedParameterError, no_such
from sandbox.stripe.rows import Row

Key = tuple[int, int, str]
"""Created, serial number, id: a strict order even where many share a second."""

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
KIND_OF_PREFIX = {prefix: kind for kind, prefix in PREFIX.items()}

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
    "balance_transaction": ("source", "type", "_payout"),
    "customer_balance_transaction": ("customer", "invoice"),
    "event": ("type",),
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
NOUN = {"invoiceitem": "invoice item", "balance_transaction": "balance transaction"}

_SILENT = frozenset({"event", "line_item", "credit_note_line_item", "item"})
"""What comes and goes with something else, and is no effect of its own."""

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(slots=True)
class Page:
    """One page of a list, newest first."""

    rows: list[Row]
    has_more: bool


@dataclass(slots=True)
class _Shelf:
    rows: dict[str, Row] = field(default_factory=dict)
    order: list[Key] = field(default_factory=list)
    """Oldest first."""
    index: dict[str, dict[Any, list[Key]]] = field(default_factory=dict)
    filed: dict[str, tuple[Key, tuple[Any, ...]]] = field(default_factory=dict)
    """Where each row stands, and the values it is indexed under."""


class Store:
    def __init__(self, seed: int, now: Callable[[], int]) -> None:
        self.now = now
        self.random = Random(seed)  # noqa: S311  ids are to be the same for the same seed
        self.effects: dict[str, dict[str, Any]] = {}
        self._shelves: dict[str, _Shelf] = {}
        self._serial = 0
        self._before: dict[tuple[str, str], tuple[Row, dict[str, Any] | None]] | None = None
        """What a request found before it touched it, None for what it made; None outside of requests."""

    def new_id(self, kind: str, length: int = 24) -> str:
        return f"{PREFIX[kind]}_{self.letters(length)}"

    def letters(self, length: int) -> str:
        return "".join(self.random.choices(_ALPHABET, k=length))

    def add(self, row: Row) -> Row:
        shelf = self._shelf(row.kind)
        if self._before is not None:
            self._before.setdefault((row.kind, row.id), (row, None))
        self._serial += 1
        row["_serial"] = self._serial
        shelf.rows[row.id] = row
        self._file(shelf, row)
        self._note("create", row)
        return row

    def save(self, row: Row, **changes: Any) -> Row:
        """The row with its changes, filed anew where a field that lists are filtered on has changed."""
        self._keep(row)
        row.update(changes)
        shelf = self._shelf(row.kind)
        if shelf.filed[row.id][1] != _indexed_values(row):
            self._unfile(shelf, row.id)
            self._file(shelf, row)
        self._note("update", row)
        return row

    def remove(self, row: Row, *, tombstone: bool = False) -> Row:
        """What remains to be shown: id, object, deleted; a tombstone can still be retrieved."""
        shelf = self._shelf(row.kind)
        self._keep(row)
        self._unfile(shelf, row.id)
        remains = Row({"id": row.id, "object": row.kind, "deleted": True})
        if tombstone:
            shelf.rows[row.id] = remains
        else:
            del shelf.rows[row.id]
        self._note("delete", row)
        return remains

    def get(self, kind: str, id_: str, param: str = "id", *, status: int = 404) -> Row:
        found = self.find(kind, id_)
        if found is None:
            raise no_such(NOUN.get(kind, kind), id_, param, status=status)
        return found

    def named(self, kind: str, id_: str, param: str) -> Row:
        """An object that a parameter names; a deleted one does not count."""
        found = self.get(kind, id_, param, status=400)
        if found.deleted:
            raise no_such(NOUN.get(kind, kind), id_, param, status=400)
        return found

    def find(self, kind: str, id_: str) -> Row | None:
        shelf = self._shelves.get(kind)
        return shelf.rows.get(id_) if shelf else None

    def where(self, kind: str, name: str, value: Any) -> Iterator[Row]:
        """Oldest first, by an indexed field."""
        shelf = self._shelf(kind)
        for key in tuple(shelf.index.get(name, {}).get(value, ())):
            yield shelf.rows[key[2]]

    def every(self, kind: str) -> Iterator[Row]:
        """Oldest first."""
        shelf = self._shelf(kind)
        for key in tuple(shelf.order):
            yield shelf.rows[key[2]]

    def page(
        self,
        kind: str,
        params: Mapping[str, Any],
        where: Mapping[str, Any] | None = None,
        keep: Callable[[Row], bool] | None = None,
    ) -> Page:
        """`where`: fields and the values wanted, None for any; `keep` decides on what is not indexed."""
        shelf = self._shelf(kind)
        wanted = {name: value for name, value in (where or {}).items() if value is not None}
        indexed = [shelf.index.get(name, {}).get(wanted[name], []) for name in wanted if _has_index(kind, name)]
        keys = min(indexed, key=len, default=shelf.order)
        first, last = _bounds(keys, params.get("created"))
        backwards = "ending_before" not in params
        if backwards and "starting_after" in params:
            last = min(last, bisect_left(keys, self._cursor(shelf, kind, params, "starting_after")))
        elif not backwards:
            first = max(first, bisect_right(keys, self._cursor(shelf, kind, params, "ending_before")))
        walk = range(last - 1, first - 1, -1) if backwards else range(first, last)
        limit = params.get("limit") or 10
        rows: list[Row] = []
        for at in walk:
            row = shelf.rows[keys[at][2]]
            if all(row[name] == value for name, value in wanted.items()) and (keep is None or keep(row)):
                if len(rows) == limit:
                    return Page(rows if backwards else rows[::-1], has_more=True)
                rows.append(row)
        return Page(rows if backwards else rows[::-1], has_more=False)

    def begin(self) -> None:
        """From here on everything can be taken back."""
        self._before = {}

    def commit(self) -> None:
        self._before = None

    def roll_back(self) -> None:
        """As it was at `begin`: what was made is gone, what was changed or removed is as before."""
        touched, self._before = self._before or {}, None
        for (kind, id_), (row, before) in reversed(touched.items()):
            shelf = self._shelf(kind)
            if id_ in shelf.filed:
                self._unfile(shelf, id_)
            shelf.rows.pop(id_, None)
            if before is not None:
                row.clear()
                row.update(before)
                shelf.rows[id_] = row
                if not row.deleted:
                    self._file(shelf, row)
        self.effects.clear()

    def _keep(self, row: Row) -> None:
        if self._before is not None:
            self._before.setdefault((row.kind, row.id), (row, dict(row)))

    def pop_effects(self) -> list[Effect]:
        effects, self.effects = self.effects, {}
        return list(effects.values())

    def dump(self) -> dict[str, Any]:
        return {
            "random": list(self.random.getstate()),
            "serial": self._serial,
            "rows": [row for shelf in self._shelves.values() for row in shelf.rows.values()],
        }

    def load(self, dumped: Mapping[str, Any]) -> None:
        version, words, gauss = dumped["random"]
        self.random.setstate((version, tuple(words), gauss))
        self._serial = dumped["serial"]
        self._shelves.clear()
        for saved in dumped["rows"]:
            row = Row(saved)
            shelf = self._shelf(row.kind)
            shelf.rows[row.id] = row
            if not row.deleted:
                self._file(shelf, row)

    def _shelf(self, kind: str) -> _Shelf:
        return self._shelves.setdefault(kind, _Shelf())

    def _file(self, shelf: _Shelf, row: Row) -> None:
        key = (_moment(row), row["_serial"], row.id)
        values = _indexed_values(row)
        insort(shelf.order, key)
        for name, value in zip(INDEXED.get(row.kind, ()), values, strict=True):
            insort(shelf.index.setdefault(name, {}).setdefault(value, []), key)
        shelf.filed[row.id] = key, values

    def _unfile(self, shelf: _Shelf, id_: str) -> None:
        key, values = shelf.filed.pop(id_)
        del shelf.order[bisect_left(shelf.order, key)]
        for name, value in zip(INDEXED.get(shelf.rows[id_].kind, ()), values, strict=True):
            keys = shelf.index[name][value]
            del keys[bisect_left(keys, key)]

    def _cursor(self, shelf: _Shelf, kind: str, params: Mapping[str, Any], param: str) -> Key:
        if "starting_after" in params and "ending_before" in params:
            raise MalformedParameterError(
                "You can only specify one of starting_after or ending_before.", param="ending_before"
            )
        filed = shelf.filed.get(params[param])
        if filed is None:
            raise no_such(NOUN.get(kind, kind), params[param], param, status=400)
        return filed[0]

    def _note(self, operation: str, row: Row) -> None:
        """The first thing a request does to an object is what it did to it."""
        if row.kind in _SILENT:
            return
        before = self.effects.get(row.id)
        effect = {"operation": before["operation"] if before else operation, "kind": row.kind, "id": row.id}
        if row.get("number"):
            effect["number"] = row["number"]
        self.effects[row.id] = effect


def _has_index(kind: str, name: str) -> bool:
    return name in INDEXED.get(kind, ())


def _indexed_values(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in INDEXED.get(row.kind, ()))


def _moment(row: Row) -> int:
    return int(row.get("created") or row.get("date") or 0)


def _bounds(keys: list[Key], created: Mapping[str, int] | None) -> tuple[int, int]:
    """The part of `keys` within the bounds on `created`."""
    first, last = 0, len(keys)
    for name, bound in (created or {}).items():
        before, after = (bisect_left(keys, (moment, 0, "")) for moment in (bound, bound + 1))
        match name:
            case "gt":
                first = max(first, after)
            case "gte":
                first = max(first, before)
            case "lt":
                last = min(last, before)
            case "lte":
                last = min(last, after)
    return first, max(first, last)


def paged(rows: Iterable[Row], params: Mapping[str, Any], kind: str) -> Page:
    """A page of a short list that keeps its own order, such as the lines of an invoice."""
    listed = list(rows)
    at = {row.id: index for index, row in enumerate(listed)}
    for param in ("starting_after", "ending_before"):
        if param in params and params[param] not in at:
            raise no_such(NOUN.get(kind, kind), params[param], param, status=400)
    limit = params.get("limit") or 10
    if "ending_before" in params:
        last = at[params["ending_before"]]
        return Page(listed[max(0, last - limit) : last], has_more=last > limit)
    first = at[params["starting_after"]] + 1 if "starting_after" in params else 0
    return Page(listed[first : first + limit], has_more=len(listed) > first + limit)
