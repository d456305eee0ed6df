"""How credit notes, overpayments and prepayments are shown, listed and found."""

from typing import Any, NamedTuple

from sandbox.xero import wire
from sandbox.xero.calls import Answer, Call
from sandbox.xero.contacts import shown_in_document
from sandbox.xero.documents import present, shown_payments
from sandbox.xero.errors import no_such_thing
from sandbox.xero.ledger import Ledger
from sandbox.xero.lines import shown_line
from sandbox.xero.listing import Listing, listed
from sandbox.xero.rows import Credit
from sandbox.xero.table import Table


class CreditKind(NamedTuple):
    kind: str
    """Its table."""
    name: str
    id_name: str
    element: str
    """What an allocation or a payment calls it."""


CREDIT_NOTE = CreditKind("credit_note", "CreditNotes", "CreditNoteID", "CreditNote")
OVERPAYMENT = CreditKind("overpayment", "Overpayments", "OverpaymentID", "Overpayment")
PREPAYMENT = CreditKind("prepayment", "Prepayments", "PrepaymentID", "Prepayment")
KINDS = {one.kind: one for one in (CREDIT_NOTE, OVERPAYMENT, PREPAYMENT)}


def table_of(ledger: Ledger, kind: CreditKind) -> Table[Credit]:
    return ledger.tables[kind.kind]


def list_credits(call: Call, kind: CreditKind) -> Answer:
    ledger = call.ledger
    references, numbers = call.listed("references"), call.listed("invoicenumbers")
    candidates = None
    if references or numbers:
        table = table_of(ledger, kind)
        candidates = [row for one in references for row in table.having("reference", one)]
        candidates += [row for one in numbers for row in table.having("number", one)]
    return listed(
        call,
        table_of(ledger, kind),
        _listing(ledger, kind),
        lambda row, whole: shown_credit(ledger, row, kind, call.unit_places, whole=whole),
        candidates=candidates,
    )


def get_credit(call: Call, kind: CreditKind) -> Answer:
    row = found_credit(call, kind)
    return Answer({kind.name: [shown_credit(call.ledger, row, kind, call.unit_places)]})


def found_credit(call: Call, kind: CreditKind) -> Credit:
    table = table_of(call.ledger, kind)
    row = table.get(call.ids[0].lower())
    if row is None and kind is CREDIT_NOTE:
        row = next(iter(table.having("number", call.ids[0])), None)
    if row is None:
        raise no_such_thing()
    return row


def shown_credit(
    ledger: Ledger, row: Credit, kind: CreditKind, unit_places: int, *, whole: bool = True
) -> dict[str, Any]:
    shown: dict[str, Any] = {
        kind.id_name: row.id,
        "ID": row.id,
        "CreditNoteNumber": row.number if kind is CREDIT_NOTE else None,
        "InvoiceNumber": row.number or None if kind is PREPAYMENT else None,
        "Type": row.type,
        "Reference": row.reference or "",
        "SentToContact": row.sent_to_contact if kind is CREDIT_NOTE else None,
        "CurrencyRate": row.rate,
        "RemainingCredit": wire.amount(row.open if row.status not in {"VOIDED", "DELETED"} else 0),
        "AppliedAmount": wire.amount(row.allocated) if row.allocated else None,
        "Allocations": [
            {
                "AllocationID": allocation.id,
                "Amount": wire.amount(allocation.amount),
                "Date": wire.ms_date(allocation.allocated_on),
                "Invoice": {
                    "InvoiceID": allocation.invoice_id,
                    "InvoiceNumber": ledger.invoices[allocation.invoice_id].number,
                },
            }
            for allocation in ledger.allocations.having("credit", row.id)
        ],
        "Payments": shown_payments(ledger, row),
        "HasAttachments": False,
        "HasErrors": False if kind is CREDIT_NOTE else None,
        "Contact": shown_in_document(ledger.contacts[row.contact_id]),
        "DateString": wire.iso_midnight(row.issued_on),
        "Date": wire.ms_date(row.issued_on),
        "DueDateString": wire.iso_midnight(row.due_on),
        "DueDate": wire.ms_date(row.due_on),
        "Status": row.status,
        "LineAmountTypes": row.line_amount_types,
        "LineItems": [shown_line(ledger, line, unit_places) for line in row.lines] if whole else [],
        "SubTotal": wire.amount(row.totals.subtotal),
        "TotalTax": wire.amount(row.totals.tax),
        "Total": wire.amount(row.totals.total),
        "UpdatedDateUTC": wire.ms_moment(row.updated_at),
        "UpdatedDateUTCString": wire.iso_moment(row.updated_at),
        "CurrencyCode": row.currency,
        "FullyPaidOnDate": wire.ms_date(row.fully_paid_on) if kind is CREDIT_NOTE else None,
    }
    return present(shown)


def _listing(ledger: Ledger, kind: CreditKind) -> Listing[Credit]:
    return Listing(
        kind.name,
        {
            kind.id_name: lambda row: row.id,
            "CreditNoteNumber": lambda row: row.number,
            "InvoiceNumber": lambda row: row.number,
            "Type": lambda row: row.type,
            "Status": lambda row: row.status,
            "Reference": lambda row: row.reference,
            "Date": lambda row: row.issued_on,
            "Total": lambda row: wire.amount(row.totals.total),
            "RemainingCredit": lambda row: wire.amount(row.open),
            "CurrencyCode": lambda row: row.currency,
            "UpdatedDateUTC": lambda row: row.updated_at,
            "Contact.ContactID": lambda row: row.contact_id,
            "Contact.Name": lambda row: ledger.contacts[row.contact_id].name,
        },
        {
            "CreditNoteNumber": ("number", str),
            "Reference": ("reference", str),
            "Contact.ContactID": ("contact", str),
        },
    )
