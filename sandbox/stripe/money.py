"""Currencies and the one way to round. Amounts are integers in minor units; all else is Decimal."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from sandbox.stripe.errors import StripeError
from sandbox.stripe.settings import in_force

ZERO_DECIMAL = frozenset(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf")
)
THREE_DECIMAL = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))
TWO_DECIMAL = frozenset(
    (
        *("aed", "aud", "bgn", "brl", "cad", "chf", "cny", "czk", "dkk", "eur", "gbp", "hkd", "huf", "ils"),
        *("inr", "isk", "mxn", "myr", "nok", "nzd", "php", "pln", "ron", "sek", "sgd", "thb", "try", "twd"),
        *("ugx", "usd", "zar"),
    )
)
"""Stripe: ISK and UGX have no minor unit, and are sent with two decimals that must be 00."""
SENT_IN_HUNDREDTHS = frozenset({"isk", "ugx"})
_ROUNDING = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN}

CHARGE_MINIMUM = {"eur": 50, "usd": 50, "gbp": 30, "chf": 50, "jpy": 50, "kwd": 150}
"""The published minimum, about 0.50 USD; 50 minor units of any other two-decimal currency."""


def check_currency(code: str, param: str = "currency") -> str:
    currency = code.lower()
    if currency not in ZERO_DECIMAL | THREE_DECIMAL | TWO_DECIMAL:
        raise StripeError(f"Invalid currency: {code}.", param=param)
    return currency


def check_amount(amount: int, currency: str, param: str = "amount") -> int:
    """Stripe: three-decimal amounts end in 0, ISK and UGX amounts in 00."""
    step = smallest_step(currency)
    if amount % step:
        raise StripeError(
            f"Invalid amount: {amount} {currency} must be divisible by {step}.",
            code="invalid_charge_amount",
            param=param,
        )
    return amount


def charge_minimum(currency: str) -> int:
    if currency in CHARGE_MINIMUM:
        return CHARGE_MINIMUM[currency]
    if currency in ZERO_DECIMAL:
        return 50
    return 150 if currency in THREE_DECIMAL else 50


def rounded(value: Decimal, step: int = 1) -> int:
    """Half away from zero (GK), to a multiple of `step` minor units."""
    return int((value / step).quantize(Decimal(1), _ROUNDING[in_force().rounding])) * step


def smallest_step(currency: str) -> int:
    """What an amount is a multiple of, so that it can be charged."""
    if currency in THREE_DECIMAL and in_force().three_decimals_end_in_zero:
        return 10
    return 100 if currency in SENT_IN_HUNDREDTHS and in_force().isk_and_ugx_in_hundredths else 1


def places(currency: str) -> int:
    """How many decimals the minor unit stands for."""
    if currency in SENT_IN_HUNDREDTHS and not in_force().isk_and_ugx_in_hundredths:
        return 0
    return 3 if currency in THREE_DECIMAL else 0 if currency in ZERO_DECIMAL else 2


def plain(value: Decimal) -> str:
    """Without exponent and trailing zeros: 1E+3 is 1000, 0.50 is 0.5."""
    return format(value.normalize() + 0, "f")


def shared(amount: int, weights: list[int]) -> list[int]:
    """In proportion to `weights`: each share rounded down, the rest to the largest remainders."""
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    shares = [amount * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda at: (-(amount * weights[at] % whole), at))
    for at in by_remainder[: amount - sum(shares)]:
        shares[at] += 1
    return shares
