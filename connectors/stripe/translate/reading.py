"""What every kind is read with: Stripe's amounts, its expandable fields, and what becomes of a row that is wrong."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from connectors.contract import Row
from connectors.rows import Unreadable, decimal, needed_text, text, whole
from core.entities import Entity
from core.money import EXPONENTS, Money, UnknownCurrency, minor_of
from core.reasons import Problem, ReasonCode, problem

# --- amounts ---------------------------------------------------------------------------------------------------------

_NO_DECIMALS = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"}
)
_THREE_DECIMALS = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
# Stripe: both lost their minor unit, and are still sent with two decimals, which must be 00.
_TWO_DECIMALS_AGAINST_ISO = frozenset(["ISK", "UGX"])


def stripe_exponent(currency: str) -> int:
    """How many decimals Stripe's amounts of that currency have; not always what ISO 4217 says (MGA, ISK, UGX)."""
    if currency in _NO_DECIMALS:
        return 0
    if currency in _THREE_DECIMALS:
        return 3
    if currency in _TWO_DECIMALS_AGAINST_ISO or EXPONENTS.get(currency) == 2:
        return 2
    raise UnknownCurrency(currency)


def currency_of(row: Row) -> str:
    currency = needed_text(row, "currency").upper()
    stripe_exponent(currency)
    return currency


def minor(row: Row, name: str, currency: str) -> int:
    """Minor units of ISO 4217, from Stripe's."""
    amount = Decimal(whole(row, name)).scaleb(-stripe_exponent(currency))
    try:
        return minor_of(amount, currency)
    except ValueError:
        raise Unreadable(f"{name} has more decimals than {currency}") from None


def major(row: Row, name: str, currency: str) -> Decimal | None:
    """Major units, up to 12 decimals of Stripe's minor unit: from the exact twin of a field, where there is one."""
    for spelled in (f"{name}_decimal", name):
        amount = decimal(row, spelled)
        if amount is not None:
            return amount.scaleb(-stripe_exponent(currency))
    return None


# --- rows ------------------------------------------------------------------------------------------------------------


def remote_id(row: Row) -> str:
    return needed_text(row, "id")


class TotalsDiffer(Exception):
    def __init__(self, currency: str, lines: int, total: int) -> None:
        super().__init__(lines, total)
        self.lines = Money(currency, lines)
        self.total = Money(currency, total)


def reader(read: Callable[[Row], Entity]) -> Callable[[Row], Entity | Problem]:
    """What went wrong in a row is a value, so that its neighbours go on."""

    def entity(row: Row) -> Entity | Problem:
        try:
            return read(row)
        except UnknownCurrency as unknown:
            return problem(ReasonCode.UNKNOWN_CURRENCY, currency=unknown)
        except TotalsDiffer as difference:
            return problem(ReasonCode.TOTALS_DIFFER, lines=difference.lines, total=difference.total)
        except Unreadable as trouble:
            return problem(ReasonCode.UNREADABLE_ROW, problem=trouble)

    return entity


def reference(row: Mapping[str, Any], name: str) -> str:
    """The id in an expandable field; empty where it is null or absent.

    Stripe: any object field may hold an id, or the object itself where it was expanded.
    """
    value = row.get(name)
    if isinstance(value, dict):
        return needed_text(value, "id")
    return text(row, name)


def needed_reference(row: Row, name: str) -> str:
    found = reference(row, name)
    if not found:
        raise Unreadable(f"{name} is missing")
    return found
