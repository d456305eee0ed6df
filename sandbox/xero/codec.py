"""Rows as JSON values and back, by the types that their fields declare."""

from collections.abc import Callable
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints


def encode(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: encode(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [encode(one) for one in value]
    return value


def decode(kind: Any, value: Any) -> Any:
    return _decoder(kind)(value)


@cache
def _decoder(kind: Any) -> Callable[[Any], Any]:
    if get_origin(kind) is UnionType:
        inner = _decoder(next(one for one in get_args(kind) if one is not type(None)))
        return lambda value: None if value is None else inner(value)
    if get_origin(kind) is tuple:
        parts = get_args(kind)
        if parts[-1] is Ellipsis:
            part = _decoder(parts[0])
            return lambda value: tuple(part(one) for one in value)
        each = [_decoder(one) for one in parts]
        return lambda value: tuple(read(one) for read, one in zip(each, value, strict=True))
    if hasattr(kind, "__dataclass_fields__"):
        hints = get_type_hints(kind)
        readers = {name: _decoder(hints[name]) for name in kind.__dataclass_fields__}
        return lambda value: kind(**{name: readers[name](one) for name, one in value.items()})
    if kind is Decimal:
        return Decimal
    if kind in {date, datetime}:
        parse: Callable[[Any], Any] = kind.fromisoformat
        return parse
    return lambda value: value
