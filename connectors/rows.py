"""Reading a vendor's row without trusting it: a field is what it should be, or it is named in what went wrong."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.contract import Row

_WHOLE_MAX = 10**15
"""Ten million million in a two-decimal currency: whatever is larger is no amount."""


class Unreadable(ValueError):
    """A field that is needed is missing or is not what it should be. The text names the field, never its content."""


def text(row: Mapping[str, Any], name: str) -> str:
    """Empty where it is null or absent."""
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable(f"{name} is not text")
    return value


def needed_text(row: Mapping[str, Any], name: str) -> str:
    return text(row, name) or _missing(name)


def whole(row: Mapping[str, Any], name: str) -> int:
    value = row.get(name)
    if value is None:
        _missing(name)
    if type(value) is not int or abs(value) > _WHOLE_MAX:
        raise Unreadable(f"{name} is not a whole number within bounds")
    return value


def decimal(row: Mapping[str, Any], name: str) -> Decimal | None:
    """From a JSON number or from text such as "12.5"; None where it is null or absent."""
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, str | int | Decimal) and not isinstance(value, bool) and len(str(value)) < 40:
        try:
            number = Decimal(value)
        except InvalidOperation:
            pass
        else:
            if number.is_finite() and number.adjusted() < 20:
                return number
    raise Unreadable(f"{name} is not a decimal number within bounds")


def flag(row: Mapping[str, Any], name: str, *, absent: bool) -> bool:
    value = row.get(name)
    if value is None:
        return absent
    if not isinstance(value, bool):
        raise Unreadable(f"{name} is neither true nor false")
    return value


def unix_moment(row: Mapping[str, Any], name: str) -> datetime | None:
    """From whole seconds since 1970; None where it is null or absent."""
    if row.get(name) is None:
        return None
    try:
        return datetime.fromtimestamp(whole(row, name), UTC)
    except (OverflowError, OSError, ValueError) as trouble:
        raise Unreadable(f"{name} is not a moment") from trouble


def part(row: Mapping[str, Any], name: str) -> Row:
    """An object within the row; empty where it is null or absent."""
    value = row.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unreadable(f"{name} is not an object")
    return value


def parts(row: Mapping[str, Any], name: str) -> Sequence[Row]:
    """A list of objects within the row; empty where it is null or absent."""
    value = row.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(member, dict) for member in value):
        raise Unreadable(f"{name} is not a list of objects")
    return value


def _missing(name: str) -> Any:
    raise Unreadable(f"{name} is missing")
