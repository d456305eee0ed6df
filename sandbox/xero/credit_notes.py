"""Credit notes: written like invoices, then allocated to invoices or refunded by payments."""

from dataclasses import replace
from typing import Any

from sandbox.xero import wire
from sandbox.xero.batches import write_each
from sandbox.xero.calls import Answer, Call
from sandbox.xero.contacts import contact_of_document
from sandbox.xero.credits import CREDIT_NOTE, found_credit, get_credit, list_credits, shown_credit
from sandbox.xero.documents import (
    check_whole,
    ended,
    new_status,
    next_status,
    read_head,
    settled,
    with_head,
    with_lines,
)
from sandbox.xero.errors import InvalidError
from sandbox.xero.ledger import Ledger
from sandbox.xero.rows import Credit, Totals
from sandbox.xero.wire import Element

_WORD = "Credit note"


def get_credit_notes(call: Call) -> Answer:
    return list_credits(call, CREDIT_NOTE)


def get_credit_note(call: Call) -> Answer:
    return get_credit(call, CREDIT_NOTE)


def put_credit_notes(call: Call) -> Answer:
    return _write(call, lambda element: _create(call, element))


def post_credit_notes(call: Call) -> Answer:
    def write(element: Element) -> Credit:
        before = existing(call.ledger, element)
        return _change(call, before, element) if before else _create(call, element)

    return _write(call, write)


def post_credit_note(call: Call) -> Answer:
    found = found_credit(call, CREDIT_NOTE)
    return _write(call, lambda element: _change(call, found, element))


def existing(ledger: Ledger, element: Element) -> Credit | None:
    """Which credit note an element means: by CreditNoteID, else by CreditNoteNumber."""
    if credit_id := wire.read_text(element, "CreditNoteID"):
        found = ledger.credit_notes.get(credit_id.lower())
        if found is None:
            raise InvalidError("Credit note not found")
        return found
    number = wire.read_text(element, "CreditNoteNumber")
    return next(iter(_numbered(ledger, number)), None) if number else None


def _create(call: Call, element: Element) -> Credit:
    ledger = call.ledger
    kind = wire.read_text(element, "Type")
    if kind not in {"ACCRECCREDIT", "ACCPAYCREDIT"}:
        raise InvalidError("The credit note Type must be ACCRECCREDIT or ACCPAYCREDIT")
    status = new_status(element, _WORD)
    head = read_head(ledger, element, None)
    number = _number(ledger, element, kind, None)
    new = Credit(
        id=ledger.new_id(ledger.credit_notes, "credit_note", kind, number),
        updated_at=ledger.now(),
        type=kind,
        number=number,
        contact_id=contact_of_document(ledger, element).id,
        issued_on=head.date,
        status=status,
        currency=head.currency,
        rate=head.rate,
        line_amount_types=head.line_amount_types,
        lines=(),
        totals=Totals(),
        due_on=wire.read_day(element, "DueDate"),
        reference=head.reference,
    )
    return _saved(call, element, new)


def _change(call: Call, found: Credit, element: Element) -> Credit:
    ledger = call.ledger
    before = ledger.credit_notes[found.id]
    status = next_status(element, before.status, _WORD)
    ledger.check_lock_dates(before.issued_on)
    if status in {"VOIDED", "DELETED"}:
        return ledger.credit_notes.put(ended(ledger, before, status))
    changed = with_head(ledger, element, before, status)
    return _saved(call, element, replace(changed, number=_number(ledger, element, before.type, before)))


def _saved(call: Call, element: Element, credit: Credit) -> Credit:
    ledger = call.ledger
    sent = wire.read_flag(element, "SentToContact")
    credit = with_lines(call, element, credit, sale=credit.is_receivable, discounts=False)
    credit = replace(credit, sent_to_contact=credit.sent_to_contact if sent is None else sent)
    check_whole(credit)
    ledger.check_lock_dates(credit.issued_on)
    return ledger.credit_notes.put(settled(ledger, credit, credit.issued_on))


def _number(ledger: Ledger, element: Element, kind: str, before: Credit | None) -> str:
    number = wire.read_text(element, "CreditNoteNumber") or (before.number if before else None)
    if number is None:
        return _next_number(ledger) if kind == "ACCRECCREDIT" else ""
    if kind == "ACCRECCREDIT" and any(
        row.type == kind and row.id != (before.id if before else None) for row in _numbered(ledger, number)
    ):
        raise InvalidError("Credit note # must be unique.")
    return number


def _numbered(ledger: Ledger, number: str) -> list[Credit]:
    return [row for row in ledger.credit_notes.having("number", number) if row.status != "DELETED"]


def _next_number(ledger: Ledger) -> str:
    place = len(ledger.credit_notes) + 1
    while ledger.credit_notes.having("number", f"CN-{place:04}"):
        place += 1
    return f"CN-{place:04}"


def _write(call: Call, write: Any) -> Answer:
    def show(row: Credit) -> dict[str, Any]:
        return shown_credit(call.ledger, call.ledger.credit_notes[row.id], CREDIT_NOTE, call.unit_places)

    return write_each(call, CREDIT_NOTE.name, write, show)
