"""The `where` and `order` parameters: a small language over the fields that a kind declares.

Type=="ACCREC" AND (Date >= DateTime(2026, 1, 1) OR Contact.ContactID == guid("..."))
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Generic, TypeVar

from sandbox.xero.errors import query_unreadable

R = TypeVar("R")
Fields = Mapping[str, Callable[[R], Any]]
"""Names as on the wire (Contact.ContactID); values are text, Decimal, bool, date, datetime or None."""
Predicate = Callable[[R], bool]

TEXT_MAX = 8000
_DEPTH_MAX = 40
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>"(?:[^"\\]|\\.)*")
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<operator>==|!=|>=|<=|<>|&&|\|\||[=<>(),])
    | (?P<name>[A-Za-z_][A-Za-z0-9_.]*)
    )""",
    re.VERBOSE,
)
_METHODS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda value, part: part in value,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ">": lambda left, right: left > right,
    "<": lambda left, right: left < right,
    ">=": lambda left, right: left >= right,
    "<=": lambda left, right: left <= right,
}


@dataclass(frozen=True, slots=True)
class Where(Generic[R]):
    holds: Predicate[R]
    equal: Mapping[str, Any]
    """Fields that must equal a value whatever else is said, so that an index can be asked first."""


def parse_where(text: str, fields: Fields[R]) -> Where[R]:
    if len(text) > TEXT_MAX:
        raise query_unreadable("The where parameter is too long")
    return _Parser(text, fields).whole()


def sort_key_of(value: Any) -> tuple[bool, Any]:
    """Nothing sorts before something; dates and moments can be compared."""
    return (value is not None, _comparable(value) if value is not None else 0)


def parse_order(text: str, fields: Fields[R]) -> list[tuple[str, bool]]:
    """Names of fields with whether they descend, most significant first."""
    known = {name.casefold(): name for name in fields}
    order = []
    for part in text.split(","):
        name, _, direction = part.strip().partition(" ")
        direction = direction.strip().upper() or "ASC"
        if name.casefold() not in known or direction not in {"ASC", "DESC"}:
            raise query_unreadable(f"Cannot order by '{part.strip()}'")
        order.append((known[name.casefold()], direction == "DESC"))
    return order


def ordered(rows: Iterable[R], order: list[tuple[str, bool]], fields: Fields[R]) -> list[R]:
    result = list(rows)
    for name, descends in reversed(order):
        value_of = fields[name]
        result.sort(key=lambda row: sort_key_of(value_of(row)), reverse=descends)
    return result


