"""An entity's fields as people read them, whatever its kind: a new kind is shown without a line of its own here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from core.kinds import Kind
from web.pages import words

_ENDINGS = ("_minor", "_at")
_SUMS = ("total_minor", "amount_minor")
_SAID_ELSEWHERE = frozenset(
    {"name", "nickname", "number", "code", "status", "currency", "settled_currency"}
    | {"total_minor", "tax_minor", "due_minor"}
)


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    text: str
    unit: str = ""
    """The currency of an amount."""
    kind: Kind | None = None
    record_id: str = ""
    """Of what the field points to."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What a list says of a record of any kind."""

    title: str
    short: str
    """Without the word for its kind, where that stands above."""
    minor: int | None
    currency: str
    at: datetime | None
    state: str


def facts(entity: Any, names: Mapping[str, str]) -> list[Fact]:
    """What neither the heading nor the table of amounts says; lines and the like are left to `parts`."""
    return list(_facts(entity, names, getattr(entity, "currency", "")))


def parts(entity: Any, names: Mapping[str, str]) -> list[tuple[str, list[list[Fact]]]]:
    """The name of each list of parts, with the facts of each part."""
    currency = getattr(entity, "currency", "")
    return [
        (words.spoken(spec.name), [list(_facts(part, names, currency)) for part in getattr(entity, spec.name)])
        for spec in fields(entity)
        if isinstance(getattr(entity, spec.name), tuple) and getattr(entity, spec.name)
    ]


def heading(entity: Any, kind: Kind, name: str) -> Heading:
    """`name` is how the document is called; a thing that has a name of its own is called by that."""
    if entity is None:
        return Heading("forgotten person", "forgotten person", None, "", None, "")
    own = getattr(entity, "name", "") or getattr(entity, "nickname", "") or getattr(entity, "email", "")
    if kind is Kind.TAX_RATE:
        own = f"{own} {words.unit(entity.percentage)} % {entity.country}".strip()
    if kind is Kind.PROMOTION_CODE:
        own = entity.code
    return Heading(
        own or name,
        own or name.removeprefix(f"{words.spoken(kind.value)} "),
        next((value for field in _SUMS if (value := getattr(entity, field, None)) is not None), None)
        if kind is not Kind.COUPON
        else None,
        getattr(entity, "currency", ""),
        next((at for spec in fields(entity) if isinstance(at := getattr(entity, spec.name), datetime)), None),
        _state(entity),
    )


def _facts(entity: Any, names: Mapping[str, str], currency: str) -> Iterator[Fact]:
    for spec in fields(entity):
        value = getattr(entity, spec.name)
        label = spec.name
        for ending in _ENDINGS:
            label = label.removesuffix(ending)
        label = words.sentence(words.spoken(label))
        if value is None or value == "" or isinstance(value, tuple) or spec.name in _SAID_ELSEWHERE:
            continue
        if spec.name.endswith("_minor") and not value:
            continue
        if "kind" in spec.metadata:
            yield Fact(label, names.get(value, value), kind=spec.metadata["kind"], record_id=value)
        elif spec.name.endswith("_minor"):
            of = getattr(entity, "settled_currency", "") if spec.name == "settled_minor" else currency
            yield Fact(label, words.amount(value, of) if of else str(value), of)
        elif is_dataclass(value):
            yield from [Fact(label, line)] if (line := _line(value)) else []
        else:
            yield Fact(label, _text(value))


def _text(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case datetime():
            return words.local_day(value)
        case Decimal():
            return words.unit(value)
        case Enum():
            return str(value.value)
    return str(value)


def _line(value: Any) -> str:
    return ", ".join(text for spec in fields(value) if (text := getattr(value, spec.name)))


def _state(entity: Any) -> str:
    """One word for how it stands, where it can stand in several ways."""
    status = getattr(entity, "status", None)
    if status is not None:
        return str(getattr(status, "value", status))
    if getattr(entity, "void", False):
        return "void"
    succeeded = getattr(entity, "succeeded", None)
    if succeeded is not None:
        return "succeeded" if succeeded else "not succeeded"
    active = getattr(entity, "active", None)
    return "" if active is None or active else "no longer used"
