"""Quotes: offers with lines; they book nothing."""

from dataclasses import replace
from datetime import date
from typing import Any

from sandbox.xero import wire
from sandbox.xero.amounts import EXCLUSIVE, INCLUSIVE, NO_TAX, totals
from sandbox.xero.batches import write_each
from sandbox.xero.calls import Answer, Call
from sandbox.xero.contacts import contact_of_document, shown_in_document
from sandbox.xero.documents import Head, present, read_head
from sandbox.xero.errors import InvalidError, no_such_thing
from sandbox.xero.ledger import Ledger
from sandbox.xero.lines import Terms, read_lines, shown_line
from sandbox.xero.listing import Listing, listed
from sandbox.xero.rows import Quote, Totals
from sandbox.xero.wire import Element

_NEXT = {
    "DRAFT": {"DRAFT", "SENT", "DELETED"},
    "SENT": {"SENT", "DRAFT", "ACCEPTED", "DECLINED", "INVOICED", "DELETED"},
    "ACCEPTED": {"ACCEPTED", "DRAFT", "SENT", "INVOICED", "DELETED"},
    "DECLINED": {"DECLINED", "DRAFT", "SENT", "DELETED"},
    "INVOICED": {"INVOICED", "DRAFT", "SENT", "DELETED"},
    "DELETED": set[str](),
}
_LINE_AMOUNT_TYPES = {"EXCLUSIVE": EXCLUSIVE, "INCLUSIVE": INCLUSIVE, "NOTAX": NO_TAX}
"""Xero: quotes shout what invoices say."""


def get_quotes(call: Call) -> Answer:
    ledger, query = call.ledger, call.query
    ranges = [
        (wire.read_day(query, name.lower()), earliest, of_row)
        for name, earliest, of_row in (
            ("DateFrom", True, _issued_on),
            ("DateTo", False, _issued_on),
            ("ExpiryDateFrom", True, _expires_on),
            ("ExpiryDateTo", False, _expires_on),
        )
    ]

    def holds(row: Quote) -> bool:
        for bound, earliest, of_row in ranges:
            day = of_row(row)
            if bound and (day is None or (day < bound if earliest else day > bound)):
                return False
        return all(
            not query.get(name) or query[name].casefold() == value.casefold()
            for name, value in (
                ("status", row.status),
                ("contactid", row.contact_id),
                ("quotenumber", row.number),
            )
        )

    return listed(
        call,
        ledger.quotes,
        _listing(ledger),
        lambda row, _: _shown(ledger, row, call.unit_places),
        candidates=ledger.quotes.having("number", query["quotenumber"]) if query.get("quotenumber") else None,
        holds=holds,
    )


def get_quote(call: Call) -> Answer:
    return Answer({"Quotes": [_shown(call.ledger, _found(call), call.unit_places)]})


def put_quotes(call: Call) -> Answer:
    return _write(call, lambda element: _create(call, element))


def post_quotes(call: Call) -> Answer:
    def write(element: Element) -> Quote:
        before = _existing(call.ledger, element)
        return _change(call, before, element) if before else _create(call, element)

    return _write(call, write)


def post_quote(call: Call) -> Answer:
    found = _found(call)
    return _write(call, lambda element: _change(call, found, element))


def _existing(ledger: Ledger, element: Element) -> Quote | None:
    if quote_id := wire.read_text(element, "QuoteID"):
        found = ledger.quotes.get(quote_id.lower())
        if found is None:
            raise InvalidError("Quote not found")
        return found
    number = wire.read_text(element, "QuoteNumber")
    return next(iter(_numbered(ledger, number)), None) if number else None


def _create(call: Call, element: Element) -> Quote:
    ledger = call.ledger
    status = wire.read_text(element, "Status") or "DRAFT"
    if status not in {"DRAFT", "SENT"}:
        raise InvalidError("Quote not of valid status for creation")
    if not wire.given(element, "Date"):
        raise InvalidError("The Date must be specified for a quote")
    head = _head(ledger, element, None)
    number = wire.read_text(element, "QuoteNumber") or _next_number(ledger)
    quote = Quote(
        id=ledger.new_id(ledger.quotes, "quote", number),
        updated_at=ledger.now(),
        number=number,
        contact_id=contact_of_document(ledger, element).id,
        issued_on=head.date,
        status=status,
        currency=head.currency,
        rate=head.rate,
        line_amount_types=head.line_amount_types,
        lines=(),
        totals=Totals(),
        reference=head.reference,
    )
    return _saved(call, element, quote)


