"""Sales invoices (ACCREC) and bills (ACCPAY)."""

from dataclasses import replace
from typing import Any

from sandbox.xero import wire
from sandbox.xero.batches import write_each
from sandbox.xero.calls import Answer, Call
from sandbox.xero.contacts import contact_of_document, shown_in_document
from sandbox.xero.documents import (
    check_whole,
    ended,
    new_status,
    next_status,
    present,
    read_head,
    settled,
    with_head,
    with_lines,
)
from sandbox.xero.errors import InvalidError, no_such_thing
from sandbox.xero.ledger import Ledger
from sandbox.xero.lines import shown_line
from sandbox.xero.listing import Listing, listed
from sandbox.xero.rows import Invoice, Totals
from sandbox.xero.wire import Element

NUMBER_LENGTH_MAX = 255
_WORD = "Invoice"


def get_invoices(call: Call) -> Answer:
    ledger = call.ledger
    statuses = {status.upper() for status in call.listed("statuses")}
    term = call.query.get("searchterm", "").casefold()

    def holds(row: Invoice) -> bool:
        return (not statuses or row.status in statuses) and (not term or term in _searched(ledger, row))

    return listed(
        call,
        ledger.invoices,
        _listing(ledger),
        lambda row, whole: shown_invoice(ledger, row, call.unit_places, whole=whole),
        candidates=_named(call),
        holds=holds if statuses or term else None,
    )


def get_invoice(call: Call) -> Answer:
    return Answer({"Invoices": [shown_invoice(call.ledger, _found(call), call.unit_places)]})


def put_invoices(call: Call) -> Answer:
    return _write(call, lambda element: _create(call, element))


def post_invoices(call: Call) -> Answer:
    def write(element: Element) -> Invoice:
        before = existing(call.ledger, element)
        return _change(call, before, element) if before else _create(call, element)

    return _write(call, write)


def post_invoice(call: Call) -> Answer:
    before = _found(call)
    return _write(call, lambda element: _change(call, before, element))


def existing(ledger: Ledger, element: Element) -> Invoice | None:
    """Which invoice an element means: by InvoiceID, else by InvoiceNumber."""
    if invoice_id := wire.read_text(element, "InvoiceID"):
        found = ledger.invoices.get(invoice_id.lower())
        if found is None:
            raise InvalidError("Invoice not found")
        return found
    number = wire.read_text(element, "InvoiceNumber")
    if not number:
        return None
    kind = wire.read_text(element, "Type")
    return next((row for row in _numbered(ledger, number) if kind in {None, row.type}), None)


def shown_invoice(ledger: Ledger, row: Invoice, unit_places: int, *, whole: bool = True) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "Type": row.type,
        "InvoiceID": row.id,
        "InvoiceNumber": row.number,
        "Reference": row.reference or "",
        "Payments": [
            {
                "PaymentID": payment.id,
                "Date": wire.ms_date(payment.paid_on),
                "Amount": wire.amount(payment.amount),
                "Reference": payment.reference or "",
                "CurrencyRate": payment.rate,
                "HasAccount": False,
                "HasValidationErrors": False,
            }
            for payment in ledger.payments.having("document", row.id)
            if payment.status == "AUTHORISED"
        ],
        **_credits_on(ledger, row),
        "AmountDue": wire.amount(row.open if row.status in {"DRAFT", "SUBMITTED", "AUTHORISED", "PAID"} else 0),
        "AmountPaid": wire.amount(row.paid),
        "AmountCredited": wire.amount(row.credited),
        "SentToContact": row.sent_to_contact,
        "CurrencyRate": row.rate,
        "IsDiscounted": row.totals.discount != 0,
        "TotalDiscount": wire.amount(row.totals.discount) if row.totals.discount else None,
        "HasAttachments": False,
        "HasErrors": False,
        "Url": row.url,
        "Contact": shown_in_document(ledger.contacts[row.contact_id]),
        "DateString": wire.iso_midnight(row.issued_on),
        "Date": wire.ms_date(row.issued_on),
        "DueDateString": wire.iso_midnight(row.due_on),
        "DueDate": wire.ms_date(row.due_on),
        "ExpectedPaymentDate": wire.ms_date(row.expected_on),
        "PlannedPaymentDate": wire.ms_date(row.planned_on),
        "Status": row.status,
        "LineAmountTypes": row.line_amount_types,
        "LineItems": [shown_line(ledger, line, unit_places) for line in row.lines] if whole else [],
        "SubTotal": wire.amount(row.totals.subtotal),
        "TotalTax": wire.amount(row.totals.tax),
        "Total": wire.amount(row.totals.total),
        "UpdatedDateUTC": wire.ms_moment(row.updated_at),
        "UpdatedDateUTCString": wire.iso_moment(row.updated_at),
        "CurrencyCode": row.currency,
        "FullyPaidOnDate": wire.ms_date(row.fully_paid_on),
    }
    return present(shown)


