"""What every kind is written with: choices, two decimals, rates, accounts."""

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import TypeVar

from connectors.contract import Document, Row
from connectors.xero.wire import is_guid
from core.entities import Entity
from core.money import Money, decimal_of, exponent, round_minor
from core.reasons import Problem, ReasonCode, problem

INCOME_ACCOUNT = "income_account"
TAX_CODE = "tax_code"
CLEARING_ACCOUNT = "clearing_account"
REFUNDS_TO_CLASSIFY = "refunds_to_classify"

DESCRIPTION_MAX = 4000
UNIT_STEP = Decimal("0.0001")
RATE_STEP = Decimal("0.000001")

_E = TypeVar("_E")


def of(kind: type[_E], entity: Entity) -> _E:
    assert isinstance(entity, kind)
    return entity


def one_line(text: str) -> str:
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def fits(number: Decimal) -> bool:
    """Whether it is one that Xero keeps as a unit price or a quantity."""
    return number == number.quantize(UNIT_STEP)


def account(choice: str) -> Row:
    """Xero: not every bank account has a code, but each has an id."""
    return {"AccountID" if is_guid(choice) else "Code": choice}


def third_decimal(amounts: Sequence[int], currency: str) -> Problem | None:
    """Xero: two decimals in every currency."""
    for amount in amounts:
        if amount % 10 ** max(exponent(currency) - 2, 0):
            return problem(ReasonCode.THIRD_DECIMAL, amount=Money(currency, amount))
    return None


# --- rates -----------------------------------------------------------------------------------------------------------


def rate(document: Document, currency: str, on: str) -> Decimal | Problem | None:
    """Xero: units of the document's currency for one of the base currency, six decimals: the inverse of our rate."""
    base = document.book.base_currency
    if currency == base:
        return None
    if not document.rate:
        return problem(ReasonCode.RATE_MISSING, currency=currency, base=base, on=on)
    return (1 / Decimal(document.rate)).quantize(RATE_STEP, ROUND_HALF_UP)


def settling_rate(document: Document, money: Money, on: str, before: int = 0) -> Decimal | Problem | None:
    """The rate at which Xero's own arithmetic moves the base currency's account by exactly what the gateway moved it.

    `money` is a part of what `document.rate` tells the worth of, and `before` what was written of it in other parts:
    so that the worths of all parts add up to that of the whole.
    """
    plain = rate(document, money.currency, on)
    base = document.book.base_currency
    if not isinstance(plain, Decimal) or document.settles_in != base:
        return plain

    def worth(minor: int) -> int:
        return round_minor(decimal_of(minor, money.currency) * Decimal(document.rate), base)

    amount, moved = decimal_of(money.minor, money.currency), worth(before + money.minor) - worth(before)
    exact = amount / decimal_of(moved, base) if moved else Decimal(0)
    near = [exact.quantize(RATE_STEP, rounding) for rounding in (ROUND_FLOOR, ROUND_CEILING)]
    for candidate in sorted(near, key=lambda one: abs(one - exact)):
        if candidate > 0 and round_minor(amount / candidate, base) == moved:
            return candidate
    return problem(ReasonCode.RATE_TOO_COARSE, amount=money, settled=Money(base, moved))
