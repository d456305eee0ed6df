"""Every operation of the Accounting API that the sandbox plays, named as the contract names it."""

from collections.abc import Callable
from urllib.parse import unquote

from sandbox.xero import (
    accounts,
    allocations,
    bank_transactions,
    bank_transfers,
    batch_payments,
    contacts,
    credit_notes,
    invoices,
    items,
    manual_journals,
    over_and_prepayments,
    payments,
    quotes,
    settings,
    tracking_categories,
)
from sandbox.xero.calls import Answer, Call
from sandbox.xero.errors import RefusedError, no_such_thing

Operation = Callable[[Call], Answer]

OPERATIONS: dict[str, Operation] = {
    "GET /Organisation": settings.get_organisation,
    "GET /Currencies": settings.get_currencies,
    "PUT /Currencies": settings.put_currency,
    "GET /TaxRates": settings.get_tax_rates,
    "PUT /TaxRates": settings.put_tax_rates,
    "POST /TaxRates": settings.post_tax_rates,
    "GET /TaxRates/{TaxType}": settings.get_tax_rate,
    "GET /Accounts": accounts.get_accounts,
    "PUT /Accounts": accounts.put_account,
    "GET /Accounts/{AccountID}": accounts.get_account,
    "POST /Accounts/{AccountID}": accounts.post_account,
    "DELETE /Accounts/{AccountID}": accounts.delete_account,
    "GET /Items": items.get_items,
    "PUT /Items": items.put_items,
    "POST /Items": items.post_items,
    "GET /Items/{ItemID}": items.get_item,
    "POST /Items/{ItemID}": items.post_item,
    "DELETE /Items/{ItemID}": items.delete_item,
    "GET /Contacts": contacts.get_contacts,
    "PUT /Contacts": contacts.put_contacts,
    "POST /Contacts": contacts.post_contacts,
    "GET /Contacts/{ContactID}": contacts.get_contact,
    "POST /Contacts/{ContactID}": contacts.post_contact,
    "GET /Invoices": invoices.get_invoices,
    "PUT /Invoices": invoices.put_invoices,
    "POST /Invoices": invoices.post_invoices,
    "GET /Invoices/{InvoiceID}": invoices.get_invoice,
    "POST /Invoices/{InvoiceID}": invoices.post_invoice,
    "GET /Payments": payments.get_payments,
    "PUT /Payments": payments.put_payments,
    "POST /Payments": payments.put_payments,
    "GET /Payments/{PaymentID}": payments.get_payment,
    "POST /Payments/{PaymentID}": payments.post_payment,
    "GET /BatchPayments": batch_payments.get_batch_payments,
    "PUT /BatchPayments": batch_payments.put_batch_payments,
    "POST /BatchPayments": batch_payments.post_batch_payments,
    "GET /BatchPayments/{BatchPaymentID}": batch_payments.get_batch_payment,
    "POST /BatchPayments/{BatchPaymentID}": batch_payments.post_batch_payment,
    "GET /CreditNotes": credit_notes.get_credit_notes,
    "PUT /CreditNotes": credit_notes.put_credit_notes,
    "POST /CreditNotes": credit_notes.post_credit_notes,
    "GET /CreditNotes/{CreditNoteID}": credit_notes.get_credit_note,
    "POST /CreditNotes/{CreditNoteID}": credit_notes.post_credit_note,
    "PUT /CreditNotes/{CreditNoteID}/Allocations": allocations.put_on_credit_note,
    "DELETE /CreditNotes/{CreditNoteID}/Allocations/{AllocationID}": allocations.delete_from_credit_note,
    "GET /Overpayments": over_and_prepayments.get_overpayments,
    "GET /Overpayments/{OverpaymentID}": over_and_prepayments.get_overpayment,
    "PUT /Overpayments/{OverpaymentID}/Allocations": allocations.put_on_overpayment,
    "DELETE /Overpayments/{OverpaymentID}/Allocations/{AllocationID}": allocations.delete_from_overpayment,
    "GET /Prepayments": over_and_prepayments.get_prepayments,
    "GET /Prepayments/{PrepaymentID}": over_and_prepayments.get_prepayment,
    "PUT /Prepayments/{PrepaymentID}/Allocations": allocations.put_on_prepayment,
    "DELETE /Prepayments/{PrepaymentID}/Allocations/{AllocationID}": allocations.delete_from_prepayment,
    "GET /BankTransactions": bank_transactions.get_bank_transactions,
    "PUT /BankTransactions": bank_transactions.put_bank_transactions,
    "POST /BankTransactions": bank_transactions.post_bank_transactions,
    "GET /BankTransactions/{BankTransactionID}": bank_transactions.get_bank_transaction,
    "POST /BankTransactions/{BankTransactionID}": bank_transactions.post_bank_transaction,
    "GET /BankTransfers": bank_transfers.get_bank_transfers,
    "PUT /BankTransfers": bank_transfers.put_bank_transfers,
    "POST /BankTransfers": bank_transfers.post_bank_transfers,
    "GET /BankTransfers/{BankTransferID}": bank_transfers.get_bank_transfer,
    "POST /BankTransfers/{BankTransferID}": bank_transfers.post_bank_transfer,
    "GET /ManualJournals": manual_journals.get_manual_journals,
    "PUT /ManualJournals": manual_journals.put_manual_journals,
    "POST /ManualJournals": manual_journals.post_manual_journals,
    "GET /ManualJournals/{ManualJournalID}": manual_journals.get_manual_journal,
    "POST /ManualJournals/{ManualJournalID}": manual_journals.post_manual_journal,
    "GET /Quotes": quotes.get_quotes,
    "PUT /Quotes": quotes.put_quotes,
    "POST /Quotes": quotes.post_quotes,
    "GET /Quotes/{QuoteID}": quotes.get_quote,
    "POST /Quotes/{QuoteID}": quotes.post_quote,
    "GET /TrackingCategories": tracking_categories.get_categories,
    "PUT /TrackingCategories": tracking_categories.put_category,
    "GET /TrackingCategories/{TrackingCategoryID}": tracking_categories.get_category,
    "POST /TrackingCategories/{TrackingCategoryID}": tracking_categories.post_category,
    "DELETE /TrackingCategories/{TrackingCategoryID}": tracking_categories.delete_category,
    "PUT /TrackingCategories/{TrackingCategoryID}/Options": tracking_categories.put_option,
    "POST /TrackingCategories/{TrackingCategoryID}/Options/{TrackingOptionID}": (tracking_categories.post_option),
    "DELETE /TrackingCategories/{TrackingCategoryID}/Options/{TrackingOptionID}": (tracking_categories.delete_option),
}

