"""One spelling for a value, so that equal things have equal hashes."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

_MAGNITUDE_MAX = 400
_NAMES: dict[type, list[str]] = {}
"""Of the fields of each dataclass that was spelled."""
_PLAIN = frozenset({str, int, bool, type(None)})


def plain(value: Any) -> Any:
    """JSON's own types only: Decimals as text without exponent or trailing zeros, moments as UTC ISO text."""
    of = type(value)
    if of in _PLAIN:
        return value
    # what JSON is made of comes first: whole pages of rows pass through here
    if of is dict:
        return {
            key if type(key) is str else str(key): inner if type(inner) in _PLAIN else plain(inner)
            for key, inner in value.items()
        }
    if of is list or of is tuple:
        return [inner if type(inner) in _PLAIN else plain(inner) for inner in value]
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in _field_names(value)}
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"the moment {value} has no zone, so it would be another one on another machine")
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, float):
        raise TypeError("a float has no place in a canonical value: parse numbers as Decimal")
    return value


def _field_names(value: Any) -> Sequence[str]:
    of = type(value)
    if of not in _NAMES:
        _NAMES[of] = [spec.name for spec in fields(value)]
    return _NAMES[of]


def decimal_text(number: Decimal) -> str:
    """ValueError for what is no number, or so large or small that a few digits would be spelled with many zeros."""
    if not number.is_finite():
        raise ValueError(f"{number} is not a number")
    if not number:
        return "0"
    if abs(number.adjusted()) > _MAGNITUDE_MAX:
        raise ValueError(f"{number} is too long to spell out")
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def canonical_json(value: Any) -> bytes:
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode(
        "utf-8", "surrogatepass"
    )


def digest(value: Any) -> str:
    return hashlib.sha256(canonical_json(value)).hexdigest()
