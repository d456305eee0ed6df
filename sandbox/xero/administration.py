"""The sandbox's own routes: what no API of the vendor can change or tell."""

from dataclasses import replace
from datetime import date
from typing import Any

from sandbox.kit import Request, Response
from sandbox.post import is_loopback
from sandbox.xero import settings, wire
from sandbox.xero.bank_accounts import balance
from sandbox.xero.codec import encode
from sandbox.xero.ledger import Ledger
from sandbox.xero.limits import Limits
from sandbox.xero.rows import Currency
from sandbox.xero.webhooks import RETRY_SECONDS, SIGNING_KEY, Webhooks


class Administration:
    def __init__(self, ledger: Ledger, limits: Limits, webhooks: Webhooks) -> None:
        self._ledger = ledger
        self._limits = limits
        self._webhooks = webhooks

    def answer(self, request: Request) -> Response | None:
        """None where there is no such route; a bad wish is a 400 with a sentence."""
        match request.method, request.path.removeprefix("/_sandbox/"):
            case "GET", "balances":
                return Response.of_json(200, self._balances())
            case "GET", "deliveries":
                return Response.of_json(200, {"deliveries": self._webhooks.log, **self._webhooks.shown()})
            case "POST", "rules" | "organisation" | "limits" | "webhook" as route:
                try:
                    return Response.of_json(200, self._change(route, wire.parse(request.body or b"{}")))
                except (TypeError, ValueError) as bad:
                    return Response.of_json(400, {"error": str(bad)})
        return None

    def _balances(self) -> dict[str, str]:
        """What is on each bank account, by its code."""
        banks = [account for account in self._ledger.accounts if account.type == "BANK"]
        return {account.code: str(wire.amount(balance(self._ledger, account))) for account in banks}

    def _change(self, route: str, wanted: Any) -> Any:
        ledger = self._ledger
        if not isinstance(wanted, dict):
            raise TypeError("the body is a JSON object")
        if route == "rules":
            if not all(isinstance(value, bool) for value in wanted.values()):
                raise TypeError("rules are switched by true and false")
            ledger.rules = replace(ledger.rules, **wanted)
            return encode(ledger.rules)
        if route == "organisation":
            ledger.organisation = replace(ledger.organisation, **_organisation(wanted))
            base = ledger.organisation.base_currency
            if ledger.currencies.get(base) is None:
                ledger.currencies.put(Currency(base, ledger.now(), base))
                ledger.journal.take()
            return encode(ledger.organisation)
        if route == "limits":
            return encode(self._limits.allow(wanted))
        return self._subscribe(wanted)

    def _subscribe(self, wanted: dict[str, Any]) -> Any:
        """{"url", "signing_key", "retry_seconds": [...]}: the last two have defaults."""
        url, key = wanted.get("url"), wanted.get("signing_key", SIGNING_KEY)
        retries = wanted.get("retry_seconds", RETRY_SECONDS)
        if not isinstance(url, str) or not is_loopback(url):
            raise ValueError("url is an http address on loopback")
        if not isinstance(key, str) or not key:
            raise ValueError("signing_key is a text")
        if not retries or not all(float(seconds) >= 0 for seconds in retries):
            raise ValueError("retry_seconds are numbers from 0")
        return encode(self._webhooks.subscribe(url, key, tuple(float(seconds) for seconds in retries)))


def _organisation(wanted: dict[str, Any]) -> dict[str, Any]:
    """{"name", "base_currency", "country", "timezone", "period_lock_date": "2026-01-31" or null, ...}"""
    if wanted.get("timezone", "Europe/Berlin") not in settings.TIME_ZONES:
        raise ValueError(f"timezone is one of {', '.join(sorted(settings.TIME_ZONES))}")
    if wanted.get("base_currency", "EUR") not in settings.ISO_CURRENCIES:
        raise ValueError("base_currency is an ISO 4217 code")
    dates = {name for name in wanted if name.endswith("_lock_date")}
    return {
        name: date.fromisoformat(value) if name in dates and value is not None else value
        for name, value in wanted.items()
    }
