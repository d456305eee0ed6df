"""Allocations: a credit settles an invoice of the same contact in the same currency."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.xero import wire
from sandbox.xero.batches import write_each
from sandbox.xero.calls import Answer, Call
from sandbox.xero.credits import CREDIT_NOTE, OVERPAYMENT, PREPAYMENT, CreditKind, found_credit, table_of
from sandbox.xero.documents import settled
from sandbox.xero.errors import VALIDATION, InvalidError, RefusedError, exception, no_such_thing
from sandbox.xero.invoices import existing as existing_invoice
from sandbox.xero.ledger import Ledger
from sandbox.xero.rows import Allocation, Credit, Invoice
from sandbox.xero.wire import Element


def _put(kind: CreditKind) -> Callable[[Call], Answer]:
    def put(call: Call) -> Answer:
        credit = found_credit(call, kind)
        return write_each(
            call,
            "Allocations",
            lambda element: _allocate(call.ledger, kind, credit.id, element),
            lambda row: _shown(row, kind),
            flag=None,
        )

    return put


def _delete(kind: CreditKind) -> Callable[[Call], Answer]:
    def delete(call: Call) -> Answer:
        credit = found_credit(call, kind)
        allocation = call.ledger.allocations.get(call.ids[1].lower())
        if allocation is None or allocation.credit_id != credit.id:
            raise no_such_thing()
        try:
            _take_back(call.ledger, allocation)
        except InvalidError as invalid:
            messages = [{"Message": message} for message in invalid.messages]
            bad = [{"AllocationID": allocation.id, "ValidationErrors": messages}]
            raise RefusedError(400, exception(*VALIDATION, bad)) from invalid
        return Answer(_shown(allocation, kind) | {"IsDeleted": True}, bare=True)

    return delete


put_on_credit_note, delete_from_credit_note = _put(CREDIT_NOTE), _delete(CREDIT_NOTE)
put_on_overpayment, delete_from_overpayment = _put(OVERPAYMENT), _delete(OVERPAYMENT)
put_on_prepayment, delete_from_prepayment = _put(PREPAYMENT), _delete(PREPAYMENT)


def _shown(row: Allocation, kind: CreditKind) -> dict[str, Any]:
    return {
        "AllocationID": row.id,
        "Amount": wire.amount(row.amount),
        "Date": wire.ms_date(row.allocated_on),
        "Invoice": {"InvoiceID": row.invoice_id},
        kind.element: {kind.id_name: row.credit_id},
        "ValidationErrors": [],
    }


def _allocate(ledger: Ledger, kind: CreditKind, credit_id: str, element: Element) -> Allocation:
    credit = table_of(ledger, kind)[credit_id]
    invoice = existing_invoice(ledger, wire.read_element(element, "Invoice"))
    if invoice is None:
        raise InvalidError("Invoice not found")
    amount = wire.read_amount(element, "Amount")
    _check(credit, invoice, amount)
    day = wire.read_day(element, "Date")
    if day is None:
        raise InvalidError("The allocation date must be specified")
    ledger.check_lock_dates(day)
    allocation = Allocation(
        id=ledger.new_id(ledger.allocations, "allocation", credit.id, invoice.id, amount),
        updated_at=ledger.now(),
        credit_kind=kind.kind,
        credit_id=credit.id,
        invoice_id=invoice.id,
        allocated_on=day,
        amount=amount or 0,
    )
    _move(ledger, allocation, allocation.amount)
    return ledger.allocations.put(allocation)


def _check(credit: Credit, invoice: Invoice, amount: int | None) -> None:
    if credit.status != "AUTHORISED" or invoice.status != "AUTHORISED":
        raise InvalidError("Allocations can only be made between Authorised documents")
    if credit.is_receivable != invoice.is_receivable:
        raise InvalidError("The credit cannot be allocated to an invoice of this type")
    if credit.contact_id != invoice.contact_id:
        raise InvalidError("The credit and the invoice must be of the same contact")
    if credit.currency != invoice.currency:
        raise InvalidError("The credit and the invoice must be in the same currency")
    if amount is None or amount <= 0:
        raise InvalidError("The allocation amount must be greater than zero")
    if amount > credit.open:
        raise InvalidError("The allocation amount exceeds the remaining credit")
    if amount > invoice.open:
        raise InvalidError("The allocation amount exceeds the amount outstanding on this document")


def _take_back(ledger: Ledger, allocation: Allocation) -> None:
    ledger.check_lock_dates(allocation.allocated_on)
    _move(ledger, allocation, -allocation.amount)
    ledger.allocations.remove(allocation)
    ledger.removed.add(allocation.id)


def _move(ledger: Ledger, allocation: Allocation, amount: int) -> None:
    table, now, on = ledger.tables[allocation.credit_kind], ledger.now(), allocation.allocated_on
    credit: Credit = table[allocation.credit_id]
    invoice = ledger.invoices[allocation.invoice_id]
    table.put(settled(ledger, replace(credit, allocated=credit.allocated + amount, updated_at=now), on))
    paid = replace(invoice, credited=invoice.credited + amount, updated_at=now)
    ledger.invoices.put(settled(ledger, paid, on))
