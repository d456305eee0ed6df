"""Xero's own client library on credits, bank movements, journals, quotes and tracking."""

from datetime import date
from decimal import Decimal

import pytest
from xero_python.accounting import (
    Account,
    Allocation,
    Allocations,
    BankTransaction,
    BankTransactions,
    BankTransfer,
    BankTransferDelete,
    BankTransferDeleteByUrlParam,
    BankTransfers,
    BankTransfersDelete,
    BatchPayment,
    BatchPaymentDelete,
    BatchPaymentDeleteByUrlParam,
    BatchPayments,
    Contact,
    CreditNote,
    CreditNotes,
    Invoice,
    Invoices,
    LineAmountTypes,
    LineItem,
    LineItemTracking,
    ManualJournal,
    ManualJournalLine,
    ManualJournals,
    Overpayment,
    Payment,
    Payments,
    Prepayment,
    Quote,
    QuoteLineAmountTypes,
    Quotes,
    QuoteStatusCodes,
    TrackingCategory,
    TrackingOption,
)

DAY = date(2026, 3, 5)


def item(amount=100, **fields):
    usual = {"description": "Pro", "quantity": 1, "unit_amount": Decimal(amount), "account_code": "200"}
    return LineItem(**{**usual, **fields})


@pytest.fixture
def invoice(accounting, tenant):
    made = Invoice(
        type="ACCREC",
        status="AUTHORISED",
        contact=Contact(name="Ada"),
        date=DAY,
        due_date=DAY,
        line_items=[item()],
    )
    return accounting.create_invoices(tenant, Invoices(invoices=[made])).invoices[0]


def allocations(invoice, amount):
    one = Allocation(invoice=Invoice(invoice_id=invoice.invoice_id), amount=Decimal(amount), date=DAY)
    return Allocations(allocations=[one])


def refund(amount, **of):
    return Payments(payments=[Payment(account=Account(code="1200"), date=DAY, amount=Decimal(amount), **of)])


def test_credit_notes(accounting, tenant, invoice):
    note = CreditNote(
        type="ACCRECCREDIT",
        status="AUTHORISED",
        contact=Contact(name="Ada"),
        date=DAY,
        credit_note_number="CN-1",
        line_items=[item(50)],
    )
    (made,) = accounting.create_credit_notes(tenant, CreditNotes(credit_notes=[note])).credit_notes
    accounting.update_or_create_credit_notes(
        tenant, CreditNotes(credit_notes=[CreditNote(credit_note_number="CN-1", reference="cn_1")])
    )
    accounting.update_credit_note(tenant, made.credit_note_id, CreditNotes(credit_notes=[CreditNote(reference="cn_2")]))
    (allocation,) = accounting.create_credit_note_allocation(
        tenant, made.credit_note_id, allocations(invoice, 20)
    ).allocations
    (paid,) = accounting.create_payments(
        tenant, refund("39.50", credit_note=CreditNote(credit_note_id=made.credit_note_id))
    ).payments
    assert paid.payment_type == "ARCREDITPAYMENT"
    (found,) = accounting.get_credit_notes(tenant, page=1, where='Reference=="cn_2"').credit_notes
    assert (found.status, found.remaining_credit, found.allocations[0].amount) == ("PAID", 0, 20)
    gone = accounting.delete_credit_note_allocations(tenant, made.credit_note_id, allocation.allocation_id)
    assert gone.is_deleted
    assert accounting.get_credit_note(tenant, made.credit_note_id).credit_notes[0].remaining_credit == 20


def receipt(kind, **fields):
    return BankTransactions(
        bank_transactions=[
            BankTransaction(
                type=kind,
                contact=Contact(name="Ada"),
                bank_account=Account(code="1200"),
                date=DAY,
                line_amount_types=LineAmountTypes.NOTAX,
                **fields,
            )
        ]
    )


