from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import (
    EXPONENTS,
    Money,
    UnknownCurrency,
    allocate,
    convert,
    decimal_of,
    exponent,
    minor_of,
    round_minor,
)

currencies = st.sampled_from(["JPY", "EUR", "KWD", "ISK", "UGX", "CLF"])
minors = st.integers(-(10**15), 10**15)


@pytest.mark.parametrize(
    ("currency", "decimals"), [("JPY", 0), ("KRW", 0), ("EUR", 2), ("USD", 2), ("KWD", 3), ("BHD", 3), ("CLF", 4)]
)
def test_a_currency_has_the_decimals_of_iso_4217(currency, decimals):
    assert exponent(currency) == decimals


@pytest.mark.parametrize("code", ["", "eur", "EURO", "XXX", "XAU", "XTS", "€"])
def test_what_is_no_currency_with_minor_units_is_refused(code):
    with pytest.raises(UnknownCurrency, match="ISO 4217"):
        exponent(code)
    with pytest.raises(UnknownCurrency):
        Money(code, 1)


@pytest.mark.parametrize("minor", [1.0, "1", Decimal(1), True, None])
def test_minor_units_are_whole_numbers_and_nothing_that_looks_like_one(minor):
    with pytest.raises(TypeError, match="whole numbers"):
        Money("EUR", minor)


@given(currencies, minors, minors)
def test_money_of_one_currency_adds_and_subtracts_as_whole_numbers(currency, one, other):
    assert Money(currency, one) + Money(currency, other) == Money(currency, one + other)
    assert Money(currency, one) - Money(currency, other) == Money(currency, one) + -Money(currency, other)


def test_money_of_two_currencies_is_never_added():
    with pytest.raises(ValueError, match=r"1\.00 EUR and 100 JPY cannot be added"):
        Money("EUR", 100) + Money("JPY", 100)
    with pytest.raises(ValueError, match="the currencies differ"):
        Money("EUR", 100) - Money("USD", 100)


@pytest.mark.parametrize(
    ("money", "shown"),
    [
        (Money("EUR", 123456), "1234.56 EUR"),
        (Money("EUR", -5), "-0.05 EUR"),
        (Money("EUR", 0), "0.00 EUR"),
        (Money("JPY", 7603), "7603 JPY"),
        (Money("KWD", 120000), "120.000 KWD"),
    ],
)
def test_money_is_shown_with_exactly_its_decimals(money, shown):
    assert str(money) == shown


@given(st.sampled_from(sorted(EXPONENTS)), minors)
def test_an_amount_goes_to_decimals_and_back_unchanged(currency, minor):
    amount = decimal_of(minor, currency)
    assert -amount.as_tuple().exponent == exponent(currency)
    assert minor_of(amount, currency) == minor
    assert round_minor(amount, currency) == minor


@pytest.mark.parametrize(("amount", "currency"), [("0.001", "EUR"), ("1.5", "JPY"), ("12.3456", "KWD")])
def test_an_amount_with_more_decimals_than_its_currency_is_refused_and_not_rounded(amount, currency):
    with pytest.raises(ValueError, match=f"more decimals than {currency}"):
        minor_of(Decimal(amount), currency)


def test_zeros_behind_the_last_decimal_are_not_more_decimals():
    assert minor_of(Decimal("12.3400"), "EUR") == 1234
    assert minor_of(Decimal("1E+3"), "JPY") == 1000


@pytest.mark.parametrize(
    "amount", ["NaN", "Infinity", "-Infinity", "1e17", "-1e30", "1e999999", "12345678901234567890.12"]
)
@pytest.mark.parametrize("whole", [minor_of, round_minor])
def test_an_amount_that_no_account_could_hold_is_refused_and_not_cut(amount, whole):
    with pytest.raises(ValueError, match="is not an amount of money"):
        whole(Decimal(amount), "EUR")


@pytest.mark.parametrize("whole", [minor_of, round_minor])
def test_the_largest_amount_has_18_digits(whole):
    assert whole(Decimal("9999999999999999.99"), "EUR") == 10**18 - 1
    with pytest.raises(ValueError, match="is not an amount of money"):
        whole(Decimal(10000000000000000), "EUR")


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("0.005", "EUR", 1),
        ("0.0049999", "EUR", 0),
        ("-0.005", "EUR", -1),
        ("-0.0049999", "EUR", 0),
        ("0.015", "EUR", 2),
        ("0.5", "JPY", 1),
        ("2.5", "JPY", 3),
        ("691.2", "JPY", 691),
        ("0.0005", "KWD", 1),
        ("0.00" + "4" + 40 * "9", "EUR", 0),
    ],
)
def test_halves_are_rounded_up_away_from_zero(amount, currency, minor):
    assert round_minor(Decimal(amount), currency) == minor


def _half_up(value):
    whole = floor(abs(value) + Fraction(1, 2))
    return whole if value > 0 else -whole


@given(currencies, st.decimals("-1e12", "1e12", places=8))
def test_rounding_agrees_with_exact_fractions(currency, amount):
    assert round_minor(amount, currency) == _half_up(Fraction(amount) * 10 ** exponent(currency))


@given(currencies, currencies, st.integers(-(10**12), 10**12), st.decimals("0.000001", "99999", places=9))
def test_conversion_rounds_once_and_exactly(currency, into, minor, rate):
    exact = Fraction(minor, 10 ** exponent(currency)) * Fraction(rate) * 10 ** exponent(into)
    if abs(exact) < 10**18:
        assert convert(minor, currency, rate, into) == _half_up(exact)


def test_a_rate_of_many_digits_does_not_round_twice():
    just_below_a_half = Decimal("0.04545454545454545454545454545")
    assert convert(11, "JPY", just_below_a_half, "JPY") == 0


@given(minors, st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(any))
def test_a_split_loses_nothing_and_is_fair_to_less_than_a_unit(minor, weights):
    parts = allocate(minor, weights)
    assert sum(parts) == minor
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(minor * weight, sum(weights))) < 1
        assert part == 0 or weight


def test_a_split_gives_to_the_largest_remainders_and_then_to_the_first():
    assert allocate(691, [1234, 5678]) == [123, 568]
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(-100, [1, 1, 1]) == [-34, -33, -33]
    assert allocate(2, [0, 1, 1, 1]) == [0, 1, 1, 0]
    assert allocate(0, [3, 4]) == [0, 0]


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [2, -1]])
def test_a_split_by_nothing_or_by_less_than_nothing_is_refused(weights):
    with pytest.raises(ValueError, match="cannot split"):
        allocate(100, weights)
