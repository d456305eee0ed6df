"""Invoices and credit notes: found by their numbers, created, changed, ended."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic

from sandbox.xero import wire
from sandbox.xero.batches import write_each
from sandbox.xero.calls import Answer, Call
from sandbox.xero.contacts import contact_of_document
from sandbox.xero.documents import (
    D,
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
from sandbox.xero.rows import Totals
from sandbox.xero.table import Table
from sandbox.xero.wire import Element

NUMBER_LENGTH_MAX = 255


@dataclass(frozen=True, slots=True)
class Numbered(Generic[D]):
    """One of the two kinds, and all in which it differs."""

    kind: str
    """Its table."""
    name: str
    """Its envelope."""
    word: str
    """What refusals call it."""
    row: type[D]
    id_name: str
    number_name: str
    types: tuple[str, str]
    """The one that goes to customers, whose numbers are unique, and the one that comes from suppliers."""
    prefix: str
    """Of the numbers that Xero gives."""
    discounts: bool
    finished: Callable[[Ledger, Element, D], D]
    """With what only this kind has; refused where it is not enough."""
    shown: Callable[[Call, D], dict[str, Any]]

    def table(self, ledger: Ledger) -> Table[D]:
        return ledger.tables[self.kind]


def put_all(call: Call, kind: Numbered[D]) -> Answer:
    return _write(call, kind, lambda element: _create(call, kind, element))


def post_all(call: Call, kind: Numbered[D]) -> Answer:
    def write(element: Element) -> D:
        before = existing(call.ledger, kind, element)
        return _change(call, kind, before, element) if before else _create(call, kind, element)

    return _write(call, kind, write)


def post_one(call: Call, kind: Numbered[D], found: D) -> Answer:
    return _write(call, kind, lambda element: _change(call, kind, found, element))


def existing(ledger: Ledger, kind: Numbered[D], element: Element) -> D | None:
    """Which document an element means: by its id, else by its number."""
    if document_id := wire.read_text(element, kind.id_name):
        found = kind.table(ledger).get(document_id.lower())
        if found is None:
            raise InvalidError(f"{kind.word} not found")
        return found
    number = wire.read_text(element, kind.number_name)
    if not number:
        return None
    type_ = wire.read_text(element, "Type")
    return next((row for row in numbered(ledger, kind, number) if type_ in {None, row.type}), None)


def numbered(ledger: Ledger, kind: Numbered[D], number: str) -> list[D]:
    """Those that hold this number."""
    free = {"DELETED"} if ledger.rules.numbers_of_deleted_drafts_are_free else set[str]()
    return [row for row in kind.table(ledger).having("number", number) if row.status not in free]


def _create(call: Call, kind: Numbered[D], element: Element) -> D:
    ledger = call.ledger
    type_ = wire.read_text(element, "Type")
    if type_ not in kind.types:
        raise InvalidError(f"The {kind.word.lower()} Type must be {' or '.join(kind.types)}")
    status = new_status(element, kind.word)
    head = read_head(ledger, element, None)
    number = _number(ledger, kind, element, type_, None)
    new = kind.row(
        id=ledger.new_id(kind.table(ledger), kind.kind, type_, number),
        updated_at=ledger.now(),
        type=type_,
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
    return _saved(call, kind, element, new)


def _change(call: Call, kind: Numbered[D], found: D, element: Element) -> D:
    ledger = call.ledger
    before = kind.table(ledger)[found.id]
    status = next_status(element, before.status, kind.word)
    ledger.check_lock_dates(before.issued_on)
    if status in {"VOIDED", "DELETED"}:
        return kind.table(ledger).put(ended(ledger, before, status))
    changed = with_head(ledger, element, before, status)
    return _saved(call, kind, element, replace(changed, number=_number(ledger, kind, element, before.type, before)))


def _saved(call: Call, kind: Numbered[D], element: Element, document: D) -> D:
    ledger, sale = call.ledger, document.is_receivable
    document = with_lines(call, element, document, sale=sale, discounts=sale and kind.discounts)
    if (sent := wire.read_flag(element, "SentToContact")) is not None:
        document = replace(document, sent_to_contact=sent)
    check_whole(document)
    document = kind.finished(ledger, element, document)
    ledger.check_lock_dates(document.issued_on)
    return kind.table(ledger).put(settled(ledger, document, document.issued_on))


def _number(ledger: Ledger, kind: Numbered[D], element: Element, type_: str, before: D | None) -> str:
    number = wire.read_text(element, kind.number_name) or (before.number if before else None)
    if number is None:
        return _next_number(ledger, kind) if type_ == kind.types[0] else ""
    if len(number) > NUMBER_LENGTH_MAX:
        raise InvalidError(f"The {kind.word.lower()} number must have at most {NUMBER_LENGTH_MAX} characters")
    others = (row for row in numbered(ledger, kind, number) if row.id != (before.id if before else None))
    if type_ == kind.types[0] and any(row.type == type_ for row in others):
        raise InvalidError(f"{kind.word} # must be unique.")
    return number


def _next_number(ledger: Ledger, kind: Numbered[D]) -> str:
    table = kind.table(ledger)
    place = len(table) + 1
    while table.having("number", f"{kind.prefix}{place:04}"):
        place += 1
    return f"{kind.prefix}{place:04}"


def _write(call: Call, kind: Numbered[D], write: Callable[[Element], D]) -> Answer:
    return write_each(call, kind.name, write, lambda row: kind.shown(call, kind.table(call.ledger)[row.id]))
