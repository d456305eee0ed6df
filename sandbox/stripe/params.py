"""What an endpoint accepts: a form is a table from name to the parser of its value, `*` marks the required.

A parser takes what the form decoded to and where it stood. An empty string unsets: it parses to None, and a
parameter that was not sent is absent from the result.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.stripe.errors import MalformedParameterError
from sandbox.stripe.settings import in_force

Parser = Callable[[Any, str], Any]
Params = dict[str, Any]

METADATA_KEYS_MAX = 50
METADATA_KEY_CHARACTERS_MAX = 40
METADATA_VALUE_CHARACTERS_MAX = 500
DECIMAL_PLACES_MAX = 12
PAGE_MAX = 100


class Form:
    def __init__(self, fields: Mapping[str, Parser]) -> None:
        self.fields = {name.removesuffix("*"): parser for name, parser in fields.items()}
        self.required = [name.removesuffix("*") for name in fields if name.endswith("*")]

    def parse(self, given: Mapping[str, Any], at: str = "") -> Params:
        if not in_force().unknown_parameters_refused:
            given = {name: value for name, value in given.items() if name in self.fields}
        for name in given:
            if name not in self.fields:
                where = _below(at, name)
                raise MalformedParameterError(
                    f"Received unknown parameter: {where}", code="parameter_unknown", param=where
                )
        for name in self.required:
            if name not in given:
                raise missing(_below(at, name))
            if given[name] == "":
                raise _empty(_below(at, name))
        return {
            name: None if value == "" else self.fields[name](value, _below(at, name)) for name, value in given.items()
        }


def missing(param: str) -> MalformedParameterError:
    code = "parameter_missing" if in_force().missing_parameters_have_a_code else None
    return MalformedParameterError(f"Missing required param: {param}.", code=code, param=param)


def _below(at: str, name: str) -> str:
    return f"{at}[{name}]" if at else name


def _empty(at: str) -> MalformedParameterError:
    return MalformedParameterError(
        f"You passed an empty string for '{at}'. We assume empty values are an attempt to unset a parameter; "
        f"however '{at}' cannot be unset.",
        code="parameter_invalid_empty",
        param=at,
    )


def text(given: Any, at: str) -> str:
    if not isinstance(given, str):
        raise MalformedParameterError(f"Invalid string: {at}", param=at)
    return given


def short_text(given: Any, at: str) -> str:
    """At most 5000 characters."""
    value = text(given, at)
    if len(value) > 5000:
        raise MalformedParameterError(
            f"Invalid string: {at} must be at most 5000 characters",
            code="parameter_invalid_string_length",
            param=at,
        )
    return value


def integer(given: Any, at: str) -> int:
    if not isinstance(given, str) or not re.fullmatch(r"-?[0-9]{1,18}", given):
        raise MalformedParameterError(f"Invalid integer: {given}", code="parameter_invalid_integer", param=at)
    return int(given)


def count(given: Any, at: str) -> int:
    value = integer(given, at)
    if value < 0:
        raise MalformedParameterError(
            f"Invalid integer: {at} must be greater than or equal to 0",
            code="parameter_invalid_integer",
            param=at,
        )
    return value


def positive(given: Any, at: str) -> int:
    value = integer(given, at)
    if value < 1:
        raise MalformedParameterError(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param=at
        )
    return value


def boolean(given: Any, at: str) -> bool:
    if given not in ("true", "false"):
        raise MalformedParameterError(f"Invalid boolean: {given}", param=at)
    return bool(given == "true")


def decimal(given: Any, at: str) -> Decimal:
    """At most 12 places after the point."""
    try:
        value = Decimal(text(given, at))
    except InvalidOperation:
        raise MalformedParameterError(f"Invalid decimal: {given}", param=at) from None
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent > DECIMAL_PLACES_MAX:
        raise MalformedParameterError(
            f"Invalid decimal: {given}; must have at most {DECIMAL_PLACES_MAX} decimal places", param=at
        )
    return value


def moment(given: Any, at: str) -> int:
    """Unix seconds."""
    return count(given, at)


def one_of(*choices: str) -> Parser:
    def parse(given: Any, at: str) -> str:
        if given not in choices:
            wanted = f"{', '.join(choices[:-1])} or {choices[-1]}" if len(choices) > 1 else choices[0]
            raise MalformedParameterError(f"Invalid {at}: must be one of {wanted}", param=at)
        return str(given)

    return parse


def either(word: str, otherwise: Parser) -> Parser:
    """A literal word, such as `now` or `inf`, or another value."""
    return lambda given, at: word if given == word else otherwise(given, at)


def each(parser: Parser) -> Parser:
    """A list, with or without indexes in its brackets."""

    def parse(given: Any, at: str) -> list[Any]:
        if isinstance(given, dict) and all(name.isdecimal() for name in given):
            given = [given[name] for name in sorted(given, key=int)]
        if not isinstance(given, list):
            raise MalformedParameterError("Invalid array", param=at)
        return [parser(one, f"{at}[{index}]") for index, one in enumerate(given)]

    return parse


def nested(fields: Mapping[str, Parser]) -> Parser:
    form = Form(fields)

    def parse(given: Any, at: str) -> Params:
        if not isinstance(given, dict):
            raise MalformedParameterError("Invalid object", param=at)
        return form.parse(given, at)

    return parse


def metadata(given: Any, at: str) -> dict[str, str]:
    """An empty value means that the key is to be dropped."""
    if not isinstance(given, dict):
        raise MalformedParameterError("Invalid object", param=at)
    if not in_force().metadata_limits:
        return {key: text(value, f"{at}[{key}]") for key, value in given.items()}
    if len(given) > METADATA_KEYS_MAX:
        raise MalformedParameterError(
            f"Metadata can have up to {METADATA_KEYS_MAX} keys, but you passed in {len(given)}", param=at
        )
    for key, value in given.items():
        where = f"{at}[{key}]"
        if len(key) > METADATA_KEY_CHARACTERS_MAX:
            raise MalformedParameterError(
                f"Metadata keys can have up to {METADATA_KEY_CHARACTERS_MAX} characters, "
                f"but you passed in a key that is {len(key)} characters",
                param=where,
            )
        if len(text(value, where)) > METADATA_VALUE_CHARACTERS_MAX:
            raise MalformedParameterError(
                f"Metadata values can have up to {METADATA_VALUE_CHARACTERS_MAX} characters, "
                f"but you passed in a value that is {len(value)} characters",
                param=where,
            )
    return dict(given)


def span(given: Any, at: str) -> Params:
    """A moment, or bounds on one: gt, gte, lt, lte."""
    if isinstance(given, dict):
        return _SPAN.parse(given, at)
    exact = moment(given, at)
    return {"gte": exact, "lte": exact}


_SPAN = Form({"gt": moment, "gte": moment, "lt": moment, "lte": moment})


def page_size(given: Any, at: str) -> int:
    value = integer(given, at)
    if not 1 <= value <= PAGE_MAX:
        problem = "greater than or equal to 1" if value < 1 else f"less than or equal to {PAGE_MAX}"
        raise MalformedParameterError(f"This value must be {problem}.", code="parameter_invalid_integer", param=at)
    return value


def listing(filters: Mapping[str, Parser]) -> Form:
    """The form of a list endpoint: its filters, and where its page starts."""
    return Form({"limit": page_size, "starting_after": text, "ending_before": text, **filters})


ADDRESS = nested(dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), short_text))
