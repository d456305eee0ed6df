"""A small shop for tests that need a business but not a story: six paid invoices, euros with VAT, dollars without."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from demo.stripe_account import StripeAccount


@dataclass(frozen=True, slots=True)
class _Sale:
    customer: str
    country: str
    currency: str
    lines: tuple[tuple[str, int], ...]
    """(price, quantity)"""
    tax: str


_PRODUCTS = ("Team plan", "Archive storage", "Onboarding")

_PRICES: Mapping[str, tuple[str, str, str]] = {
    # name: product, currency, unit amount in minor units
    "team-eur": ("Team plan", "eur", "2499"),
    "team-usd": ("Team plan", "usd", "2900"),
    "archive-eur": ("Archive storage", "eur", "333"),
    "archive-usd": ("Archive storage", "usd", "415"),
    "onboarding-gross-eur": ("Onboarding", "eur", "14999"),
}

_TAXES: Mapping[str, tuple[str, str, bool]] = {
    # name: country, percentage, inclusive
    "de-19": ("DE", "19", False),
    "de-19-gross": ("DE", "19", True),
    "fr-20-gross": ("FR", "20", True),
    "fr-5.5": ("FR", "5.5", False),
}

_SALES = (
    _Sale("Zoë Bäckerei GmbH", "DE", "eur", (("team-eur", 3), ("archive-eur", 7)), "de-19"),
    _Sale("Crème & Fils SARL", "FR", "eur", (("onboarding-gross-eur", 1),), "fr-20-gross"),
    _Sale("Müller & Söhne KG", "DE", "eur", (("onboarding-gross-eur", 3),), "de-19-gross"),
    _Sale('Librairie "Le Chat Noir"', "FR", "eur", (("archive-eur", 13),), "fr-5.5"),
    _Sale("Blue Heron Software, Inc.", "US", "usd", (("team-usd", 5), ("archive-usd", 11)), ""),
    _Sale("O'Neill Analytics LLC", "US", "usd", (("team-usd", 1),), ""),
)


def catalogue(stripe: StripeAccount) -> tuple[dict[str, str], dict[str, str]]:
    """The ids of the prices and of the tax rates, by their names here."""
    products = {name: stripe.create("products", name=name)["id"] for name in _PRODUCTS}
    prices = {
        name: stripe.create("prices", product=products[product], currency=currency, unit_amount=amount)["id"]
        for name, (product, currency, amount) in _PRICES.items()
    }
    taxes = {
        name: stripe.create(
            "tax_rates",
            display_name="VAT",
            percentage=percentage,
            inclusive=inclusive,
            country=country,
            tax_type="vat",
        )["id"]
        for name, (country, percentage, inclusive) in _TAXES.items()
    }
    return prices, taxes


def sell(stripe: StripeAccount, prices: Mapping[str, str], taxes: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every sale becomes an invoice, is finalised and paid by card."""
    paid = []
    for sale in _SALES:
        customer = stripe.create("customers", name=sale.customer, address={"country": sale.country})
        card = stripe.create("payment_methods/pm_card_visa/attach", customer=customer["id"])
        invoice = stripe.create(
            "invoices",
            customer=customer["id"],
            currency=sale.currency,
            default_payment_method=card["id"],
            auto_advance=False,
            **({"default_tax_rates": [taxes[sale.tax]]} if sale.tax else {}),
        )
        for price, quantity in sale.lines:
            stripe.create(
                "invoiceitems",
                customer=customer["id"],
                invoice=invoice["id"],
                pricing={"price": prices[price]},
                quantity=quantity,
            )
        stripe.create(f"invoices/{invoice['id']}/finalize")
        paid.append(stripe.create(f"invoices/{invoice['id']}/pay"))
    return paid


_RULEBOOK = {
    "slots": {
        "income_account": [{"use": "200"}],
        "tax_code": [
            {"when": {"tax": "19"}, "use": "OUTPUT"},
            {"when": {"tax": "20"}, "use": "TAX002"},
            {"when": {"tax": "5.5"}, "use": "TAX003"},
            {"when": {"tax": ""}, "use": "NONE"},
        ],
        "clearing_account": [
            {"when": {"currency": "EUR"}, "use": "1200"},
            {"when": {"currency": "USD"}, "use": "1201"},
        ],
    }
}


def workspace(line: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    stripe, xero = line["stripe"], line["xero"]
    return {
        "workspace": f"Demo of {time.strftime('%Y-%m-%d %H:%M:%S')}",
        "book": {"name": "Demo GmbH", "base_currency": "EUR", "time_zone": "Europe/Berlin", "country": "DE"},
        "connections": [
            {
                "name": "Stripe",
                "vendor": "stripe",
                "environment": "sandbox",
                "base_url": stripe["base_url"],
                "secrets": {"api_key": stripe["api_key"], "webhook_secret": stripe["webhook_secret"]},
                "options": {"pull_seconds": "3"},
            },
            {
                "name": "Xero",
                "vendor": "xero",
                "environment": "sandbox",
                "base_url": xero["base_url"],
                "identity_url": xero["base_url"],
                "account": xero["tenant_id"],
                "secrets": {
                    name: xero[name] for name in ("client_id", "client_secret", "access_token", "refresh_token")
                },
                "rulebook": _RULEBOOK,
                # a sandbox on this machine settles at once; a vendor across the world does not
                "options": {"settle_seconds": "1", "pull_seconds": "10"},
            },
        ],
        "rates": [{"currency": "USD", "on": "2020-01-01", "value": "0.92", "source": "demo"}],
    }
