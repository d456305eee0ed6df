"""Money is an integer of minor units and an ISO 4217 currency; floats never touch it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

from iso4217 import Currency


class UnknownCurrency(ValueError):
    """The code is not an ISO 4217 currency with minor units (gold and test codes have none)."""


def _exponents() -> dict[str, int]:
    return {currency.code: currency.exponent for currency in Currency if currency.exponent is not None}


EXPONENTS = _exponents()
_MINOR_DIGITS_MAX = 18
_EXACT = Context(prec=100)
"""Wide enough that a product is rounded once only, at the end: the default would cut it to 28 digits before."""


def exponent(currency: str) -> int:
    """How many decimals the currency has: JPY 0, EUR 2, KWD 3."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(f"{currency!r} is not a currency of ISO 4217 with minor units") from None


@dataclass(frozen=True, slots=True, order=True)
class Money:
    currency: str
    minor: int

    def __post_init__(self) -> None:
        exponent(self.currency)
        if type(self.minor) is not int:
            raise TypeError(f"minor units are whole numbers, not {self.minor!r}")

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.currency, self.minor + other.minor)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.currency, self.minor - other.minor)

    def __neg__(self) -> "Money":
        return Money(self.currency, -self.minor)

    def __str__(self) -> str:
        return f"{decimal_of(self.minor, self.currency)} {self.currency}"

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self} and {other} cannot be added: the currencies differ")


def decimal_of(minor: int, currency: str) -> Decimal:
    """1234 EUR -> Decimal("12.34"), with exactly the currency's decimals."""
    return Decimal(minor).scaleb(-exponent(currency))


def minor_of(amount: Decimal, currency: str) -> int:
    """Decimal("12.34") EUR -> 1234. ValueError if the amount has more decimals than the currency."""
    minor = round_minor(amount, currency)
    if decimal_of(minor, currency) != amount:
        raise ValueError(f"{amount} has more decimals than {currency}")
    return minor


def round_minor(amount: Decimal, currency: str) -> int:
    """Half up, away from zero at the half: what Stripe and both ledgers do on a line.

    ValueError for what is no number, and for an amount that 64 bits of minor units could not hold.
    """
    decimals = exponent(currency)
    if not amount.is_finite() or amount.adjusted() + decimals >= _MINOR_DIGITS_MAX:
        raise ValueError(f"{amount} is not an amount of money in {currency}")
    return int(amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP).scaleb(decimals))


def convert(minor: int, currency: str, rate: Decimal, into: str) -> int:
    """`rate` is units of `into` for one unit of `currency`; rounded half up to a minor unit of `into`."""
    return round_minor(_EXACT.multiply(decimal_of(minor, currency), rate), into)


def allocate(minor: int, weights: Sequence[int]) -> list[int]:
    """Splits without losing a unit: largest remainders first, earlier parts first among equals.

    Weights are whole numbers, none negative, not all zero.
    """
    whole = sum(weights)
    if whole <= 0 or any(weight < 0 for weight in weights):
        raise ValueError(f"cannot split by the weights {list(weights)}")
    sign = -1 if minor < 0 else 1
    shares = [divmod(abs(minor) * weight, whole) for weight in weights]
    parts = [share for share, _ in shares]
    order = sorted(range(len(parts)), key=lambda i: (-shares[i][1], i))
    for i in order[: abs(minor) - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]