def test_overpayments(accounting, tenant, invoice):
    body = receipt("RECEIVE-OVERPAYMENT", line_items=[LineItem(description="Too much", unit_amount=Decimal(40))])
    (made,) = accounting.create_bank_transactions(tenant, body).bank_transactions
    (allocation,) = accounting.create_overpayment_allocations(
        tenant, made.overpayment_id, allocations(invoice, 10)
    ).allocations
    accounting.create_payments(tenant, refund(30, overpayment=Overpayment(overpayment_id=made.overpayment_id)))
    assert accounting.get_overpayments(tenant, page=1).overpayments[0].status == "PAID"
    accounting.delete_overpayment_allocations(tenant, made.overpayment_id, allocation.allocation_id)
    assert accounting.get_overpayment(tenant, made.overpayment_id).overpayments[0].remaining_credit == 10


def test_prepayments(accounting, tenant, invoice):
    (made,) = accounting.create_bank_transactions(
        tenant, receipt("RECEIVE-PREPAYMENT", line_items=[item(40)])
    ).bank_transactions
    (allocation,) = accounting.create_prepayment_allocations(
        tenant, made.prepayment_id, allocations(invoice, 10)
    ).allocations
    accounting.create_payments(tenant, refund(30, prepayment=Prepayment(prepayment_id=made.prepayment_id)))
    assert accounting.get_prepayments(tenant, page=1).prepayments[0].status == "PAID"
    accounting.delete_prepayment_allocations(tenant, made.prepayment_id, allocation.allocation_id)
    assert accounting.get_prepayment(tenant, made.prepayment_id).prepayments[0].remaining_credit == 10


def test_bank_transactions_and_transfers(accounting, tenant):
    body = receipt("SPEND", line_items=[item(5, account_code="404")], reference="fee")
    (made,) = accounting.create_bank_transactions(tenant, body, summarize_errors=False).bank_transactions
    accounting.update_or_create_bank_transactions(tenant, body)
    change = BankTransactions(
        bank_transactions=[
            BankTransaction(status="DELETED", type="SPEND", line_items=[], bank_account=Account(code="1200"))
        ]
    )
    accounting.update_bank_transaction(tenant, made.bank_transaction_id, change)
    rows = accounting.get_bank_transactions(tenant, where='Reference=="fee"', page=1).bank_transactions
    assert [row.status for row in rows] == ["DELETED", "AUTHORISED"]
    assert accounting.get_bank_transaction(tenant, made.bank_transaction_id).bank_transactions[0].total == 5
    transfer = BankTransfer(
        from_bank_account=Account(code="1200"),
        to_bank_account=Account(code="1300"),
        amount=Decimal(7),
        date=DAY,
    )
    (moved,) = accounting.create_bank_transfer(tenant, BankTransfers(bank_transfers=[transfer])).bank_transfers
    assert accounting.get_bank_transfers(tenant).bank_transfers[0].amount == 7
    assert accounting.get_bank_transfer(tenant, moved.bank_transfer_id).bank_transfers[0].status == "AUTHORISED"
    accounting.delete_bank_transfer(tenant, moved.bank_transfer_id, BankTransferDeleteByUrlParam(status="DELETED"))
    (again,) = accounting.create_bank_transfer(tenant, BankTransfers(bank_transfers=[transfer])).bank_transfers
    both = BankTransfersDelete(
        bank_transfers=[BankTransferDelete(bank_transfer_id=again.bank_transfer_id, status="DELETED")]
    )
    accounting.delete_bank_transfers(tenant, both, summarize_errors=False)
    assert accounting.get_bank_transfers(tenant).bank_transfers == []