def _comparable(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    return value


class _Parser(Generic[R]):
    def __init__(self, text: str, fields: Fields[R]) -> None:
        self._known = {name.casefold(): (name, value_of) for name, value_of in fields.items()}
        self._tokens = list(_tokens(text))
        self._place = 0
        self._depth = 0

    def whole(self) -> Where[R]:
        where = self._either()
        if self._place != len(self._tokens):
            raise query_unreadable(f"Unexpected '{self._tokens[self._place][1]}'")
        return where

    def _either(self) -> Where[R]:
        parts = [self._both()]
        while self._accept("or", "||"):
            parts.append(self._both())
        if len(parts) == 1:
            return parts[0]
        return Where(lambda row: any(part.holds(row) for part in parts), {})

    def _both(self) -> Where[R]:
        parts = [self._single()]
        while self._accept("and", "&&"):
            parts.append(self._single())
        if len(parts) == 1:
            return parts[0]
        equal = {name: value for part in parts for name, value in part.equal.items()}
        return Where(lambda row: all(part.holds(row) for part in parts), equal)

    def _single(self) -> Where[R]:
        if self._accept("("):
            self._depth += 1
            if self._depth > _DEPTH_MAX:
                raise query_unreadable("The where parameter is nested too deeply")
            inside = self._either()
            self._expect(")")
            self._depth -= 1
            return inside
        kind, text = self._next()
        if kind != "name":
            raise query_unreadable(f"Expected a field, found '{text}'")
        return self._condition(text)

    def _condition(self, text: str) -> Where[R]:
        path, _, method = text.rpartition(".")
        if method.casefold() in _METHODS:
            return self._method(path, _METHODS[method.casefold()])
        name, value_of = self._field(text)
        operator = self._accept("==", "=", "!=", "<>", *_COMPARISONS)
        if operator is None:
            return Where(lambda row: value_of(row) is True, {})
        wanted = self._value()
        if operator in {"==", "="}:
            return Where(lambda row: _comparable(value_of(row)) == wanted, {name: wanted})
        if operator in {"!=", "<>"}:
            return Where(lambda row: _comparable(value_of(row)) != wanted, {})
        return _comparison(value_of, _COMPARISONS[operator], wanted)

    def _method(self, path: str, test: Callable[[str, str], bool]) -> Where[R]:
        _, value_of = self._field(path)
        self._expect("(")
        kind, text = self._next()
        if kind != "text":
            raise query_unreadable(f"Expected a text, found '{text}'")
        self._expect(")")
        part = _unquoted(text)
        return Where(lambda row: test(value_of(row) or "", part), {})

    def _field(self, name: str) -> tuple[str, Callable[[R], Any]]:
        found = self._known.get(name.casefold())
        if found is None:
            raise query_unreadable(f"No property or field '{name}' exists")
        return found

    def _value(self) -> Any:
        kind, text = self._next()
        if kind == "text":
            return _unquoted(text)
        if kind == "number":
            return Decimal(text)
        match text.casefold():
            case "true" | "false":
                return text.casefold() == "true"
            case "null":
                return None
            case "guid":
                (value,) = self._arguments("text", 1, 1)
                return value.lower()
            case "datetime":
                return self._moment()
        raise query_unreadable(f"Expected a value, found '{text}'")

    def _moment(self) -> datetime:
        parts = self._arguments("number", 3, 6)
        try:
            year, month, day, *rest = (int(part) for part in parts)
            hour, minute, second = (*rest, 0, 0, 0)[:3]
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError as bad:
            raise query_unreadable(f"No such date: {', '.join(parts)}") from bad

    def _arguments(self, wanted: str, least: int, most: int) -> list[str]:
        self._expect("(")
        values: list[str] = []
        while True:
            kind, text = self._next()
            if kind != wanted or len(values) == most:
                raise query_unreadable(f"Unexpected '{text}'")
            values.append(_unquoted(text) if kind == "text" else text)
            if not self._accept(","):
                break
        self._expect(")")
        if len(values) < least:
            raise query_unreadable("Too few values")
        return values

    def _next(self) -> tuple[str, str]:
        if self._place == len(self._tokens):
            raise query_unreadable("The where parameter ends too early")
        self._place += 1
        return self._tokens[self._place - 1]

    def _accept(self, *texts: str) -> str | None:
        if self._place < len(self._tokens):
            kind, text = self._tokens[self._place]
            if kind != "text" and text.casefold() in texts:
                self._place += 1
                return text.casefold()
        return None

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise query_unreadable(f"Expected '{text}'")


def _comparison(value_of: Callable[[R], Any], test: Callable[[Any, Any], bool], wanted: Any) -> Where[R]:
    def holds(row: R) -> bool:
        value = _comparable(value_of(row))
        if value is None or wanted is None:
            return False
        try:
            return test(value, wanted)
        except TypeError as bad:
            raise query_unreadable("Operator cannot be applied to values of these kinds") from bad

    return Where(holds, {})


def _tokens(text: str) -> Iterable[tuple[str, str]]:
    place = 0
    end = len(text.rstrip())
    while place < end:
        found = _TOKEN.match(text, place)
        if found is None or found.lastgroup is None:
            raise query_unreadable(f"Syntax error at '{text[place : place + 20]}'")
        yield found.lastgroup, found[found.lastgroup]
        place = found.end()


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])
