"""How Xero writes things down: JSON with exact decimals, dates as /Date(ms+0000)/, amounts with two decimals.

Amounts are integers in hundredths, in every currency: that is how this vendor stores them.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

Element = Mapping[str, Any]
"""One object of a request, as it was sent: numbers as int or Decimal, never float."""

_MS_DATE = re.compile(r"/Date\((-?\d+)([+-]\d{4})?\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ZERO_OFFSET = "+0000"


class UnreadableError(ValueError):
    """What was sent cannot be read at all: Xero's PostDataInvalidException."""


def parse(body: bytes) -> Any:
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except (UnicodeDecodeError, json.JSONDecodeError) as bad:
        raise UnreadableError(f"The JSON could not be read: {bad}") from bad


def _no_constant(name: str) -> None:
    raise UnreadableError(f"{name} is not a number")


def render(value: Any) -> str:
    """JSON in which a Decimal is written digit by digit; the standard encoder would need a float for it."""
    if isinstance(value, str):
        return quoted(value)
    if value is True:
        return "true"
    if value is False:
        return "false"
    if value is None:
        return "null"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join([f"{quoted(name)}:{render(one)}" for name, one in value.items()]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join([render(one) for one in value]) + "]"
    raise TypeError(f"no JSON for {type(value).__name__}")


def hundredths(value: Decimal) -> int:
    """Xero: halves are rounded away from zero."""
    return int(value.scaleb(2).quantize(Decimal(1), ROUND_HALF_UP))


def amount(in_hundredths: int) -> Decimal:
    return Decimal(in_hundredths).scaleb(-2)


def rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def ms_date(day: date | None) -> str | None:
    if day is None:
        return None
    return f"/Date({(day.toordinal() - _EPOCH.toordinal()) * 86_400_000}{_ZERO_OFFSET})/"


def iso_midnight(day: date | None) -> str | None:
    return None if day is None else f"{day.isoformat()}T00:00:00"


def ms_moment(moment: datetime) -> str:
    return f"/Date({(moment - _EPOCH) // timedelta(milliseconds=1)}{_ZERO_OFFSET})/"


def iso_moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_moment(text: str) -> datetime:
    """ISO 8601 (UTC where it names no zone) or /Date(ms)/."""
    if found := _MS_DATE.fullmatch(text.strip()):
        return _EPOCH + timedelta(milliseconds=int(found[1]))
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as bad:
        raise UnreadableError(f"{text!r} is not a date") from bad
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def given(element: Element, name: str) -> bool:
    return element.get(name) is not None


def read_text(element: Element, name: str) -> str | None:
    value = element.get(name)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | dict | list):
        raise UnreadableError(f"{name} is not a text")
    return str(value)


def read_number(element: Element, name: str) -> Decimal | None:
    value = element.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = Decimal(value)
        except ArithmeticError as bad:
            raise UnreadableError(f"{name} is not a number") from bad
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise UnreadableError(f"{name} is not a number")
    number = Decimal(value)
    if not number.is_finite() or abs(number) >= Decimal(10) ** 15:
        raise UnreadableError(f"{name} is out of range")
    return number


def read_amount(element: Element, name: str) -> int | None:
    number = read_number(element, name)
    return None if number is None else hundredths(number)


def read_day(element: Element, name: str) -> date | None:
    text = read_text(element, name)
    return read_moment(text).date() if text else None


def read_flag(element: Element, name: str) -> bool | None:
    value = element.get(name)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise UnreadableError(f"{name} is not true or false")


def read_element(element: Element, name: str) -> Element:
    value = element.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UnreadableError(f"{name} is not an object")
    return value


def read_elements(element: Element, name: str) -> list[Element]:
    value = element.get(name)
    if value is None:
        return []
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise UnreadableError(f"{name} is not a list of objects")
    return value


def echoed(value: Any, name: str = "") -> Any:
    """What was sent, in the shape in which this vendor answers: its dates in its own format."""
    if isinstance(value, dict):
        return {key: echoed(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [echoed(one, name) for one in value]
    if isinstance(value, str) and name.endswith(("Date", "DateUTC")):
        try:
            return ms_date(read_moment(value).date())
        except UnreadableError:
            return None
    return value
