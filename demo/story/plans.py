"""What is sold: plans in four currencies, taxes in both modes, what comes off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from demo.stripe_account import StripeAccount

METER = "api_call"

Amounts = Mapping[str, Any]
"""By currency: a price in minor units, as Stripe takes it, or tiers of (up to, unit, flat)."""

_Tiers = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Price:
    product: str
    amounts: Amounts
    interval: str = ""
    """Empty for what is sold once."""
    interval_count: int = 1
    metered: bool = False


def _tiers(first: str, second: str, rest: str, flat: str) -> _Tiers:
    """The first thousand, up to ten thousand, and what is beyond."""
    return (("1000", first, flat), ("10000", second, "0"), ("inf", rest, "0"))


PRICES: Mapping[str, Price] = {
    "team": Price("Team plan", {"eur": "2499", "usd": "2900", "jpy": "3300", "kwd": "8990"}, "month"),
    "business": Price("Business plan", {"eur": "7990", "usd": "8900", "jpy": "11000", "kwd": "27500"}, "month"),
    "team-quarter": Price("Team plan", {"eur": "6999", "usd": "7900", "jpy": "8800", "kwd": "24250"}, "month", 3),
    "team-year": Price("Team plan", {"eur": "24900", "usd": "29900", "jpy": "33333", "kwd": "89900"}, "year"),
    "reader": Price("Reading room", {"eur": "333", "usd": "415", "jpy": "481", "kwd": "1310"}, "month"),
    "seats": Price(
        "Seats by the dozen",
        {
            "eur": (("5", "1999", "0"), ("20", "1749", "500"), ("inf", "1333", "0")),
            "usd": (("5", "2299", "0"), ("20", "1999", "600"), ("inf", "1555", "0")),
        },
        "month",
    ),
    "calls": Price(
        "API calls",
        {
            "eur": _tiers("1.23", "0.987", "0.7512", "490"),
            "usd": _tiers("1.5", "1.125", "0.875", "590"),
            "jpy": _tiers("2", "1.55", "1.1", "800"),
            "kwd": _tiers("5", "3.75", "2.5", "1500"),
        },
        "month",
        metered=True,
    ),
    "onboarding": Price("Onboarding", {"eur": "14999", "usd": "17500", "jpy": "19800", "kwd": "49950"}),
    "workshop": Price("Workshop day", {"eur": "33333", "usd": "39900", "jpy": "44444", "kwd": "110010"}),
}

PLANS: Mapping[str, Sequence[str]] = {
    "team": ("team",),
    "quarterly": ("team-quarter",),
    "yearly": ("team-year",),
    "reader": ("reader",),
    "seats": ("seats",),
    "calls": ("calls",),
    "team and calls": ("team", "calls"),
}
"""Each with the prices that its subscription is made of."""

TAXES: Mapping[str, tuple[str, str, bool]] = {
    # name: country, percentage, whether prices contain it
    "de-19": ("DE", "19", False),
    "de-19-gross": ("DE", "19", True),
    "de-7": ("DE", "7", False),
    "fr-20-gross": ("FR", "20", True),
    "fr-5.5": ("FR", "5.5", False),
    "jp-10": ("JP", "10", False),
    "jp-10-gross": ("JP", "10", True),
}

COUPONS: Mapping[str, Mapping[str, Any]] = {
    "twenty percent for two months": {"percent_off": "20", "duration": "repeating", "duration_in_months": 2},
    "five euros, once": {"amount_off": 500, "currency": "eur", "duration": "once"},
}
PROMOTION_CODE = ("SPRING", "twenty percent for two months")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Stripe's ids, by the names in the tables above."""

    prices: Mapping[tuple[str, str], str]
    """By name and currency."""
    taxes: Mapping[str, str]
    coupons: Mapping[str, str]
    promotion_code: str


def stock(stripe: StripeAccount) -> Catalogue:
    products = {
        name: stripe.create("products", name=name)["id"]
        for name in dict.fromkeys(price.product for price in PRICES.values())
    }
    meter = stripe.create(
        "billing/meters",
        display_name="API calls",
        event_name=METER,
        default_aggregation={"formula": "sum"},
    )["id"]
    prices = {
        (name, currency): stripe.create(
            "prices",
            product=products[price.product],
            currency=currency,
            nickname=name,
            **_cost(amount),
            **_rhythm(price, meter),
        )["id"]
        for name, price in PRICES.items()
        for currency, amount in price.amounts.items()
    }
    taxes = {
        name: stripe.create(
            "tax_rates", display_name="VAT", percentage=percent, inclusive=inclusive, country=country, tax_type="vat"
        )["id"]
        for name, (country, percent, inclusive) in TAXES.items()
    }
    coupons = {name: stripe.create("coupons", name=name, **terms)["id"] for name, terms in COUPONS.items()}
    code, coupon = PROMOTION_CODE
    promotion = stripe.create("promotion_codes", code=code, promotion={"type": "coupon", "coupon": coupons[coupon]})
    return Catalogue(prices, taxes, coupons, promotion["id"])


def _cost(amount: str | _Tiers) -> dict[str, Any]:
    if isinstance(amount, str):
        return {"unit_amount": amount}
    tiers = [{"up_to": up_to, "unit_amount_decimal": unit, "flat_amount_decimal": flat} for up_to, unit, flat in amount]
    return {"billing_scheme": "tiered", "tiers_mode": "graduated", "tiers": tiers}


def _rhythm(price: Price, meter: str) -> dict[str, Any]:
    if not price.interval:
        return {}
    recurring = {"interval": price.interval, "interval_count": price.interval_count}
    return {"recurring": {**recurring, **({"usage_type": "metered", "meter": meter} if price.metered else {})}}
