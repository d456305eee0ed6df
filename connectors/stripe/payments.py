"""One row for a payment: Stripe keeps the money (payment intent, charge) and what it paid (invoice payments) apart.

To read all payments, both lists are walked side by side, newest first. An invoice payment is never older than its
intent, so for a page of intents it is enough to read invoice payments down to the oldest of them; what was read too
early waits for the page that its intent is on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from connectors.contract import Row
from connectors.rows import part
from connectors.stripe.lists import ListPage, created, page
from connectors.stripe.translate import reference

INTENTS = "/v1/payment_intents"
INVOICE_PAYMENTS = "/v1/invoice_payments"

# Stripe: an intent and its invoice payment are made together, and clocks of servers differ a little.
_SLACK_SECONDS = 3600


def payment_row(intent: Row, invoice_payments: Sequence[Row]) -> Row:
    return {
        "id": intent["id"],
        "object": "payment",
        "payment_intent": intent,
        "invoice_payments": list(invoice_payments),
    }


def charge_row(charge: Row) -> Row:
    """Stripe: a charge without an intent is of the time before invoices were paid by intents; it pays none."""
    return {"id": charge["id"], "object": "payment", "charge": charge, "invoice_payments": []}


@dataclass
class PaymentListing:
    """Where the two walks are. JSON-able as a whole, so that a listing can go on in another process."""

    after: str = ""
    payments_after: str = ""
    payments_read_to: int | None = None
    """When the oldest invoice payment that was read came to be; None before the first."""
    payments_end: bool = False
    waiting: list[Row] = field(default_factory=list)

    def next_rows(self, ask: Callable[[str], Row]) -> tuple[list[Row], bool]:
        """The next page of payments, and whether there are more."""
        expand = [("expand[]", "data.latest_charge.balance_transaction")]
        intents = page(ask, INTENTS, expand, self.after)
        if intents.rows:
            self._read_payments(ask, min(created(intent) for intent in intents.rows) - _SLACK_SECONDS)
        self.after = intents.last
        return self._joined(intents), intents.more

    def _read_payments(self, ask: Callable[[str], Row], down_to: int) -> None:
        while not self.payments_end and (self.payments_read_to is None or self.payments_read_to >= down_to):
            answer = page(ask, INVOICE_PAYMENTS, (), self.payments_after)
            self.waiting += [paid for paid in answer.rows if _intent_of(paid)]
            self.payments_end = not answer.more
            if answer.rows:
                self.payments_after = answer.last
                self.payments_read_to = created(answer.rows[-1])

    def _joined(self, intents: ListPage) -> list[Row]:
        paid_by: dict[str, list[Row]] = {intent["id"]: [] for intent in intents.rows}
        waiting: list[Row] = []
        for paid in self.waiting:
            paid_by.get(_intent_of(paid), waiting).append(paid)
        self.waiting = waiting
        return [payment_row(intent, paid_by[intent["id"]]) for intent in intents.rows]


def _intent_of(invoice_payment: Row) -> str:
    return reference(part(invoice_payment, "payment"), "payment_intent")
