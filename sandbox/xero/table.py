"""A shelf of frozen rows: by id, by order of creation, by moment of change, and by every declared key.

All writing goes through `put` and `remove`, which note how to undo themselves in the ledger's journal. From
the same journal come the effects in the call log and the webhook events, so none can be forgotten.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar, overload


class Row(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def updated_at(self) -> datetime: ...


R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Change(Generic[R]):
    table: "Table[R]"
    before: R | None
    after: R | None

    @property
    def operation(self) -> str:
        if self.after is None:
            return "delete"
        return "create" if self.before is None else "update"

    @property
    def row(self) -> R:
        """As it is now, or as it last was."""
        row = self.after if self.after is not None else self.before
        if row is None:
            raise AssertionError("a change has a row before or after it")
        return row


class Journal:
    """What the request in hand has changed so far."""

    def __init__(self) -> None:
        self.changes: list[Change[Any]] = []

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """All that is written inside is undone when it raises."""
        start = len(self.changes)
        try:
            yield
        except BaseException:
            while len(self.changes) > start:
                change = self.changes.pop()
                change.table.undo(change)
            raise

    def take(self) -> list[Change[Any]]:
        taken, self.changes = self.changes, []
        return taken


class Table(Generic[R]):
    def __init__(
        self,
        kind: str,
        journal: Journal,
        keys: Mapping[str, Callable[[R], Hashable]],
        natural: tuple[str, ...],
    ) -> None:
        self.kind = kind
        self._natural = natural
        self._journal = journal
        self._keys = keys
        self.clear()

    def clear(self) -> None:
        self._rows: dict[str, R] = {}
        self._order: list[str] = []
        self._count = 0
        self._changed: list[tuple[datetime, int, str]] = []
        self._change_of: dict[str, tuple[datetime, int, str]] = {}
        self._found: dict[str, dict[Hashable, dict[str, None]]] = {name: {} for name in self._keys}

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[R]:
        return iter(self._rows.values())

    def __getitem__(self, row_id: str) -> R:
        return self._rows[row_id]

    def get(self, row_id: str) -> R | None:
        return self._rows.get(row_id)

    def having(self, name: str, key: Hashable) -> list[R]:
        return [self._rows[row_id] for row_id in self._found[name].get(key, ())]

    def any_having(self, name: str, key: Hashable) -> bool:
        return key in self._found[name]

    def natural(self, row: R) -> dict[str, Any]:
        """What a person would know the row by."""
        return {name: getattr(row, name) for name in self._natural}

    def in_order(self) -> "Rows[R]":
        """All, in order of creation."""
        return Rows(self._rows, self._order)

    def changed_since(self, moment: datetime) -> "Rows[R]":
        """In order of their last change; what changed at that very moment belongs to it."""
        return Rows(self._rows, _Ids(self._changed, bisect_left(self._changed, (moment, 0, ""))))

    def by_change(self) -> "Rows[R]":
        return Rows(self._rows, _Ids(self._changed, 0))

    def put(self, row: R) -> R:
        before = self._rows.get(row.id)
        if before is None:
            self._order.append(row.id)
        self._set(row)
        self._journal.changes.append(Change(self, before, row))
        return row

    def remove(self, row: R) -> None:
        self._unset(row)
        self._order.remove(row.id)
        self._journal.changes.append(Change(self, row, None))

    def undo(self, change: "Change[R]") -> None:
        if change.before is not None:
            if change.after is None:
                self._order.append(change.before.id)
            self._set(change.before)
        elif change.after is not None:
            self._unset(change.after)
            self._order.remove(change.after.id)

    def load(self, rows: Iterable[R]) -> None:
        self.clear()
        for row in rows:
            self._order.append(row.id)
            self._set(row)

    def _set(self, row: R) -> None:
        if (before := self._rows.get(row.id)) is not None:
            self._leave_changed(before)
        self._rows[row.id] = row
        self._count += 1
        entry = (row.updated_at, self._count, row.id)
        self._change_of[row.id] = entry
        insort(self._changed, entry)
        for name, key_of in self._keys.items():
            key = key_of(row)
            if before is not None:
                if (old := key_of(before)) == key:
                    continue
                self._leave_found(name, old, row.id)
            self._found[name].setdefault(key, {})[row.id] = None

    def _unset(self, row: R) -> None:
        self._leave_changed(row)
        del self._rows[row.id]
        for name, key_of in self._keys.items():
            self._leave_found(name, key_of(row), row.id)

    def _leave_changed(self, row: R) -> None:
        entry = self._change_of.pop(row.id)
        del self._changed[bisect_left(self._changed, entry)]

    def _leave_found(self, name: str, key: Hashable, row_id: str) -> None:
        bucket = self._found[name][key]
        del bucket[row_id]
        if not bucket:
            del self._found[name][key]


class Rows(Sequence[R]):
    """Rows by their place, looked up only when they are asked for: a page of many costs a page."""

    def __init__(self, rows: Mapping[str, R], ids: Sequence[str]) -> None:
        self._rows = rows
        self._ids = ids

    def __len__(self) -> int:
        return len(self._ids)

    @overload
    def __getitem__(self, place: int) -> R: ...
    @overload
    def __getitem__(self, place: slice) -> list[R]: ...
    def __getitem__(self, place: int | slice) -> R | list[R]:
        if isinstance(place, slice):
            return [self._rows[row_id] for row_id in self._ids[place]]
        return self._rows[self._ids[place]]


class _Ids(Sequence[str]):
    """The ids in a list of changes from a place on, without a copy."""

    def __init__(self, changed: Sequence[tuple[datetime, int, str]], start: int) -> None:
        self._changed = changed
        self._start = start

    def __len__(self) -> int:
        return len(self._changed) - self._start

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        places = range(self._start, len(self._changed))[place]
        if isinstance(places, range):
            return [self._changed[one][2] for one in places]
        return self._changed[places][2]
