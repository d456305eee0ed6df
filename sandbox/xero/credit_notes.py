"""Credit notes: written like invoices, then allocated to invoices or refunded by payments."""

from sandbox.xero import numbered
from sandbox.xero.calls import Answer, Call
from sandbox.xero.credits import CREDIT_NOTE, found_credit, get_credit, list_credits, shown_credit
from sandbox.xero.errors import InvalidError
from sandbox.xero.ledger import Ledger
from sandbox.xero.numbered import Numbered
from sandbox.xero.rows import Credit
from sandbox.xero.wire import Element


def _finished(_ledger: Ledger, _element: Element, note: Credit) -> Credit:
    if not note.lines:
        raise InvalidError("One or more line items must be specified")
    return note


_KIND: Numbered[Credit] = Numbered(
    kind=CREDIT_NOTE.kind,
    name=CREDIT_NOTE.name,
    word="Credit note",
    row=Credit,
    id_name=CREDIT_NOTE.id_name,
    number_name="CreditNoteNumber",
    types=("ACCRECCREDIT", "ACCPAYCREDIT"),
    prefix="CN-",
    discounts=False,
    finished=_finished,
    shown=lambda call, row: shown_credit(call.ledger, row, CREDIT_NOTE, call.unit_places),
)


def get_credit_notes(call: Call) -> Answer:
    return list_credits(call, CREDIT_NOTE)


def get_credit_note(call: Call) -> Answer:
    return get_credit(call, CREDIT_NOTE)


def put_credit_notes(call: Call) -> Answer:
    return numbered.put_all(call, _KIND)


def post_credit_notes(call: Call) -> Answer:
    return numbered.post_all(call, _KIND)


def post_credit_note(call: Call) -> Answer:
    return numbered.post_one(call, _KIND, found_credit(call, CREDIT_NOTE))


def existing(ledger: Ledger, element: Element) -> Credit | None:
    """Which credit note an element means."""
    return numbered.existing(ledger, _KIND, element)
