"""Payments on documents: at most what is due, into an account that takes them, undone only by deletion."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from sandbox.xero import wire
from sandbox.xero.accounts import shown_account
from sandbox.xero.batches import write_each
from sandbox.xero.calls import Answer, Call
from sandbox.xero.contacts import shown_in_document
from sandbox.xero.documents import present
from sandbox.xero.errors import InvalidError, no_such_thing
from sandbox.xero.invoices import existing as existing_invoice
from sandbox.xero.invoices import settled, shown_invoice
from sandbox.xero.ledger import Ledger
from sandbox.xero.lines import account_of
from sandbox.xero.listing import Listing, listed
from sandbox.xero.rows import Account, Invoice, Payment
from sandbox.xero.wire import Element


def get_payments(call: Call) -> Answer:
    ledger = call.ledger
    return listed(
        call, ledger.payments, _listing(ledger), lambda row, _: shown_payment(ledger, row, whole=False)
    )


def get_payment(call: Call) -> Answer:
    return Answer({"Payments": [shown_payment(call.ledger, _found(call))]})


def put_payments(call: Call) -> Answer:
    return _write(call)


def post_payments(call: Call) -> Answer:
    """Xero: POST /Payments takes one payment and creates it, as PUT does."""
    return _write(call)


def post_payment(call: Call) -> Answer:
    found = _found(call)
    return write_each(
        call,
        "Payments",
        lambda element: _delete(call.ledger, found, element),
        lambda row: shown_payment(call.ledger, row),
        flag="HasValidationErrors",
    )


def shown_payment(ledger: Ledger, row: Payment, *, whole: bool = True) -> dict[str, Any]:
    account = ledger.accounts[row.account_id]
    invoice = ledger.invoices[row.document_id]
    shown: dict[str, Any] = {
        "PaymentID": row.id,
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
        "Invoice": shown_invoice(ledger, invoice, 2) if whole else _short(ledger, invoice),
        "HasValidationErrors": False,
    }
    return present(shown)


def _short(ledger: Ledger, invoice: Invoice) -> dict[str, Any]:
    return {
        "Type": invoice.type,
        "InvoiceID": invoice.id,
        "InvoiceNumber": invoice.number,
        "Payments": [],
        "CreditNotes": [],
        "Prepayments": [],
        "Overpayments": [],
        "IsDiscounted": False,
        "HasErrors": False,
        "Contact": shown_in_document(ledger.contacts[invoice.contact_id]),
        "LineItems": [],
        "CurrencyCode": invoice.currency,
    }


def pay(ledger: Ledger, element: Element) -> Payment:
    invoice = _document(ledger, element)
    amount = wire.read_amount(element, "Amount")
    if amount is None or amount <= 0:
        raise InvalidError("The payment amount must be greater than zero")
    if invoice.status != "AUTHORISED":
        raise InvalidError("Payments can only be made against Authorised documents")
    if amount > invoice.due:
        raise InvalidError("Payment amount exceeds the amount outstanding on this document")
    account = _account(ledger, element, invoice.currency)
    day = wire.read_day(element, "Date") or ledger.today()
    ledger.check_lock_dates(day)
    rate, bank_amount = _in_account_currency(ledger, element, invoice.currency, account, amount)
    reference = wire.read_text(element, "Reference")
    payment = Payment(
        id=ledger.new_id(ledger.payments, "payment", invoice.id, day, amount, reference),
        updated_at=ledger.now(),
        type="ACCRECPAYMENT" if invoice.type == "ACCREC" else "ACCPAYPAYMENT",
        document_kind="invoice",
        document_id=invoice.id,
        account_id=account.id,
        paid_on=day,
        amount=amount,
        bank_amount=bank_amount,
        rate=rate,
        reference=reference,
        is_reconciled=wire.read_flag(element, "IsReconciled") or False,
    )
    paid = replace(invoice, paid=invoice.paid + amount, updated_at=ledger.now())
    ledger.invoices.put(settled(ledger, paid, day))
    return ledger.payments.put(payment)


def _delete(ledger: Ledger, found: Payment, element: Element) -> Payment:
    payment = ledger.payments[found.id]
    if wire.read_text(element, "Status") != "DELETED":
        raise InvalidError("The only change that a payment can take is the Status DELETED")
    if payment.status == "DELETED":
        raise InvalidError("Payment not of valid status for modification")
    if payment.is_reconciled:
        raise InvalidError(
            "This payment cannot be deleted as it has been reconciled with a bank transaction."
        )
    ledger.check_lock_dates(payment.paid_on)
    invoice = ledger.invoices[payment.document_id]
    reopened = replace(invoice, paid=invoice.paid - payment.amount, updated_at=ledger.now())
    ledger.invoices.put(settled(ledger, reopened, payment.paid_on))
    return ledger.payments.put(replace(payment, status="DELETED", updated_at=ledger.now()))


def _document(ledger: Ledger, element: Element) -> Invoice:
    named = dict(wire.read_element(element, "Invoice"))
    if number := wire.read_text(element, "InvoiceNumber"):
        named.setdefault("InvoiceNumber", number)
    invoice = existing_invoice(ledger, named)
    if invoice is None:
        raise InvalidError("Invoice not found")
    return invoice


def _account(ledger: Ledger, element: Element, currency: str) -> Account:
    named = dict(wire.read_element(element, "Account"))
    if code := wire.read_text(element, "Code"):
        named.setdefault("Code", code)
    if not named:
        raise InvalidError("An account must be specified for the payment")
    account = account_of(ledger, named)
    if account is None or account.status != "ACTIVE":
        raise InvalidError("The account could not be found")
    if account.type != "BANK" and not account.enable_payments:
        raise InvalidError("The account must be of type BANK or have payments enabled")
    allowed = {currency, ledger.organisation.base_currency}
    if (
        account.currency
        and account.currency not in allowed
        and ledger.rules.payment_account_must_share_a_currency
    ):
        raise InvalidError("The account must be in the base currency or in the currency of the document")
    return account


def _in_account_currency(
    ledger: Ledger, element: Element, currency: str, account: Account, amount: int
) -> tuple[Decimal, int]:
    """The rate (document units for one base unit) and what moves the account."""
    base = ledger.organisation.base_currency
    rate = ledger.rate_of(currency, wire.read_number(element, "CurrencyRate"))
    if (account.currency or base) == currency:
        return rate, amount
    bank_amount = wire.read_amount(element, "BankAmount")
    if bank_amount and not wire.given(element, "CurrencyRate"):
        return wire.rounded(wire.amount(amount) / wire.amount(bank_amount), 6), bank_amount
    return rate, wire.hundredths(wire.amount(amount) / rate)


def _found(call: Call) -> Payment:
    row = call.ledger.payments.get(call.ids[0].lower())
    if row is None:
        raise no_such_thing()
    return row


def _write(call: Call) -> Answer:
    return write_each(
        call,
        "Payments",
        lambda element: pay(call.ledger, element),
        lambda row: shown_payment(call.ledger, row),
        flag="HasValidationErrors",
    )


def _listing(ledger: Ledger) -> Listing[Payment]:
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
            "UpdatedDateUTC": lambda row: row.updated_at,
            "Account.AccountID": lambda row: row.account_id,
            "Account.Code": lambda row: ledger.accounts[row.account_id].code,
            "Invoice.InvoiceID": lambda row: row.document_id,
            "Invoice.InvoiceNumber": lambda row: ledger.invoices[row.document_id].number,
            "Invoice.Contact.ContactID": lambda row: ledger.invoices[row.document_id].contact_id,
        },
        {
            "Reference": ("reference", str),
            "Invoice.InvoiceID": ("document", str),
            "Account.AccountID": ("account", str),
        },
    )
