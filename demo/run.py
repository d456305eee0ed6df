"""The demo: a business sells at Stripe, its hub is disturbed, and an outside reader checks both ends to the cent."""

import time
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from decimal import Decimal
from types import TracebackType
from typing import Any

from core.money import decimal_of
from demo import auditor, story
from demo.hub import DemoHub
from demo.sandboxes import Sandboxes
from demo.stripe_account import USER_AGENT, StripeAccount

_SETTLE_SECONDS = 120
_LOOK_SECONDS = 0.25

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


@dataclass(frozen=True, slots=True)
class Verdict:
    rows: list[dict[str, str]]
    calls: Mapping[str, Mapping[str, int]]
    problems: list[str]
    """Why it is not all equal; empty if it is."""


class Demo(AbstractContextManager["Demo"]):
    """One run: enter, `play`, `wait`, `judge`."""

    def __init__(self, seed: int = 1) -> None:
        self._open = ExitStack()
        try:
            self.sandboxes = self._open.enter_context(Sandboxes(seed))
            self.hub = self._open.enter_context(DemoHub.begin(_workspace(self.sandboxes.line)))
        except BaseException:
            self._open.close()
            raise
        keys = self.sandboxes.line["stripe"]
        self.stripe = StripeAccount(keys["base_url"], keys["api_key"])

    def play(self) -> None:
        """Sells, while one webhook is lost and one answer of Xero's is lost after it has committed."""
        self.hub.start()
        self.stripe.create(
            "webhook_endpoints",
            url=self.hub.base_url + self.hub.made.doors["Stripe"],
            enabled_events=["*"],
            api_version="2026-10-28.endive",
        )
        self.sandboxes.set_faults("stripe", {"webhook": "invoice_payment.paid", "fault": "drop", "skip": 2})
        self.sandboxes.set_faults("xero", {"match": "PUT /api.xro/2.0/Invoices*", "fault": "commit_then_close"})
        story.sell(self.stripe, *story.catalogue(self.stripe))

    def wait(self) -> None:
        """Until nothing is open in the hub and both ends say the same, or for as long as a person would wait."""
        for _ in range(int(_SETTLE_SECONDS / _LOOK_SECONDS)):
            if not self.hub.open_work() and not auditor.mismatches(*self._documents()):
                return
            self.hub.processes.restart_the_dead()
            time.sleep(_LOOK_SECONDS)

    def judge(self) -> Verdict:
        """Compares the three columns, then runs every drain once more: nothing may be written, nothing may change."""
        self.hub.processes.stop()
        self.hub.drain_again()  # what the processes had begun when they were stopped
        stripe, xero = self._documents()
        problems = [f"still open in the hub: {count} {what}" for what, count in self.hub.open_work().items()]
        problems += auditor.mismatches(stripe, xero)
        rows = _rows(auditor.sums(stripe), self._hub_sums(), auditor.sums(xero))
        problems += [f"{row['kind']} {row['currency']} differs by {row['difference']}" for row in rows if _differs(row)]
        calls = {vendor: self._hub_calls(vendor) for vendor in self.sandboxes.line}
        problems += self._second_run()
        return Verdict(rows, calls, problems)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def _second_run(self) -> list[str]:
        seen = {vendor: len(self.sandboxes.calls(vendor)) for vendor in self.sandboxes.line}
        before = self.hub.state_hash()
        self.hub.drain_again()
        problems = [
            f"a second run of the drains wrote to {vendor}: {call['method']} {call['path']}"
            for vendor, after in seen.items()
            for call in self.sandboxes.calls(vendor, after)
            if call["effects"]
        ]
        if self.hub.state_hash() != before:
            problems.append("a second run of the drains changed the state hash")
        return problems

    def _documents(self) -> tuple[list[auditor.Document], list[auditor.Document]]:
        keys = self.sandboxes.line["xero"]
        return (
            auditor.of_stripe(self.stripe),
            auditor.of_xero(keys["base_url"], keys["access_token"], keys["tenant_id"]),
        )

    def _hub_sums(self) -> auditor.Sums:
        return {(kind, currency): decimal_of(minor, currency) for (kind, currency), minor in self.hub.totals().items()}

    def _hub_calls(self, vendor: str) -> dict[str, int]:
        """The calls that the hub made, by method: not the story's, not the reader's."""
        return dict(
            Counter(
                call["method"]
                for call in self.sandboxes.calls(vendor)
                if call["headers"].get("user-agent") != USER_AGENT
            )
        )


def run_demo() -> tuple[Verdict, Decimal]:
    """What came of it, and the seconds it took."""
    began = time.monotonic()
    with Demo() as demo:
        demo.play()
        demo.wait()
        verdict = demo.judge()
    return verdict, round(Decimal(time.monotonic() - began), 1)


def _rows(stripe: auditor.Sums, hub: auditor.Sums, xero: auditor.Sums) -> list[dict[str, str]]:
    rows = []
    for kind in auditor.KINDS:
        for currency in sorted({currency for sums in (stripe, hub, xero) for _, currency in sums}):
            amounts = [sums.get((kind, currency), Decimal(0)) for sums in (stripe, hub, xero)]
            texts = [f"{amount:.2f}" for amount in (*amounts, max(amounts) - min(amounts))]
            columns = ("stripe", "subledger", "xero", "difference")
            rows.append({"kind": kind, "currency": currency, **dict(zip(columns, texts, strict=True))})
    return rows


def _differs(row: Mapping[str, str]) -> bool:
    return Decimal(row["difference"]) != 0


def _workspace(line: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
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
