"""Payments of invoices and refunds of credits: at most what is open, undone only by deletion."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from sandbox.xero import wire
from sandbox.xero.accounts import shown_account
from sandbox.xero.bank_accounts import in_account_currency, money_account
from sandbox.xero.batches import write_each
from sandbox.xero.calls import Answer, Call
from sandbox.xero.contacts import shown_in_document
from sandbox.xero.credit_notes import existing as existing_credit_note
from sandbox.xero.credits import KINDS, OVERPAYMENT, PREPAYMENT, shown_credit
from sandbox.xero.documents import present, settled
from sandbox.xero.errors import InvalidError, no_such_thing
from sandbox.xero.invoices import existing as existing_invoice
from sandbox.xero.invoices import shown_invoice
from sandbox.xero.ledger import Ledger
from sandbox.xero.listing import Listing, listed
from sandbox.xero.rows import Account, Credit, Invoice, Payment
from sandbox.xero.wire import Element

_TYPES = {
    ("invoice", "ACCREC"): "ACCRECPAYMENT",
    ("invoice", "ACCPAY"): "ACCPAYPAYMENT",
    ("credit_note", "ACCRECCREDIT"): "ARCREDITPAYMENT",
    ("credit_note", "ACCPAYCREDIT"): "APCREDITPAYMENT",
    ("overpayment", "RECEIVE-OVERPAYMENT"): "AROVERPAYMENTPAYMENT",
    ("overpayment", "SPEND-OVERPAYMENT"): "APOVERPAYMENTPAYMENT",
    ("prepayment", "RECEIVE-PREPAYMENT"): "ARPREPAYMENTPAYMENT",
    ("prepayment", "SPEND-PREPAYMENT"): "APPREPAYMENTPAYMENT",
}
_AS_INVOICE = {
    "RECEIVE-OVERPAYMENT": "AROVERPAYMENT",
    "SPEND-OVERPAYMENT": "APOVERPAYMENT",
    "RECEIVE-PREPAYMENT": "ARPREPAYMENT",
    "SPEND-PREPAYMENT": "APPREPAYMENT",
}
"""Xero shows what a payment refunds as an invoice of one of these types."""


def get_payments(call: Call) -> Answer:
    ledger = call.ledger
    return listed(call, ledger.payments, _listing(ledger), lambda row, _: shown_payment(ledger, row, whole=False))


def get_payment(call: Call) -> Answer:
    return Answer({"Payments": [shown_payment(call.ledger, _found(call))]})


def put_payments(call: Call) -> Answer:
    """Also POST /Payments, which creates just as PUT does."""
    return write_each(
        call,
        "Payments",
        lambda element: pay(call.ledger, element),
        lambda row: shown_payment(call.ledger, row),
        flag="HasValidationErrors",
    )


def post_payment(call: Call) -> Answer:
    found = _found(call)
    return write_each(
        call,
        "Payments",
        lambda element: _delete(call.ledger, found, element),
        lambda row: shown_payment(call.ledger, row),
        flag="HasValidationErrors",
    )


def pay(ledger: Ledger, element: Element, batch_id: str | None = None) -> Payment:
    kind, document = _document(ledger, element)
    amount = wire.read_amount(element, "Amount")
    if amount is None or amount <= 0:
        raise InvalidError("The payment amount must be greater than zero")
    if document.status != "AUTHORISED":
        raise InvalidError("Payments can only be made against Authorised documents")
    if amount > document.open:
        raise InvalidError(ledger.rules.words("Payment amount exceeds the amount outstanding on this document"))
    account = _account(ledger, element, document.currency)
    day = wire.read_day(element, "Date")
    if day is None:
        raise InvalidError("The payment date must be specified")
    ledger.check_lock_dates(day)
    rate, bank_amount = _money(ledger, element, document.currency, account, amount)
    reference = wire.read_text(element, "Reference")
    payment = Payment(
        id=ledger.new_id(ledger.payments, "payment", document.id, day, amount, reference),
        updated_at=ledger.now(),
        type=_TYPES[kind, document.type],
        document_kind=kind,
        document_id=document.id,
        account_id=account.id,
        paid_on=day,
        amount=amount,
        bank_amount=bank_amount,
        rate=rate,
        reference=reference,
        is_reconciled=wire.read_flag(element, "IsReconciled") or False,
        batch_id=batch_id,
    )
    _apply(ledger, payment, amount)
    return ledger.payments.put(payment)


def take_back(ledger: Ledger, payment: Payment) -> Payment:
    """Deleted: what it paid is open again."""
    if payment.status == "DELETED":
        raise InvalidError("Payment not of valid status for modification")
    if payment.is_reconciled:
        raise InvalidError("This payment cannot be deleted as it has been reconciled with a bank transaction.")
    ledger.check_lock_dates(payment.paid_on)
    _apply(ledger, payment, -payment.amount)
    return ledger.payments.put(replace(payment, status="DELETED", updated_at=ledger.now()))


def shown_payment(ledger: Ledger, row: Payment, *, whole: bool = True) -> dict[str, Any]:
    account = ledger.accounts[row.account_id]
    shown: dict[str, Any] = {
        "PaymentID": row.id,
        "BatchPaymentID": row.batch_id,
        "Date": wire.ms_date(row.paid_on),
        "BankAmount": wire.amount(row.bank_amount),
        "Amount": wire.amount(row.amount),
        "Reference": row.reference or "",
        "CurrencyRate": row.rate,
        "PaymentType": row.type,
        "Status": row.status,
        "UpdatedDateUTC": wire.ms_moment(row.updated_at),
        "UpdatedDateUTCString": wire.iso_moment(row.updated_at),
        "HasAccount": True,
        "IsReconciled": row.is_reconciled,
        "Account": shown_account(account) if whole else {"AccountID": account.id, "Code": account.code},
        **_shown_document(ledger, row, whole=whole),
        "HasValidationErrors": False,
    }
    return present(shown)


def _shown_document(ledger: Ledger, row: Payment, *, whole: bool) -> dict[str, Any]:
    document = ledger.tables[row.document_kind][row.document_id]
    if isinstance(document, Invoice) and whole:
        return {"Invoice": shown_invoice(ledger, document, 2)}
    shown = {
        "Invoice": {
            "Type": _AS_INVOICE.get(document.type, document.type),
            "InvoiceID": document.id,
            "InvoiceNumber": document.number,
            "Payments": [],
            "CreditNotes": [],
            "Prepayments": [],
            "Overpayments": [],
            "IsDiscounted": False,
            "HasErrors": False,
            "Contact": shown_in_document(ledger.contacts[document.contact_id]),
            "LineItems": [],
            "CurrencyCode": document.currency,
        }
    }
    if whole and row.document_kind in KINDS:
        kind = KINDS[row.document_kind]
        shown[kind.element] = shown_credit(ledger, document, kind, 2, whole=False)
    return shown


def _delete(ledger: Ledger, found: Payment, element: Element) -> Payment:
    payment = ledger.payments[found.id]
    if wire.read_text(element, "Status") != "DELETED":
        raise InvalidError("The only change that a payment can take is the Status DELETED")
    if payment.batch_id and ledger.rules.payments_of_a_batch_are_deleted_together:
        raise InvalidError("This payment cannot be deleted as it is part of a batch payment.")
    return take_back(ledger, payment)


def _apply(ledger: Ledger, payment: Payment, amount: int) -> None:
    table, now, on = ledger.tables[payment.document_kind], ledger.now(), payment.paid_on
    document = table[payment.document_id]
    if isinstance(document, Invoice):
        paid = replace(document, paid=document.paid + amount, updated_at=now)
        ledger.invoices.put(settled(ledger, paid, on))
    else:
        refunded = replace(document, refunded=document.refunded + amount, updated_at=now)
        table.put(settled(ledger, refunded, on))


def _document(ledger: Ledger, element: Element) -> tuple[str, Invoice | Credit]:
    """What is to be paid or refunded: an invoice, a credit note, an overpayment or a prepayment."""
    for kind in (OVERPAYMENT, PREPAYMENT):
        if wire.given(element, kind.element):
            named = wire.read_element(element, kind.element)
            found = ledger.tables[kind.kind].get((wire.read_text(named, kind.id_name) or "").lower())
            if found is None:
                raise InvalidError(f"{kind.element} not found")
            return kind.kind, found
    if wire.given(element, "CreditNote") or wire.given(element, "CreditNoteNumber"):
        named = dict(wire.read_element(element, "CreditNote"))
        named.setdefault("CreditNoteNumber", wire.read_text(element, "CreditNoteNumber"))
        credit = existing_credit_note(ledger, named)
        if credit is None:
            raise InvalidError("Credit note not found")
        return "credit_note", credit
    named = dict(wire.read_element(element, "Invoice"))
    named.setdefault("InvoiceNumber", wire.read_text(element, "InvoiceNumber"))
    invoice = existing_invoice(ledger, named)
    if invoice is None:
        raise InvalidError("Invoice not found")
    return "invoice", invoice


def _account(ledger: Ledger, element: Element, currency: str) -> Account:
    named = dict(wire.read_element(element, "Account"))
    named.setdefault("Code", wire.read_text(element, "Code"))
    return money_account(ledger, named, currency)


def _money(ledger: Ledger, element: Element, currency: str, account: Account, amount: int) -> tuple[Decimal, int]:
    """The rate and what moves the account."""
    bank_amount = wire.read_amount(element, "BankAmount")
    rate = wire.read_number(element, "CurrencyRate")
    if rate is None and bank_amount and (account.currency or ledger.organisation.base_currency) != currency:
        of_document, of_bank = wire.amount(amount), wire.amount(bank_amount)
        forward = ledger.rules.rates_are_foreign_units_for_a_base_unit
        return wire.rounded(of_document / of_bank if forward else of_bank / of_document, 6), bank_amount
    rate = ledger.rate_of(currency, rate)
    return rate, in_account_currency(ledger, account, currency, rate, amount)


def _found(call: Call) -> Payment:
    row = call.ledger.payments.get(call.ids[0].lower())
    if row is None:
        raise no_such_thing()
    return row


def _listing(ledger: Ledger) -> Listing[Payment]:
    def document(row: Payment) -> Invoice | Credit:
        found: Invoice | Credit = ledger.tables[row.document_kind][row.document_id]
        return found

    return Listing(
        "Payments",
        {
            "PaymentID": lambda row: row.id,
            "PaymentType": lambda row: row.type,
            "Status": lambda row: row.status,
            "Reference": lambda row: row.reference,
            "Date": lambda row: row.paid_on,
            "Amount": lambda row: wire.amount(row.amount),
            "BankAmount": lambda row: wire.amount(row.bank_amount),
            "IsReconciled": lambda row: row.is_reconciled,
            "BatchPaymentID": lambda row: row.batch_id,
            "UpdatedDateUTC": lambda row: row.updated_at,
            "Account.AccountID": lambda row: row.account_id,
            "Account.Code": lambda row: ledger.accounts[row.account_id].code,
            "Invoice.InvoiceID": lambda row: row.document_id,
            "Invoice.InvoiceNumber": lambda row: document(row).number,
            "Invoice.Contact.ContactID": lambda row: document(row).contact_id,
            "CreditNote.CreditNoteID": lambda row: row.document_id,
        },
        {
            "Reference": ("reference", str),
            "Invoice.InvoiceID": ("document", str),
            "CreditNote.CreditNoteID": ("document", str),
            "Account.AccountID": ("account", str),
        },
    )
