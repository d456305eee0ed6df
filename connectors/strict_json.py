"""JSON from outside: exact numbers, one meaning, bounded depth, and only text that can be stored and sent on."""

import json
import re
from decimal import Decimal
from typing import Any, NoReturn

_DEPTH_MAX = 64
_DIGITS_MAX = 50

# Everything but brackets; a string that never ends is eaten too, so that no text makes the scan start over.
_NO_BRACKETS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[^\[\]{}"]+', re.DOTALL)
_UNFIT_ESCAPE = re.compile(rb"\\u(?:[dD][89a-fA-F]|0000)")


def parse(body: bytes) -> Any:
    """Fractions as Decimal, whole numbers as int. ValueError, saying why, for anything that is not plainly JSON.

    Half of a surrogate pair and NUL become U+FFFD: neither UTF-8 nor PostgreSQL can carry them.
    """
    text = body.decode("utf-8")
    _check_depth(body)
    value = json.loads(text, parse_float=_decimal, parse_constant=_refused, object_pairs_hook=_unique)
    return _fit(value) if _UNFIT_ESCAPE.search(body) else value


def parse_or_none(body: bytes) -> Any:
    try:
        return parse(body)
    except ValueError:
        return None


def _check_depth(body: bytes) -> None:
    depth = 0
    for bracket in _NO_BRACKETS.sub(b"", body):
        depth += 1 if bracket in b"[{" else -1
        if depth > _DEPTH_MAX:
            raise ValueError(f"nested deeper than {_DEPTH_MAX}")


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if len(text) > _DIGITS_MAX or abs(number.adjusted()) > _DIGITS_MAX:
        raise ValueError("a number longer than any amount")
    return number


def _refused(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("the same name twice in one object")
    return members


def _fit(value: Any) -> Any:
    if isinstance(value, str):
        whole = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, dict):
        return {_fit(name): _fit(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_fit(inner) for inner in value]
    return value


def write(value: Any) -> bytes:
    """Decimals as JSON numbers with exactly their digits; TypeError for a float."""
    return _written(value).encode()


def _written(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float):
        raise TypeError("a float has no place beside money")
    if isinstance(value, dict):
        return "{" + ",".join(f"{_written(name)}:{_written(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
