"""The demo: a business sells at Stripe, its hub is disturbed, and an outside reader checks both ends to the cent."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from types import TracebackType

from core.money import decimal_of
from demo import auditor, disturbances
from demo.auditor import Books, Total, Totals
from demo.comparison import Row, compared
from demo.hub import DemoHub
from demo.minimum import minimum_calls
from demo.sandboxes import Sandboxes
from demo.story.play import Story
from demo.stripe_account import USER_AGENT, StripeAccount
from demo.stripe_books import read_stripe
from demo.telling import Telling
from demo.workspace import REFUNDS_ACCOUNT, furnish, workspace
from demo.xero_books import XeroOrganisation, read_xero

_SETTLE_SECONDS = 120
_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Verdict:
    rows: Sequence[Row]
    notes: Sequence[str]
    calls: Mapping[str, Mapping[str, int]]
    minimum: Mapping[str, int]
    problems: Sequence[str]
    """Why it is not all equal; empty if it is."""


class Demo(AbstractContextManager["Demo"]):
    """One run: enter, `play`, `judge`."""

    def __init__(self, seed: int = 1, telling: Telling | None = None) -> None:
        self._seed = seed
        self._telling = telling or Telling(shown=False)
        self._open = ExitStack()
        try:
            self._open.enter_context(self._telling)
            self.sandboxes = self._open.enter_context(Sandboxes(seed))
            line = self.sandboxes.line
            self.stripe = StripeAccount(line["stripe"]["base_url"], line["stripe"]["api_key"])
            self.xero = XeroOrganisation(*(line["xero"][name] for name in ("base_url", "access_token", "tenant_id")))
            self.hub = self._open.enter_context(DemoHub.begin(workspace(line, furnish(self.xero))))
        except BaseException:
            self._open.close()
            raise

    def play(self) -> None:
        """Two months; between them, and at the end, the hub has the time to catch up."""
        self.hub.start()
        self.stripe.create(
            "webhook_endpoints",
            url=self.hub.base_url + self.hub.made.doors["Stripe"],
            enabled_events=["*"],
            api_version="2026-10-28.endive",
        )
        faults = Random(self._seed)  # noqa: S311 - faults, not secrets
        self.sandboxes.set_faults("stripe", *disturbances.webhooks(faults))
        self.sandboxes.set_faults("xero", *disturbances.ledger(faults))
        story = Story(self.stripe, self._seed)
        self._telling.begin(story.acts)
        for month in story.months():
            for scene in month:
                story.play(scene)
                self._telling.step()
            self.wait()
        story.end()
        self.wait()

    def wait(self) -> None:
        """Until nothing is open in the hub and both ends say the same, or for as long as a person would wait."""
        for _ in range(int(_SETTLE_SECONDS / _LOOK_SECONDS)):
            open_work = self.hub.open_work()
            self._telling.waiting(sum(open_work.values()))
            if not open_work and not auditor.mismatches(*self._books()):
                return
            self.hub.processes.restart_the_dead()
            time.sleep(_LOOK_SECONDS)

    def judge(self) -> Verdict:
        """Compares the three columns, then runs every drain once more: nothing may be written, nothing may change."""
        self.hub.processes.stop()
        self.hub.drain_again()  # what the processes had begun when they were stopped
        stripe, xero = self._books()
        problems = [f"still open in the hub: {count} {what}" for what, count in self.hub.open_work().items()]
        problems += self.hub.parked()
        problems += auditor.mismatches(stripe, xero)
        rows = compared(auditor.totals(stripe), self._hub_totals(), auditor.totals(xero))
        problems += [row.problem for row in rows if row.problem]
        calls = {vendor: self._hub_calls(vendor) for vendor in self.sandboxes.line}
        problems += self._second_run()
        return Verdict(rows, auditor.notes(stripe), calls, self._minimum(), problems)

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

    def _books(self) -> tuple[Books, Books]:
        return read_stripe(self.stripe), read_xero(self.xero, REFUNDS_ACCOUNT)

    def _hub_totals(self) -> Totals:
        return {
            (kind, currency): Total(decimal_of(total.minor, currency), total.count)
            for (kind, currency), total in self.hub.totals().items()
        }

    def _hub_calls(self, vendor: str) -> dict[str, int]:
        """The calls that the hub made, by method: not the story's, not the reader's."""
        return dict(
            Counter(
                call["method"]
                for call in self.sandboxes.calls(vendor)
                if call["headers"].get("user-agent") != USER_AGENT
            )
        )

    def _minimum(self) -> Mapping[str, int]:
        listed = ("invoices", "balance_transactions", "credit_notes")
        read = {name: sum(1 for _ in self.stripe.all(name)) for name in listed}
        lists = ("Contacts", "Items", "Invoices", "Payments", "CreditNotes", "BankTransactions")
        rows = {name: list(self.xero.all(name)) for name in lists}
        written = {name: len(held) for name, held in rows.items()}
        written["Allocations"] = sum(len(note["Allocations"]) for note in rows["CreditNotes"])
        written["Invoices voided"] = sum(1 for invoice in rows["Invoices"] if invoice["Status"] == "VOIDED")
        return minimum_calls(read, written)


def run_demo(seed: int, *, progress: bool) -> tuple[Verdict, Decimal]:
    """What came of it, and the seconds it took."""
    began = time.monotonic()
    with Demo(seed, Telling(shown=progress)) as demo:
        demo.play()
        verdict = demo.judge()
    return verdict, round(Decimal(time.monotonic() - began), 1)
