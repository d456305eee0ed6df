"""One row of what Stripe keeps in two lists: the money of a payment (payment intent, charge) apart from what it paid
(invoice payments), and a refund apart from the credit notes that it pays out.

To read all of them, both lists are walked side by side, newest first. What stands beside is never older than what it
belongs to, so for a page of the one it is enough to read the other down to the page's oldest; what was read too early
waits for the page that it belongs to.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from connectors.contract import Row
from connectors.rows import part, parts, text
from connectors.stripe.lists import ListPage, Params, created, everything, page
from connectors.stripe.translate.reading import reference
from core.kinds import Kind

INTENTS = "/v1/payment_intents"
REFUNDS = "/v1/refunds"
_CHARGES = "/v1/charges"
_INVOICE_PAYMENTS = "/v1/invoice_payments"
_CREDIT_NOTES = "/v1/credit_notes"

_Ask = Callable[[str], Row]

# Stripe: an intent and its invoice payment are made together, and clocks of servers differ a little.
_SLACK_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Composed:
    path: str
    beside: str
    """The list of what belongs to it."""
    belonging: Callable[[Row], Iterator[tuple[str, Row]]]
    """(a row of that list) to (whose it is, what is kept of it)."""
    row: Callable[[Row, Sequence[Row]], Row]
    expand: Sequence[str]


# --- payment ---------------------------------------------------------------------------------------------------------


def _payment_row(intent: Row, invoice_payments: Sequence[Row]) -> Row:
    return {
        "id": intent["id"],
        "object": "payment",
        "payment_intent": intent,
        "invoice_payments": list(invoice_payments),
    }


def _of_intent(invoice_payment: Row) -> Iterator[tuple[str, Row]]:
    if intent := reference(part(invoice_payment, "payment"), "payment_intent"):
        yield intent, invoice_payment


def payment(ask: _Ask, remote_id: str, ident: str) -> Row:
    """`ident` is the id as it stands in a path."""
    if remote_id.startswith(("ch_", "py_")):
        # Stripe: a charge without an intent is of the time before invoices were paid by intents; it pays none
        charge = ask(f"{_CHARGES}/{ident}{expanded(['balance_transaction'])}")
        return {"id": charge["id"], "object": "payment", "charge": charge, "invoice_payments": []}
    intent = ask(f"{INTENTS}/{ident}{expanded(COMPOSED[Kind.PAYMENT].expand)}")
    return _payment_row(intent, _paid_by(ask, remote_id))


def _paid_by(ask: _Ask, intent: str) -> list[Row]:
    of_intent = [("payment[type]", "payment_intent"), ("payment[payment_intent]", intent)]
    return list(everything(ask, _INVOICE_PAYMENTS, of_intent))


# --- refund ----------------------------------------------------------------------------------------------------------


def _refund_row(refund: Row, credit_notes: Sequence[Row]) -> Row:
    notes = sorted(credit_notes, key=lambda note: str(note["id"]))
    return {"id": refund["id"], "object": "refund", "refund": refund, "credit_notes": notes}


def _of_refunds(credit_note: Row) -> Iterator[tuple[str, Row]]:
    if text(credit_note, "status") != "void":
        for paid_out in parts(credit_note, "refunds"):
            if refund := reference(paid_out, "refund"):
                yield refund, {"id": credit_note["id"], "amount": paid_out.get("amount_refunded")}


def refund(ask: _Ask, ident: str) -> Row:
    """Stripe: a refund does not name its credit notes; they are found through the invoices that its payment paid."""
    told = ask(f"{REFUNDS}/{ident}{expanded(COMPOSED[Kind.REFUND].expand)}")
    intent = reference(told, "payment_intent")
    invoices = dict.fromkeys(reference(paid, "invoice") for paid in (_paid_by(ask, intent) if intent else ()))
    credit_notes = [note for one in invoices for note in everything(ask, _CREDIT_NOTES, [("invoice", one)])]
    return _refund_row(told, [kept for note in credit_notes for of, kept in _of_refunds(note) if of == told["id"]])


# --- all of them -----------------------------------------------------------------------------------------------------

COMPOSED: Mapping[Kind, Composed] = {
    Kind.PAYMENT: Composed(INTENTS, _INVOICE_PAYMENTS, _of_intent, _payment_row, ["latest_charge.balance_transaction"]),
    Kind.REFUND: Composed(
        REFUNDS,
        _CREDIT_NOTES,
        _of_refunds,
        _refund_row,
        ["charge", "balance_transaction", "failure_balance_transaction"],
    ),
}


@dataclass
class Listing:
    """Where the two walks are. JSON-able as a whole, so that a listing can go on in another process."""

    after: str = ""
    beside_after: str = ""
    beside_read_to: int | None = None
    """When the oldest row beside that was read came to be; None before the first."""
    beside_end: bool = False
    waiting: dict[str, list[Row]] = field(default_factory=dict)
    """What was read beside, by whose it is."""

    def next_rows(self, ask: _Ask, kind: Composed) -> tuple[list[Row], bool]:
        """The next page of composed rows, and whether there are more."""
        expand = [("expand[]", f"data.{path}") for path in kind.expand]
        answer = page(ask, kind.path, expand, self.after)
        if answer.rows:
            self._read_beside(ask, kind, min(created(row) for row in answer.rows) - _SLACK_SECONDS)
        self.after = answer.last
        return self._joined(kind, answer), answer.more

    def _read_beside(self, ask: _Ask, kind: Composed, down_to: int) -> None:
        while not self.beside_end and (self.beside_read_to is None or self.beside_read_to >= down_to):
            answer = page(ask, kind.beside, (), self.beside_after)
            for row in answer.rows:
                for whose, kept in kind.belonging(row):
                    self.waiting.setdefault(whose, []).append(kept)
            self.beside_end = not answer.more
            if answer.rows:
                self.beside_after = answer.last
                self.beside_read_to = created(answer.rows[-1])

    def _joined(self, kind: Composed, answer: ListPage) -> list[Row]:
        return [kind.row(row, self.waiting.pop(str(row["id"]), [])) for row in answer.rows]


def expanded(paths: Sequence[str]) -> str:
    """A query that asks for the objects behind these ids too."""
    params: Params = [("expand[]", path) for path in paths]
    return f"?{urlencode(params)}" if params else ""
