"""Batch payments: several payments that are one line on the bank statement."""

from dataclasses import replace
from typing import Any

from sandbox.xero import wire
from sandbox.xero.batches import write_each
from sandbox.xero.calls import Answer, Call
from sandbox.xero.documents import present
from sandbox.xero.errors import InvalidError, no_such_thing
from sandbox.xero.ledger import Ledger
from sandbox.xero.listing import Listing, listed
from sandbox.xero.payments import pay, take_back
from sandbox.xero.rows import BatchPayment
from sandbox.xero.wire import Element

_LISTING: Listing[BatchPayment] = Listing(
    "BatchPayments",
    {
        "BatchPaymentID": lambda row: row.id,
        "Type": lambda row: row.type,
        "Status": lambda row: row.status,
        "Date": lambda row: row.paid_on,
        "TotalAmount": lambda row: wire.amount(row.total),
        "Account.AccountID": lambda row: row.account_id,
        "UpdatedDateUTC": lambda row: row.updated_at,
    },
    paged=False,
)


def get_batch_payments(call: Call) -> Answer:
    return listed(call, call.ledger.batch_payments, _LISTING, lambda row, _: _shown(call.ledger, row))


def get_batch_payment(call: Call) -> Answer:
    return Answer({"BatchPayments": [_shown(call.ledger, _found(call, call.ids[0]))]})


def put_batch_payments(call: Call) -> Answer:
    return _write(call, lambda element: _create(call.ledger, element))


def post_batch_payments(call: Call) -> Answer:
    def write(element: Element) -> BatchPayment:
        found = call.ledger.batch_payments.get((wire.read_text(element, "BatchPaymentID") or "").lower())
        if found is None:
            raise InvalidError("Batch payment not found")
        return _delete(call.ledger, found, element)

    return _write(call, write)


def post_batch_payment(call: Call) -> Answer:
    found = _found(call, call.ids[0])
    return _write(call, lambda element: _delete(call.ledger, found, element))


def _create(ledger: Ledger, element: Element) -> BatchPayment:
    elements = wire.read_elements(element, "Payments")
    if not elements:
        raise InvalidError("A batch payment needs at least one payment")
    common = {name: element.get(name) for name in ("Account", "Date", "Reference") if wire.given(element, name)}
    day = wire.read_day(element, "Date") or ledger.today()
    batch_id = ledger.new_id(ledger.batch_payments, "batch_payment", day, wire.read_text(element, "Reference"))
    payments = [pay(ledger, {**one, **common}, batch_id) for one in elements]
    if len({payment.type for payment in payments}) > 1:
        raise InvalidError("All payments of a batch must be of one type")
    batch = BatchPayment(
        id=batch_id,
        updated_at=ledger.now(),
        type="RECBATCH" if payments[0].type == "ACCRECPAYMENT" else "PAYBATCH",
        account_id=payments[0].account_id,
        paid_on=day,
        total=sum(payment.amount for payment in payments),
        payment_ids=tuple(payment.id for payment in payments),
        reference=wire.read_text(element, "Reference"),
    )
    return ledger.batch_payments.put(batch)


def _delete(ledger: Ledger, found: BatchPayment, element: Element) -> BatchPayment:
    batch = ledger.batch_payments[found.id]
    if wire.read_text(element, "Status") != "DELETED":
        raise InvalidError("The only change that a batch payment can take is the Status DELETED")
    if batch.status == "DELETED":
        raise InvalidError("Batch payment not of valid status for modification")
    for payment_id in batch.payment_ids:
        if (payment := ledger.payments[payment_id]).status == "AUTHORISED":
            take_back(ledger, payment)
    return ledger.batch_payments.put(replace(batch, status="DELETED", updated_at=ledger.now()))


def _shown(ledger: Ledger, row: BatchPayment) -> dict[str, Any]:
    account = ledger.accounts[row.account_id]
    payments = [ledger.payments[payment_id] for payment_id in row.payment_ids]
    shown: dict[str, Any] = {
        "Account": present({"AccountID": account.id, "CurrencyCode": account.currency}),
        "Reference": row.reference,
        "BatchPaymentID": row.id,
        "DateString": wire.iso_midnight(row.paid_on),
        "Date": wire.ms_date(row.paid_on),
        "Payments": [
            {
                "Invoice": {"InvoiceID": payment.document_id},
                "PaymentID": payment.id,
                "Amount": wire.amount(payment.amount),
                "BankAmount": wire.amount(payment.bank_amount),
            }
            for payment in payments
            if payment.status == "AUTHORISED"
        ],
        "Type": row.type,
        "Status": row.status,
        "TotalAmount": wire.amount(row.total),
        "UpdatedDateUTC": wire.ms_moment(row.updated_at),
        "IsReconciled": False,
    }
    return present(shown)


def _found(call: Call, batch_id: str) -> BatchPayment:
    row = call.ledger.batch_payments.get(batch_id.lower())
    if row is None:
        raise no_such_thing()
    return row


def _write(call: Call, write: Any) -> Answer:
    return write_each(call, "BatchPayments", write, lambda row: _shown(call.ledger, row), flag=None, stories=False)
