"""Sales invoices (ACCREC) and bills (ACCPAY)."""

from dataclasses import replace
from typing import Any

from sandbox.xero import numbered, wire
from sandbox.xero.calls import Answer, Call
from sandbox.xero.contacts import shown_in_document
from sandbox.xero.documents import present, shown_payments
from sandbox.xero.errors import InvalidError, no_such_thing
from sandbox.xero.ledger import Ledger
from sandbox.xero.lines import shown_line
from sandbox.xero.listing import Listing, listed
from sandbox.xero.numbered import Numbered
from sandbox.xero.rows import Invoice
from sandbox.xero.wire import Element


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
    return numbered.put_all(call, _KIND)


def post_invoices(call: Call) -> Answer:
    return numbered.post_all(call, _KIND)


def post_invoice(call: Call) -> Answer:
    return numbered.post_one(call, _KIND, _found(call))


def existing(ledger: Ledger, element: Element) -> Invoice | None:
    """Which invoice an element means."""
    return numbered.existing(ledger, _KIND, element)


def shown_invoice(ledger: Ledger, row: Invoice, unit_places: int, *, whole: bool = True) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "Type": row.type,
        "InvoiceID": row.id,
        "InvoiceNumber": row.number,
        "Reference": row.reference or "",
        "Payments": shown_payments(ledger, row),
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
    row = invoices.get(call.ids[0].lower()) or next(iter(numbered.numbered(call.ledger, _KIND, call.ids[0])), None)
    if row is None:
        raise no_such_thing()
    return row


def _finished(ledger: Ledger, element: Element, invoice: Invoice) -> Invoice:
    if invoice.status == "AUTHORISED" and ledger.rules.approval_needs_lines_and_due_date:
        if not invoice.lines:
            raise InvalidError("One or more line items must be specified")
        if invoice.due_on is None:
            raise InvalidError("The DueDate must be specified to approve the document")
    return replace(
        invoice,
        url=wire.read_text(element, "Url") or invoice.url,
        expected_on=wire.read_day(element, "ExpectedPaymentDate") or invoice.expected_on,
        planned_on=wire.read_day(element, "PlannedPaymentDate") or invoice.planned_on,
    )


_KIND: Numbered[Invoice] = Numbered(
    kind="invoice",
    name="Invoices",
    word="Invoice",
    row=Invoice,
    id_name="InvoiceID",
    number_name="InvoiceNumber",
    types=("ACCREC", "ACCPAY"),
    prefix="INV-",
    discounts=True,
    finished=_finished,
    shown=lambda call, row: shown_invoice(call.ledger, row, call.unit_places),
)