def test_batch_payments(accounting, tenant, invoice):
    batch = BatchPayment(
        account=Account(code="1200"),
        date=DAY,
        payments=[Payment(invoice=Invoice(invoice_id=invoice.invoice_id), amount=Decimal(100))],
    )
    (made,) = accounting.create_batch_payment(tenant, BatchPayments(batch_payments=[batch])).batch_payments
    assert accounting.get_batch_payments(tenant).batch_payments[0].total_amount == 100
    accounting.delete_batch_payment_by_url_param(
        tenant, made.batch_payment_id, BatchPaymentDeleteByUrlParam(status="DELETED")
    )
    assert accounting.get_batch_payment(tenant, made.batch_payment_id).batch_payments[0].status == "DELETED"
    (again,) = accounting.create_batch_payment(tenant, BatchPayments(batch_payments=[batch])).batch_payments
    gone = BatchPaymentDelete(batch_payment_id=again.batch_payment_id, status="DELETED")
    assert accounting.delete_batch_payment(tenant, gone).batch_payments[0].status == "DELETED"


def test_manual_journals(accounting, tenant):
    lines = [
        ManualJournalLine(line_amount=Decimal(50), account_code="2200"),
        ManualJournalLine(line_amount=Decimal(-50), account_code="200"),
    ]
    journal = ManualJournal(narration="January", date=DAY, status="POSTED", journal_lines=lines)
    (made,) = accounting.create_manual_journals(tenant, ManualJournals(manual_journals=[journal])).manual_journals
    accounting.update_or_create_manual_journals(tenant, ManualJournals(manual_journals=[journal]))
    void = ManualJournals(manual_journals=[ManualJournal(narration="January", status="VOIDED")])
    accounting.update_manual_journal(tenant, made.manual_journal_id, void)
    rows = accounting.get_manual_journals(tenant, page=1).manual_journals
    assert [row.status for row in rows] == ["VOIDED", "POSTED"]
    assert accounting.get_manual_journal(tenant, made.manual_journal_id).manual_journals[0].journal_lines


def test_quotes(accounting, tenant):
    quote = Quote(
        quote_number="QU-1",
        contact=Contact(name="Ada"),
        date=DAY,
        line_items=[item()],
        line_amount_types=QuoteLineAmountTypes.EXCLUSIVE,
    )
    (made,) = accounting.create_quotes(tenant, Quotes(quotes=[quote])).quotes
    accounting.update_or_create_quotes(tenant, Quotes(quotes=[quote]))
    sent = Quotes(quotes=[Quote(status=QuoteStatusCodes.SENT, contact=Contact(name="Ada"), date=DAY)])
    accounting.update_quote(tenant, made.quote_id, sent)
    assert accounting.get_quotes(tenant, status="SENT").quotes[0].total == 119
    assert accounting.get_quote(tenant, made.quote_id).quotes[0].status is QuoteStatusCodes.SENT


def test_tracking_categories(accounting, tenant):
    (made,) = accounting.create_tracking_category(tenant, TrackingCategory(name="Region")).tracking_categories
    category_id = made.tracking_category_id
    (option,) = accounting.create_tracking_options(tenant, category_id, TrackingOption(name="North")).options
    tracked = item(tracking=[LineItemTracking(name="Region", option="North")])
    invoice = Invoice(type="ACCREC", contact=Contact(name="Ada"), line_items=[tracked])
    (drafted,) = accounting.create_invoices(tenant, Invoices(invoices=[invoice])).invoices
    assert drafted.line_items[0].tracking[0].tracking_option_id == option.tracking_option_id
    accounting.update_tracking_options(tenant, category_id, option.tracking_option_id, TrackingOption(name="N"))
    accounting.update_tracking_category(tenant, category_id, TrackingCategory(name="Area"))
    (found,) = accounting.get_tracking_categories(tenant).tracking_categories
    assert (found.name, found.options[0].name) == ("Area", "N")
    accounting.delete_tracking_options(tenant, category_id, option.tracking_option_id)
    accounting.delete_tracking_category(tenant, category_id)
    assert accounting.get_tracking_category(tenant, category_id).tracking_categories[0].status == "ARCHIVED"
