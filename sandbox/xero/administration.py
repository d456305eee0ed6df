"""The sandbox's own routes: what no API of the vendor can change or tell."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from sandbox.kit import Request, Response
from sandbox.post import is_loopback
from sandbox.xero import contacts, settings, wire
from sandbox.xero.bank_accounts import balance
from sandbox.xero.codec import encode
from sandbox.xero.errors import InvalidError
from sandbox.xero.ledger import Ledger
from sandbox.xero.limits import Limits
from sandbox.xero.rows import Contact, Currency
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
            case "POST", route if route in _CHANGES:
                try:
                    return Response.of_json(200, self._change(route, wire.parse(request.body or b"{}")))
                except (TypeError, ValueError, InvalidError) as bad:
                    return Response.of_json(400, {"error": str(bad)})
        return None

    def _balances(self) -> dict[str, str]:
        """What is on each bank account, by its code."""
        banks = [account for account in self._ledger.accounts if account.type == "BANK"]
        return {account.code: str(wire.amount(balance(self._ledger, account))) for account in banks}

    def _change(self, route: str, wanted: Any) -> Any:
        if not isinstance(wanted, dict):
            raise TypeError("the body is a JSON object")
        return _CHANGES[route](self, wanted)

    def switch_rules(self, wanted: dict[str, Any]) -> Any:
        if not all(isinstance(value, bool) for value in wanted.values()):
            raise TypeError("rules are switched by true and false")
        self._ledger.rules = replace(self._ledger.rules, **wanted)
        return encode(self._ledger.rules)

    def change_organisation(self, wanted: dict[str, Any]) -> Any:
        ledger = self._ledger
        ledger.organisation = replace(ledger.organisation, **_organisation(wanted))
        base = ledger.organisation.base_currency
        if ledger.currencies.get(base) is None:
            ledger.currencies.put(Currency(base, ledger.now(), base))
            ledger.journal.take()
        return encode(ledger.organisation)

    def allow(self, wanted: dict[str, Any]) -> Any:
        return encode(self._limits.allow(wanted))

    def merge_contacts(self, wanted: dict[str, Any]) -> Any:
        """{"contacts": [ContactID, ...], "into": ContactID}: all active."""
        if not isinstance(wanted.get("contacts"), list):
            raise TypeError("contacts is a list of ContactIDs")
        merged = [self._contact(one) for one in wanted["contacts"]]
        survivor = self._contact(wanted.get("into"))
        ids = {row.id for row in merged}
        if not merged or survivor.id in ids or len(ids) < len(merged):
            raise ValueError("contacts names other contacts than into, each once")
        if any(row.status != "ACTIVE" for row in (*merged, survivor)):
            raise ValueError("only active contacts are merged")
        return self._told(lambda: contacts.merge(self._ledger, merged, survivor))

    def restore_contact(self, wanted: dict[str, Any]) -> Any:
        """{"contact": ContactID}: an archived one."""
        archived = self._contact(wanted.get("contact"))
        if archived.status != "ARCHIVED":
            raise ValueError("only an archived contact is restored")
        return self._told(lambda: [contacts.restore(self._ledger, archived)])

    def _contact(self, contact_id: Any) -> Contact:
        contact = self._ledger.contacts.get(str(contact_id).lower())
        if contact is None:
            raise ValueError(f"there is no contact {contact_id!r}")
        return contact

    def _told(self, write: Callable[[], list[Contact]]) -> Any:
        """Written by a person in Xero: subscribers hear of what changed."""
        with self._ledger.journal.savepoint():
            rows = write()
        changes = [
            change
            for change in self._ledger.journal.take()
            if change.before is None or change.before.updated_at != change.row.updated_at
        ]
        self._webhooks.notice(changes, self._ledger.organisation_id, self._ledger.rules)
        return {"Contacts": [contacts.shown_contact(self._ledger, row, whole=True) for row in rows]}

    def subscribe(self, wanted: dict[str, Any]) -> Any:
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


_CHANGES: dict[str, Callable[[Administration, dict[str, Any]], Any]] = {
    "rules": Administration.switch_rules,
    "organisation": Administration.change_organisation,
    "limits": Administration.allow,
    "webhook": Administration.subscribe,
    "merge_contacts": Administration.merge_contacts,
    "restore_contact": Administration.restore_contact,
}


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
