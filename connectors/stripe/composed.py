"""One row of what Stripe keeps in two lists: the money of a payment (payment intent, charge) apart from what it paid
(invoice payments), and a refund apart from the credit notes that it pays out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from connectors.contract import Row, Rows
from connectors.rows import part, parts, text
from connectors.stripe.lists import Params, created, everything, page
from connectors.stripe.places import Ask, apart, collapsed, expanded, ident, taken_out
from connectors.stripe.translate.reading import reference
from core.kinds import Kind

INVOICE_PAYMENTS = "/v1/invoice_payments"
_INTENTS = "/v1/payment_intents"
_CHARGES = "/v1/charges"
_REFUNDS = "/v1/refunds"
_CREDIT_NOTES = "/v1/credit_notes"

_INTENT_EXPANDED = ["latest_charge.balance_transaction", "customer"]
_REFUND_EXPANDED = ["charge", "balance_transaction", "failure_balance_transaction"]
_KEPT = ("id", "invoice", "amount_paid", "status")

# Stripe: an intent and its invoice payment are made together, and clocks of servers differ a little.
_SLACK_SECONDS = 3600
_DAY_SECONDS = 86400

Paid = Mapping[str, Sequence[Row]]
"""What is kept of invoice payments, by the intent that paid them."""


# --- payment ---------------------------------------------------------------------------------------------------------


def payment_row(intent: Row, paid: Iterable[Row]) -> Row:
    in_order = sorted(paid, key=lambda one: str(one["id"]))
    return {"id": intent["id"], "object": "payment", "payment_intent": intent, "invoice_payments": in_order}


def charge_row(charge: Row) -> Row:
    """Stripe: a charge without an intent is of the time before invoices were paid by intents; it pays none."""
    return {"id": charge["id"], "object": "payment", "charge": charge, "invoice_payments": []}


def paid_by_intents(invoice_payments: Iterable[Row]) -> Paid:
    """Stripe: an invoice payment may be open or canceled; it has settled something only once it is paid."""
    paid: dict[str, list[Row]] = {}
    for one in invoice_payments:
        intent = reference(part(one, "payment"), "payment_intent")
        if intent and text(one, "status") == "paid":
            kept = {name: one.get(name) for name in _KEPT}
            paid.setdefault(intent, []).append({**kept, "invoice": reference(one, "invoice")})
    return paid


def payment(ask: Ask, remote_id: str) -> Rows:
    """With the invoices that it paid, and whose they are."""
    if remote_id.startswith(("ch_", "py_")):
        charge = ask(f"{_CHARGES}/{ident(remote_id)}?{urlencode(expanded(['balance_transaction', 'customer']))}")
        customers = taken_out(charge, "customer", Kind.CUSTOMER)
        return {**customers, (Kind.PAYMENT, str(charge["id"])): charge_row(charge)}
    intent = ask(f"{_INTENTS}/{ident(remote_id)}?{urlencode(expanded(_INTENT_EXPANDED))}")
    return _payments(ask, [intent], [("payment[type]", "payment_intent"), ("payment[payment_intent]", remote_id)])


def newest_payments(ask: Ask, remote_ids: Sequence[str]) -> Rows:
    """Those of them that are among the newest hundred, with what they paid: two calls, however many they are."""
    intents = [row for row in page(ask, _INTENTS, expanded(_INTENT_EXPANDED, "data.")).rows if row["id"] in remote_ids]
    return _payments(ask, intents, between([created(intent) for intent in intents])) if intents else {}


def _payments(ask: Ask, intents: Sequence[Row], which: Params) -> Rows:
    rows: dict[tuple[Kind, str], Row] = {}
    wanted = {str(intent["id"]) for intent in intents}
    told = [
        one
        for one in everything(ask, INVOICE_PAYMENTS, [*which, *expanded(["invoice.customer"], "data.")])
        if reference(part(one, "payment"), "payment_intent") in wanted
    ]
    for one in told:
        for (kind, remote_id), invoice in taken_out(one, "invoice", Kind.INVOICE).items():
            rows.update(taken_out(invoice, "customer", Kind.CUSTOMER))
            rows[kind, remote_id] = invoice
    paid = paid_by_intents(told)
    for intent in intents:
        rows.update(taken_out(intent, "customer", Kind.CUSTOMER))
        rows[Kind.PAYMENT, str(intent["id"])] = payment_row(intent, paid.get(str(intent["id"]), ()))
    return rows


def paid_at_the_time_of(ask: Ask, moments: Iterable[int]) -> Paid:
    """What was paid by intents that came to be then; days at which none did are left out."""
    paid: dict[str, list[Row]] = {}
    for near in _clusters(moments):
        for intent, kept in paid_by_intents(everything(ask, INVOICE_PAYMENTS, between(near))).items():
            paid.setdefault(intent, []).extend(kept)
    return paid


def between(moments: Sequence[int]) -> Params:
    """Invoice payments of intents that were made from the first of these moments to the last."""
    return [
        ("created[gte]", str(min(moments) - _SLACK_SECONDS)),
        ("created[lte]", str(max(moments) + _SLACK_SECONDS)),
    ]


def _clusters(moments: Iterable[int]) -> Iterator[list[int]]:
    cluster: list[int] = []
    for moment in sorted(moments):
        if cluster and moment - cluster[-1] > _DAY_SECONDS:
            yield cluster
            cluster = []
        cluster.append(moment)
    if cluster:
        yield cluster


# --- refund ----------------------------------------------------------------------------------------------------------


def _refund_row(refund: Row, credit_notes: Sequence[Row]) -> Row:
    notes = sorted(credit_notes, key=lambda note: str(note["id"]))
    return {"id": refund["id"], "object": "refund", "refund": refund, "credit_notes": notes}


def _of_refunds(credit_note: Row) -> Iterator[tuple[str, Row]]:
    """(refund, what is kept of a credit note that it pays out)"""
    if text(credit_note, "status") != "void":
        for paid_out in parts(credit_note, "refunds"):
            if refund := reference(paid_out, "refund"):
                yield refund, {"id": credit_note["id"], "amount": paid_out.get("amount_refunded")}


def refund(ask: Ask, remote_id: str) -> Rows:
    """Stripe: a refund does not name its credit notes; they are among those of its customer."""
    told = ask(f"{_REFUNDS}/{ident(remote_id)}?{urlencode(expanded(_REFUND_EXPANDED))}")
    charge = told.get("charge")
    customer = reference(told, "customer") or (reference(charge, "customer") if isinstance(charge, dict) else "")
    notes = everything(ask, _CREDIT_NOTES, [("customer", customer)]) if customer else ()
    explaining = [kept for note in notes for of, kept in _of_refunds(note) if of == told["id"]]
    return {(Kind.REFUND, str(told["id"])): _refund_row(told, explaining)}


@dataclass
class GivenBack:
    """All refunds and all credit notes in one walk, newest first: each refund with the credit notes that it pays out,
    and each credit note with its refunds. JSON-able as a whole, so that it can go on in another process.

    A credit note is never older than a refund that it names: for a page of refunds it is enough to read the credit
    notes down to the page's oldest. They bring refunds that are older than this page along, with what is known to
    explain them by then; each is a row once more when its own page comes.
    """

    after: str = ""
    end: bool = False
    """Whether all refunds are read."""
    notes_after: str = ""
    notes_read_to: int | None = None
    """When the oldest credit note that was read came to be; None before the first."""
    notes_end: bool = False
    waiting: dict[str, list[Row]] = field(default_factory=dict)
    """What was read of credit notes, by the refund that pays it out."""

    def next_rows(self, ask: Ask) -> tuple[Rows, bool]:
        """The next page, and whether there are more."""
        rows = self._next_notes(ask) if self.end else self._next_refunds(ask)
        return rows, not (self.end and self.notes_end)

    def _next_refunds(self, ask: Ask) -> Rows:
        answer = page(ask, _REFUNDS, expanded(_REFUND_EXPANDED, "data."), self.after)
        rows: dict[tuple[Kind, str], Row] = {}
        while answer.rows and not self._notes_reach(created(answer.rows[-1])):
            rows.update(self._next_notes(ask))
        self.after, self.end = answer.last, not answer.more
        for row in answer.rows:
            rows[Kind.REFUND, str(row["id"])] = _refund_row(row, self.waiting.pop(str(row["id"]), []))
        return rows

    def _notes_reach(self, moment: int) -> bool:
        return self.notes_end or (self.notes_read_to is not None and self.notes_read_to < moment - _SLACK_SECONDS)

    def _next_notes(self, ask: Ask) -> Rows:
        refunds = expanded([f"refunds.refund.{name}" for name in _REFUND_EXPANDED], "data.")
        answer = page(ask, _CREDIT_NOTES, refunds, self.notes_after)
        named = [one for note in answer.rows for told in parts(note, "refunds") if (one := collapsed(told, "refund"))]
        for note in answer.rows:
            for refund_id, kept in _of_refunds(note):
                self.waiting.setdefault(refund_id, []).append(kept)
        self.notes_end = not answer.more
        if answer.rows:
            self.notes_after = answer.last
            self.notes_read_to = created(answer.rows[-1])
        rows = {(Kind.REFUND, str(one["id"])): _refund_row(one, self.waiting.get(str(one["id"]), ())) for one in named}
        return {**rows, **apart(ask, Kind.CREDIT_NOTE, answer.rows)}