def _change(call: Call, found: Quote, element: Element) -> Quote:
    ledger = call.ledger
    before = ledger.quotes[found.id]
    status = wire.read_text(element, "Status") or before.status
    if status not in _NEXT[before.status]:
        raise InvalidError("Quote not of valid status for modification")
    head = _head(ledger, element, before)
    contact_id = before.contact_id
    if wire.given(element, "Contact"):
        contact_id = contact_of_document(ledger, element).id
    changed = replace(
        before,
        updated_at=ledger.now(),
        number=wire.read_text(element, "QuoteNumber") or before.number,
        contact_id=contact_id,
        issued_on=head.date,
        status=status,
        currency=head.currency,
        rate=head.rate,
        line_amount_types=head.line_amount_types,
        reference=head.reference,
    )
    return _saved(call, element, changed)


def _saved(call: Call, element: Element, quote: Quote) -> Quote:
    ledger = call.ledger
    if any(row.id != quote.id for row in _numbered(ledger, quote.number)):
        raise InvalidError("Quote # must be unique.")
    lines = quote.lines
    if wire.given(element, "LineItems"):
        terms = Terms(quote.line_amount_types, call.unit_places, coded=False)
        lines = read_lines(ledger, wire.read_elements(element, "LineItems"), terms, quote.id, quote.lines)
    if not lines:
        raise InvalidError("One or more line items must be specified")
    quote = replace(
        quote,
        lines=lines,
        totals=totals(lines, quote.line_amount_types),
        expires_on=wire.read_day(element, "ExpiryDate") or quote.expires_on,
        title=wire.read_text(element, "Title") or quote.title,
        summary=wire.read_text(element, "Summary") or quote.summary,
        terms=wire.read_text(element, "Terms") or quote.terms,
    )
    return ledger.quotes.put(quote)


def _head(ledger: Ledger, element: Element, before: Quote | None) -> Head:
    kinds = wire.read_text(element, "LineAmountTypes")
    if kinds is not None and kinds not in _LINE_AMOUNT_TYPES:
        raise InvalidError("LineAmountTypes must be EXCLUSIVE, INCLUSIVE or NOTAX")
    earlier = None
    if before is not None:
        earlier = Head(before.issued_on, before.currency, before.rate, before.line_amount_types, before.reference)
    return read_head(ledger, {**element, "LineAmountTypes": kinds and _LINE_AMOUNT_TYPES[kinds]}, earlier)


def _numbered(ledger: Ledger, number: str) -> list[Quote]:
    return [row for row in ledger.quotes.having("number", number) if row.status != "DELETED"]


def _next_number(ledger: Ledger) -> str:
    place = len(ledger.quotes) + 1
    while ledger.quotes.having("number", f"QU-{place:04}"):
        place += 1
    return f"QU-{place:04}"


def _issued_on(row: Quote) -> date | None:
    return row.issued_on


def _expires_on(row: Quote) -> date | None:
    return row.expires_on


def _shown(ledger: Ledger, row: Quote, unit_places: int) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "QuoteID": row.id,
        "QuoteNumber": row.number,
        "Reference": row.reference,
        "Terms": row.terms or "",
        "Title": row.title,
        "Summary": row.summary,
        "Contact": shown_in_document(ledger.contacts[row.contact_id]),
        "LineItems": [shown_line(ledger, line, unit_places) for line in row.lines],
        "Date": wire.ms_date(row.issued_on),
        "DateString": wire.iso_midnight(row.issued_on),
        "ExpiryDate": wire.ms_date(row.expires_on),
        "ExpiryDateString": wire.iso_midnight(row.expires_on),
        "Status": row.status,
        "CurrencyRate": row.rate,
        "CurrencyCode": row.currency,
        "SubTotal": wire.amount(row.totals.subtotal),
        "TotalTax": wire.amount(row.totals.tax),
        "Total": wire.amount(row.totals.total),
        "TotalDiscount": wire.amount(row.totals.discount),
        "UpdatedDateUTC": wire.ms_moment(row.updated_at),
        "LineAmountTypes": row.line_amount_types.upper(),
    }
    return present(shown)


def _found(call: Call) -> Quote:
    row = call.ledger.quotes.get(call.ids[0].lower())
    if row is None:
        raise no_such_thing()
    return row


def _write(call: Call, write: Any) -> Answer:
    return write_each(call, "Quotes", write, lambda row: _shown(call.ledger, row, call.unit_places), flag=None)


def _listing(ledger: Ledger) -> Listing[Quote]:
    return Listing(
        "Quotes",
        {
            "QuoteID": lambda row: row.id,
            "QuoteNumber": lambda row: row.number,
            "Status": lambda row: row.status,
            "Date": lambda row: row.issued_on,
            "ExpiryDate": lambda row: row.expires_on,
            "Total": lambda row: wire.amount(row.totals.total),
            "UpdatedDateUTC": lambda row: row.updated_at,
            "Contact.ContactID": lambda row: row.contact_id,
            "Contact.Name": lambda row: ledger.contacts[row.contact_id].name,
        },
        {"QuoteNumber": ("number", str), "Contact.ContactID": ("contact", str)},
        counted=False,
    )
