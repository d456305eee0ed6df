"""What each kind is recognised by at Xero, how it is asked about, and what has to be stored as it was sent."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from urllib.parse import quote

from connectors.contract import Row
from connectors.rows import decimal, part, parts, text
from connectors.xero.elements import GONE, ROOT, Endpoint, listed
from connectors.xero.wire import document_date
from core.canonical import decimal_text

_WHOLE_PAGE = "page=1&pageSize=1000"


def _any_of(field: str, values: Sequence[str]) -> str:
    """A `where` clause; it has to stay below the 2,048 characters that web servers take as a query."""
    quoted = ['"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values]
    return "where=" + quote(" OR ".join(f"{field}=={value}" for value in quoted), safe="=")


# --- contacts --------------------------------------------------------------------------------------------------------


def _contact_key(row: Row) -> str:
    return text(row, "ContactNumber").strip()


def _contacts_question(rows: Sequence[Row]) -> str:
    numbers = [_contact_key(row) for row in rows]
    return f"{ROOT}/Contacts?{_any_of('ContactNumber', numbers)}&includeArchived=true&{_WHOLE_PAGE}"


def _contact_facts(row: Row) -> Mapping[str, str]:
    return {"ContactNumber": _contact_key(row), "Name": text(row, "Name")}


CONTACTS = Endpoint("Contacts", "ContactID", _contact_key, _contact_facts, _contacts_question)


# --- items -----------------------------------------------------------------------------------------------------------


def _item_key(row: Row) -> str:
    return text(row, "Code").strip()


def _items_question(rows: Sequence[Row]) -> str:
    return f"{ROOT}/Items?{_any_of('Code', [_item_key(row) for row in rows])}"


def _item_facts(row: Row) -> Mapping[str, str]:
    return {"Code": _item_key(row)}


ITEMS = Endpoint("Items", "Code", _item_key, _item_facts, _items_question, options="&unitdp=4")


# --- invoices --------------------------------------------------------------------------------------------------------

_STANDING = frozenset({"AUTHORISED", "PAID"})


def _invoice_key(row: Row) -> str:
    """Xero: bills may carry any number, and somebody else's invoice may carry ours: the reference tells whose it is."""
    return " ".join(text(row, name).strip() for name in ("Type", "InvoiceNumber", "Reference"))


def _invoices_question(rows: Sequence[Row]) -> str:
    numbers = ",".join(quote(text(row, "InvoiceNumber"), safe="") for row in rows)
    return f"{ROOT}/Invoices?InvoiceNumbers={numbers}&{_WHOLE_PAGE}"


def _invoice_facts(row: Row) -> Mapping[str, str]:
    return _document_facts(row, "InvoiceNumber")


def _document_facts(row: Row, number: str) -> Mapping[str, str]:
    status = text(row, "Status")
    if status in GONE:
        return {"Status": "VOIDED"}
    tax = _total(row, "TotalTax", "TaxAmount")
    net = _total(row, "SubTotal", "LineAmount")
    total = decimal(row, "Total")
    return {
        "Status": "AUTHORISED" if status in _STANDING else status,
        number: text(row, number).strip(),
        "Contact": text(part(row, "Contact"), "ContactID").lower(),
        "CurrencyCode": text(row, "CurrencyCode"),
        "Date": document_date(row, "Date"),
        "SubTotal": decimal_text(net),
        "TotalTax": decimal_text(tax),
        "Total": decimal_text(net + tax if total is None else total),
    }


def _total(row: Row, name: str, line_name: str) -> Decimal:
    """As Xero says it; of what is being sent, what its lines come to."""
    total = decimal(row, name)
    if total is not None:
        return total
    return sum((decimal(line, line_name) or Decimal(0) for line in parts(row, "LineItems")), Decimal(0))


INVOICES = Endpoint("Invoices", "InvoiceID", _invoice_key, _invoice_facts, _invoices_question, options="&unitdp=4")


# --- credit notes ----------------------------------------------------------------------------------------------------


def _credit_note_key(row: Row) -> str:
    return " ".join(text(row, name).strip() for name in ("Type", "CreditNoteNumber", "Reference"))


