"""The company under demonstration: its ledger, what its bookkeeper decided, what currencies were worth."""

import time
from collections.abc import Mapping
from typing import Any

from demo.xero_books import XeroOrganisation

REFUNDS_ACCOUNT = "1250"
_YEN_ACCOUNT = "1202"

_RATES = {
    "USD": {"2026-01-01": "0.92", "2026-02-16": "0.9137", "2026-03-16": "0.9268"},
    "JPY": {"2026-01-01": "0.0061", "2026-02-16": "0.006145", "2026-03-16": "0.00608"},
    "KWD": {"2026-01-01": "2.99", "2026-02-16": "3.0145", "2026-03-16": "3.0071"},
}


def furnish(xero: XeroOrganisation) -> Mapping[str, Any]:
    """Adds what a company that sells to Japan and Kuwait needs beside the usual; the rulebook that names it."""
    for currency in ("JPY", "KWD"):
        xero.create("Currencies", {"Code": currency})
    # the dinar has no account: the gateway settles it in euros
    yen = {"Code": _YEN_ACCOUNT, "Name": "Stripe JPY", "Type": "BANK", "BankAccountNumber": "STRIPE-JPY"}
    xero.create("Accounts", {**yen, "CurrencyCode": "JPY"})
    refunds = {"Code": REFUNDS_ACCOUNT, "Name": "Refunds to classify", "Type": "CURRENT"}
    xero.create("Accounts", {**refunds, "EnablePaymentsToAccount": True})
    tax = {"Name": "Consumption tax 10 %", "ReportTaxType": "OUTPUT"}
    components = [{"Name": "Consumption tax", "Rate": "10", "IsCompound": False}]
    return _rulebook(xero.create("TaxRates", {**tax, "TaxComponents": components})["TaxType"])


def _rulebook(ten_percent: str) -> Mapping[str, Any]:
    return {
        "slots": {
            "income_account": [{"use": "200"}],
            "tax_code": [
                {"when": {"tax": "19"}, "use": "OUTPUT"},
                {"when": {"tax": "7"}, "use": "TAX001"},
                {"when": {"tax": "20"}, "use": "TAX002"},
                {"when": {"tax": "5.5"}, "use": "TAX003"},
                {"when": {"tax": "10"}, "use": ten_percent},
                {"when": {"tax": ""}, "use": "NONE"},
            ],
            "clearing_account": [
                {"when": {"currency": "EUR"}, "use": "1200"},
                {"when": {"currency": "USD"}, "use": "1201"},
                {"when": {"currency": "JPY"}, "use": _YEN_ACCOUNT},
            ],
            "refunds_to_classify": [{"use": REFUNDS_ACCOUNT}],
        }
    }


def workspace(line: Mapping[str, Mapping[str, str]], rulebook: Mapping[str, Any]) -> dict[str, Any]:
    """As `worker.setup` takes it; `line` is what the sandboxes say of themselves."""
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
                "options": {"pull_seconds": "10"},
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
                "rulebook": rulebook,
                # a sandbox on this machine settles at once; a vendor across the world does not
                "options": {"settle_seconds": "1", "pull_seconds": "60"},
            },
        ],
        "rates": [
            {"currency": currency, "on": on, "value": value, "source": "demo"}
            for currency, dated in _RATES.items()
            for on, value in dated.items()
        ],
    }