NOT_PLAYED = frozenset(
    {
        "brandingthemes",
        "budgets",
        "contactgroups",
        "employees",
        "expenseclaims",
        "invoicereminders",
        "journals",
        "linkedtransactions",
        "paymentservices",
        "purchaseorders",
        "receipts",
        "repeatinginvoices",
        "reports",
        "setup",
        "users",
    }
)
"""What the vendor has and the sandbox does not: 501, so that nobody takes it for a wrong address."""

Shape = tuple[str | None, ...]


def _shape(path: str) -> Shape:
    return tuple(None if part.startswith("{") else part.casefold() for part in path.strip("/").split("/"))


_BY_SHAPE: dict[Shape, dict[str, Operation]] = {}
for _line, _operation in OPERATIONS.items():
    _method, _, _path = _line.partition(" ")
    _BY_SHAPE.setdefault(_shape(_path), {})[_method] = _operation


def find(method: str, path: str) -> tuple[Operation, tuple[str, ...]]:
    """The operation for a path below /api.xro/2.0, read without regard to case, and what fills its places."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    if parts[0].casefold() in NOT_PLAYED:
        raise RefusedError(501, f"{parts[0]} is not implemented")
    shape: Shape = tuple(None if place % 2 else part.casefold() for place, part in enumerate(parts))
    methods = _BY_SHAPE.get(shape)
    if methods is None:
        raise no_such_thing()
    if method not in methods:
        raise RefusedError(405, f"{method} is not allowed here", {"Allow": ", ".join(sorted(methods))})
    return methods[method], tuple(parts[1::2])