def _credit_notes_question(rows: Sequence[Row]) -> str:
    """Xero: unlike invoices, credit notes have no list of numbers to be asked for."""
    numbers = [text(row, "CreditNoteNumber") for row in rows]
    return f"{ROOT}/CreditNotes?{_any_of('CreditNoteNumber', numbers)}&{_WHOLE_PAGE}"


def _credit_note_facts(row: Row) -> Mapping[str, str]:
    return _document_facts(row, "CreditNoteNumber")


CREDIT_NOTES = Endpoint(
    "CreditNotes", "CreditNoteID", _credit_note_key, _credit_note_facts, _credit_notes_question, options="&unitdp=4"
)


# --- payments --------------------------------------------------------------------------------------------------------


def _payment_key(row: Row) -> str:
    return f"{_paid_invoice(row)} {text(row, 'Reference').strip()}"


def _paid_invoice(row: Row) -> str:
    return text(part(row, "Invoice"), "InvoiceID").lower()


def _payments_question(rows: Sequence[Row]) -> str:
    """Xero: payments cannot be listed by ids or keys in bulk, but invoices can, and show their payments."""
    invoice_ids = ",".join(dict.fromkeys(_paid_invoice(row) for row in rows))
    return f"{ROOT}/Invoices?IDs={invoice_ids}&{_WHOLE_PAGE}"


def _payments_shown(body: Row) -> Sequence[Row]:
    return [
        {**payment, "Invoice": {"InvoiceID": text(invoice, "InvoiceID")}}
        for invoice in listed(body, "Invoices")
        for payment in parts(invoice, "Payments")
    ]


def _payment_facts(row: Row) -> Mapping[str, str]:
    return {**_moved_facts(row), "Invoice": _paid_invoice(row)}


def _moved_facts(row: Row) -> Mapping[str, str]:
    amount = decimal(row, "Amount")
    return {"Date": document_date(row, "Date"), "Amount": "" if amount is None else decimal_text(amount)}


PAYMENTS = Endpoint("Payments", "PaymentID", _payment_key, _payment_facts, _payments_question, _payments_shown)


# --- payments of credit notes ----------------------------------------------------------------------------------------


def _credit_payment_key(row: Row) -> str:
    return f"{_paid_credit_note(row)} {text(row, 'Reference').strip()}"


def _paid_credit_note(row: Row) -> str:
    """Xero: a payment that is listed shows its credit note as an invoice, with the credit note's id."""
    shown = text(part(row, "CreditNote"), "CreditNoteID") or text(part(row, "Invoice"), "InvoiceID")
    return shown.lower()


def _credit_payments_question(rows: Sequence[Row]) -> str:
    references = [text(row, "Reference") for row in rows]
    return f"{ROOT}/Payments?{_any_of('Reference', references)}&{_WHOLE_PAGE}"


def _credit_payment_facts(row: Row) -> Mapping[str, str]:
    return {**_moved_facts(row), "CreditNote": _paid_credit_note(row)}


CREDIT_PAYMENTS = Endpoint(
    "Payments", "PaymentID", _credit_payment_key, _credit_payment_facts, _credit_payments_question
)


# --- bank transactions -----------------------------------------------------------------------------------------------


def _bank_transaction_key(row: Row) -> str:
    return f"{text(row, 'Type')} {text(row, 'Reference').strip()}"


def _bank_transactions_question(rows: Sequence[Row]) -> str:
    references = [text(row, "Reference") for row in rows]
    return f"{ROOT}/BankTransactions?{_any_of('Reference', references)}&{_WHOLE_PAGE}"


def _bank_transaction_facts(row: Row) -> Mapping[str, str]:
    if text(row, "Status") in GONE:
        return {"Status": "DELETED"}
    return {
        "Contact": text(part(row, "Contact"), "ContactID").lower(),
        "Date": document_date(row, "Date"),
        "Total": decimal_text(_total(row, "SubTotal", "LineAmount") + (decimal(row, "TotalTax") or Decimal(0))),
    }


BANK_TRANSACTIONS = Endpoint(
    "BankTransactions",
    "BankTransactionID",
    _bank_transaction_key,
    _bank_transaction_facts,
    _bank_transactions_question,
    options="&unitdp=4",
)