_CREDIT_LISTS = (
    ("credit_note", "CreditNotes", "CreditNoteID"),
    ("prepayment", "Prepayments", "PrepaymentID"),
    ("overpayment", "Overpayments", "OverpaymentID"),
)


def _credits_on(ledger: Ledger, invoice: Invoice) -> dict[str, list[dict[str, Any]]]:
    """The credits allocated to it, each with how much of it."""
    allocations = ledger.allocations.having("invoice", invoice.id)
    return {
        name: [
            {
                id_name: allocation.credit_id,
                "ID": allocation.credit_id,
                "AppliedAmount": wire.amount(allocation.amount),
                "DateString": wire.iso_midnight(allocation.allocated_on),
                "Date": wire.ms_date(allocation.allocated_on),
                "Total": wire.amount(ledger.tables[kind][allocation.credit_id].totals.total),
                "LineItems": [],
            }
            | ({"CreditNoteNumber": ledger.credit_notes[allocation.credit_id].number} if kind == "credit_note" else {})
            for allocation in allocations
            if allocation.credit_kind == kind
        ]
        for kind, name, id_name in _CREDIT_LISTS
    }


def _create(call: Call, element: Element) -> Invoice:
    ledger = call.ledger
    kind = wire.read_text(element, "Type")
    if kind not in {"ACCREC", "ACCPAY"}:
        raise InvalidError("The invoice Type must be ACCREC or ACCPAY")
    status = new_status(element, _WORD)
    head = read_head(ledger, element, None)
    number = _number(ledger, element, kind, None)
    new = Invoice(
        id=ledger.new_id(ledger.invoices, "invoice", kind, number),
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


def _change(call: Call, found: Invoice, element: Element) -> Invoice:
    ledger = call.ledger
    before = ledger.invoices[found.id]
    status = next_status(element, before.status, _WORD)
    ledger.check_lock_dates(before.issued_on)
    if status in {"VOIDED", "DELETED"}:
        return ledger.invoices.put(ended(ledger, before, status))
    changed = with_head(ledger, element, before, status)
    return _saved(call, element, replace(changed, number=_number(ledger, element, before.type, before)))


def _saved(call: Call, element: Element, invoice: Invoice) -> Invoice:
    ledger, sale = call.ledger, invoice.type == "ACCREC"
    sent = wire.read_flag(element, "SentToContact")
    invoice = with_lines(call, element, invoice, sale=sale, discounts=sale)
    invoice = replace(
        invoice,
        url=wire.read_text(element, "Url") or invoice.url,
        sent_to_contact=invoice.sent_to_contact if sent is None else sent,
        expected_on=wire.read_day(element, "ExpectedPaymentDate") or invoice.expected_on,
        planned_on=wire.read_day(element, "PlannedPaymentDate") or invoice.planned_on,
    )
    check_whole(invoice)
    if invoice.status == "AUTHORISED" and invoice.due_on is None:
        raise InvalidError("The DueDate must be specified to approve the document")
    ledger.check_lock_dates(invoice.issued_on)
    return ledger.invoices.put(settled(ledger, invoice, invoice.issued_on))


def _number(ledger: Ledger, element: Element, kind: str, before: Invoice | None) -> str:
    number = wire.read_text(element, "InvoiceNumber") or (before.number if before else None)
    if number is None:
        return _next_number(ledger) if kind == "ACCREC" else ""
    if len(number) > NUMBER_LENGTH_MAX:
        raise InvalidError(f"The invoice number must have at most {NUMBER_LENGTH_MAX} characters")
    if kind == "ACCREC" and any(
        row.type == "ACCREC" and row.id != (before.id if before else None) for row in _numbered(ledger, number)
    ):
        raise InvalidError("Invoice # must be unique.")
    return number


def _numbered(ledger: Ledger, number: str) -> list[Invoice]:
    free = {"DELETED"} if ledger.rules.numbers_of_deleted_invoices_are_free else set[str]()
    return [row for row in ledger.invoices.having("number", number) if row.status not in free]


def _next_number(ledger: Ledger) -> str:
    place = len(ledger.invoices) + 1
    while ledger.invoices.having("number", f"INV-{place:04}"):
        place += 1
    return f"INV-{place:04}"


def _named(call: Call) -> list[Invoice] | None:
    """The rows that IDs, InvoiceNumbers and ContactIDs name together; None where none is sent."""
    invoices = call.ledger.invoices
    found: list[list[Invoice]] = []
    if ids := call.listed("ids"):
        found.append([row for one in ids if (row := invoices.get(one.lower()))])
    if numbers := call.listed("invoicenumbers"):
        found.append([row for one in numbers for row in invoices.having("number", one)])
    if contacts := call.listed("contactids"):
        found.append([row for one in contacts for row in invoices.having("contact", one.lower())])
    if not found:
        return None
    in_all = set.intersection(*({row.id for row in rows} for rows in found))
    return [row for row in found[0] if row.id in in_all]


def _searched(ledger: Ledger, row: Invoice) -> str:
    return f"{row.number}\n{row.reference or ''}\n{ledger.contacts[row.contact_id].name}".casefold()


def _listing(ledger: Ledger) -> Listing[Invoice]:
    return Listing(
        "Invoices",
        {
            "InvoiceID": lambda row: row.id,
            "InvoiceNumber": lambda row: row.number,
            "Type": lambda row: row.type,
            "Status": lambda row: row.status,
            "Reference": lambda row: row.reference,
            "Date": lambda row: row.issued_on,
            "DueDate": lambda row: row.due_on,
            "ExpectedPaymentDate": lambda row: row.expected_on,
            "FullyPaidOnDate": lambda row: row.fully_paid_on,
            "UpdatedDateUTC": lambda row: row.updated_at,
            "CurrencyCode": lambda row: row.currency,
            "CurrencyRate": lambda row: row.rate,
            "SubTotal": lambda row: wire.amount(row.totals.subtotal),
            "TotalTax": lambda row: wire.amount(row.totals.tax),
            "Total": lambda row: wire.amount(row.totals.total),
            "AmountDue": lambda row: wire.amount(row.open),
            "AmountPaid": lambda row: wire.amount(row.paid),
            "AmountCredited": lambda row: wire.amount(row.credited),
            "SentToContact": lambda row: row.sent_to_contact,
            "Contact.ContactID": lambda row: row.contact_id,
            "Contact.Name": lambda row: ledger.contacts[row.contact_id].name,
            "Contact.ContactNumber": lambda row: ledger.contacts[row.contact_id].number,
        },
        {
            "InvoiceNumber": ("number", str),
            "Reference": ("reference", str),
            "Contact.ContactID": ("contact", str),
        },
    )


def _found(call: Call) -> Invoice:
    invoices = call.ledger.invoices
    row = invoices.get(call.ids[0].lower()) or next(iter(_numbered(call.ledger, call.ids[0])), None)
    if row is None:
        raise no_such_thing()
    return row


def _write(call: Call, write: Any) -> Answer:
    return write_each(call, "Invoices", write, lambda row: _shown_now(call, row))


def _shown_now(call: Call, row: Invoice) -> dict[str, Any]:
    return shown_invoice(call.ledger, call.ledger.invoices[row.id], call.unit_places)
