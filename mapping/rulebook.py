"""A bookkeeper's choices as data: for each slot, ordered rules, of which the first that matches decides.

    {"slots": {"tax_code": [{"when": {"tax": "19", "country": "DE"}, "use": "OUTPUT"}, {"use": "NONE"}]}}

A rule matches if each fact it asks for is what it says (or one of a list); one without conditions always matches.
What it uses is an id or a code from the ledger's own lists, as text. A slot without a matching rule has no choice:
nothing falls to a hidden default.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length

from core.errors import HubError
from mapping.slots import FACTS, SLOTS, Fact, spelled

TEXT_MAX = 1_000_000
RULES_MAX = 1000


class RulebookRefused(HubError):
    """A rulebook that cannot be taken as it is written; `problems` says where and why, one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Rule:
    when: Mapping[str, frozenset[str]]
    """For each fact asked for, the values that will do."""
    use: str

    def matches(self, facts: Mapping[str, str]) -> bool:
        return all(facts.get(name) in values for name, values in self.when.items())

    def hides(self, later: "Rule") -> bool:
        """Whether it matches everything that `later` could."""
        return all(name in later.when and later.when[name] <= values for name, values in self.when.items())


@dataclass(frozen=True, slots=True)
class Rulebook:
    slots: Mapping[str, Sequence[Rule]]

    @classmethod
    def parse(cls, text: str) -> Self:
        """From the JSON that people write. RulebookRefused names each slot and rule that is wrong."""
        if len(text) > TEXT_MAX:
            raise RulebookRefused([f"the rulebook is longer than {TEXT_MAX} characters"])
        try:
            written = json.loads(
                text, object_pairs_hook=_Object, parse_int=str, parse_float=str, parse_constant=_no_number
            )
            if repeated := list(_repeated(written)):
                raise RulebookRefused(repeated)
            loaded: dict[str, Any] = _RULEBOOK.load(written)
        except json.JSONDecodeError as error:
            raise RulebookRefused([f"line {error.lineno}, column {error.colno}: {error.msg}"]) from error
        except RecursionError as error:
            raise RulebookRefused(["the rulebook is nested too deep"]) from error
        except ValidationError as error:
            raise RulebookRefused(list(_sentences(error.messages))) from error
        except ValueError as error:
            raise RulebookRefused([str(error)]) from error
        return cls({slot: tuple(Rule(**rule) for rule in rules) for slot, rules in loaded["slots"].items()})

    def choose(self, slot: str, facts: Mapping[str, str]) -> str | None:
        known = spelled(facts)
        return next((rule.use for rule in self.slots.get(slot, ()) if rule.matches(known)), None)

    def warnings(self) -> tuple[str, ...]:
        """Rules that can never decide, because one before them always does."""
        return tuple(
            f"{slot}, rule {later}: never used, because rule {earlier} matches all that it does; put it before that one"
            for slot, rules in self.slots.items()
            for later, earlier in _hidden(rules)
        )


def _hidden(rules: Sequence[Rule]) -> Iterator[tuple[int, int]]:
    """Each hidden rule and the first that hides it, counted from 1 as people do."""
    for i, rule in enumerate(rules):
        for j, before in enumerate(rules[:i]):
            if before.hides(rule):
                yield i + 1, j + 1
                break


class _Text(fields.Field[str]):
    """Text; a number is read as the digits that were written."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        del attr, data, kwargs
        if not isinstance(value, str) or value != value.strip() or not value.isprintable():
            raise ValidationError("must be text in one line, without spaces around it")
        return value


class _Condition(fields.Field[frozenset[str]]):
    """A value of one fact, or a list of which any will do, in the fact's spelling."""

    def __init__(self, fact: Fact) -> None:
        super().__init__(error_messages={"null": _ANY_OF})
        self._spell = fact.spell

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> frozenset[str]:
        del attr, data, kwargs
        written = value if isinstance(value, list) else [value]
        if not written or not all(isinstance(one, str) for one in written):
            raise ValidationError(_ANY_OF)
        try:
            return frozenset(self._spell(one) for one in written)
        except ValueError as error:
            raise ValidationError(str(error)) from error


_ANY_OF = "must be text, or a list of texts of which any will do"
_ABSENT: dict[str, str | list[Any] | dict[Any, Any]] = {"required": "is missing", "null": "must not be null"}


def _schema(name: str, shape: Mapping[str, fields.Field[Any]], unknown: str) -> type[Schema]:
    schema = Schema.from_dict(dict(shape), name=name)
    schema.error_messages = {"unknown": unknown, "type": "must be an object"}
    return schema


def _rules(slot: str, facts: Sequence[str]) -> fields.Field[Any]:
    when = _schema(
        "When",
        {name: _Condition(FACTS[name]) for name in facts},
        f"no such fact; a rule of {slot} may ask for {', '.join(facts)}",
    )
    use = _Text(
        required=True,
        validate=Length(1, 255, error="must have 1 to 255 characters"),
        error_messages=_ABSENT,
    )
    rule = _schema(
        "Rule",
        {"when": fields.Nested(when, load_default=dict, error_messages=_ABSENT), "use": use},
        "a rule has when and use only",
    )
    return fields.List(
        fields.Nested(rule, error_messages=_ABSENT),
        validate=Length(max=RULES_MAX, error=f"has more than {RULES_MAX} rules"),
        error_messages={"invalid": "must be a list of rules", **_ABSENT},
    )


_SLOTS = _schema(
    "Slots", {slot: _rules(slot, facts) for slot, facts in SLOTS.items()}, f"no such slot; there are {', '.join(SLOTS)}"
)
_RULEBOOK = _schema(
    "Rulebook",
    {"slots": fields.Nested(_SLOTS, required=True, error_messages=_ABSENT)},
    "a rulebook has slots only",
)()


def _sentences(messages: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Marshmallow's nested messages, each with its place as people count: slot, rule number from 1, key."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            place = f"rule {key + 1}" if isinstance(key, int) else key
            yield from _sentences(inner, path if key == "_schema" else (*path, place))
        return
    yield from (f"{_where(path)}: {message}" for message in messages)


class _Object(dict[str, Any]):
    """A JSON object that remembers which keys were written more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeated = [key for key, times in Counter(key for key, _ in pairs).items() if times > 1]


def _repeated(written: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    if isinstance(written, _Object):
        yield from (f"{_where(path)}: {key!r} is written twice" for key in written.repeated)
        for key, inner in written.items():
            yield from _repeated(inner, (*path, key))
    elif isinstance(written, list):
        for i, inner in enumerate(written, 1):
            yield from _repeated(inner, (*path, f"rule {i}"))


def _where(path: tuple[str, ...]) -> str:
    """The place in words, without the outermost key that every slot shares."""
    return ", ".join(path[1:] or path) or "the rulebook"


def _no_number(written: str) -> str:
    raise ValueError(f"{written} is not a number")
