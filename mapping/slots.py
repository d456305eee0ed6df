"""What a bookkeeper's rule may choose, and what it may look at: the one table of slots and facts.

Facts are text in one spelling each, so that a rule and a document agree by being equal.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from core.canonical import decimal_text
from core.money import exponent

_PERCENT_MAX = 1000


def _text(written: str) -> str:
    return written


def _currency(written: str) -> str:
    exponent(written)
    return written


def _country(written: str) -> str:
    if not re.fullmatch("([A-Z]{2})?", written):
        raise ValueError(f"{written!r} is not a country: two capital letters (ISO 3166), or empty where none is known")
    return written


def _percentage(written: str) -> str:
    if not written:
        return ""
    try:
        number = Decimal(written)
    except InvalidOperation:
        number = Decimal("NaN")
    if not (number.is_finite() and 0 <= number <= _PERCENT_MAX):
        raise ValueError(f'{written!r} is not a percentage: write it as "19" or "5.5", or "" for no tax')
    return decimal_text(number)


def _yes_or_no(written: str) -> str:
    if written not in {"yes", "no"}:
        raise ValueError(f'{written!r} is neither "yes" nor "no"')
    return written


@dataclass(frozen=True, slots=True)
class Fact:
    meaning: str
    spell: Callable[[str], str]
    """Its one spelling; ValueError, saying why, for what it cannot be."""


FACTS: Mapping[str, Fact] = {
    "price": Fact("the price's id at the system it comes from; empty for a line without one", _text),
    "product": Fact("the product's id there; empty for a line without one", _text),
    "currency": Fact("the document's currency, as ISO 4217 writes it", _currency),
    "country": Fact(
        "where the line is taxed, by its tax rate; for a line without tax, the customer's country", _country
    ),
    "tax": Fact("the line's tax in percent, several added up; empty for no tax at all, which is not 0", _percentage),
    "tax_inclusive": Fact("yes where the price contains the tax", _yes_or_no),
    "book": Fact("the book (legal entity) that the document belongs to", _text),
}

SLOTS: Mapping[str, Sequence[str]] = {
    "income_account": ("price", "product", "currency", "country", "tax", "tax_inclusive", "book"),
    "tax_code": ("price", "product", "currency", "country", "tax", "tax_inclusive", "book"),
    "clearing_account": ("currency", "book"),
    "refunds_to_classify": ("currency", "book"),
}
"""Each slot with the facts that its rules may ask for."""


def spelled(facts: Mapping[str, str]) -> dict[str, str]:
    """Facts in their one spelling. What cannot be spelled stays as it is: no rule can name it."""
    return {name: _spelled(name, value) for name, value in facts.items()}


def _spelled(name: str, value: str) -> str:
    try:
        return FACTS[name].spell(value)
    except (KeyError, ValueError):
        return value
