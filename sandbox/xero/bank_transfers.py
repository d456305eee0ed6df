"""Transfers between two of the organisation's own bank accounts; each makes two bank transactions."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.xero import wire
from sandbox.xero.amounts import NO_TAX
from sandbox.xero.bank_accounts import bank_account
from sandbox.xero.batches import write_each
from sandbox.xero.calls import Answer, Call
from sandbox.xero.documents import present
from sandbox.xero.errors import InvalidError, no_such_thing
from sandbox.xero.ledger import Ledger
from sandbox.xero.listing import Listing, listed
from sandbox.xero.rows import Account, BankTransaction, BankTransfer, Totals
from sandbox.xero.wire import Element


def get_bank_transfers(call: Call) -> Answer:
    deleted = call.flag("includedeleted")
    return listed(
        call,
        call.ledger.bank_transfers,
        _LISTING,
        lambda row, _: _shown(call.ledger, row),
        holds=lambda row: deleted or row.status == "AUTHORISED",
    )


def get_bank_transfer(call: Call) -> Answer:
    return Answer({"BankTransfers": [_shown(call.ledger, _found(call))]})


def put_bank_transfers(call: Call) -> Answer:
    return _write(call, lambda element: _create(call.ledger, element), together=True)


def post_bank_transfers(call: Call) -> Answer:
    """Xero: POST deletes; a transfer cannot be changed."""

    def write(element: Element) -> BankTransfer:
        found = call.ledger.bank_transfers.get((wire.read_text(element, "BankTransferID") or "").lower())
        if found is None:
            raise InvalidError("Bank transfer not found")
        return _delete(call.ledger, found, element)

    return _write(call, write)


def post_bank_transfer(call: Call) -> Answer:
    found = _found(call)
    return _write(call, lambda element: _delete(call.ledger, found, element))


def _create(ledger: Ledger, element: Element) -> BankTransfer:
    source = bank_account(ledger, wire.read_element(element, "FromBankAccount"))
    target = bank_account(ledger, wire.read_element(element, "ToBankAccount"))
    if source.id == target.id:
        raise InvalidError("The two bank accounts of a transfer must be different")
    if source.currency != target.currency and ledger.rules.bank_transfers_stay_in_one_currency:
        raise InvalidError("The two bank accounts of a transfer must be in the same currency")
    amount = wire.read_amount(element, "Amount")
    if amount is None or amount <= 0:
        raise InvalidError("The amount of a bank transfer must be greater than zero")
    day = wire.read_day(element, "Date") or ledger.today()
    ledger.check_lock_dates(day)
    reference = wire.read_text(element, "Reference")
    now = ledger.now()
    transfer = BankTransfer(
        id=ledger.new_id(ledger.bank_transfers, "bank_transfer", source.id, target.id, day, amount, reference),
        updated_at=now,
        created_at=now,
        from_account_id=source.id,
        to_account_id=target.id,
        from_transaction_id="",
        to_transaction_id="",
        transferred_on=day,
        amount=amount,
        reference=reference,
    )
    spent = _side(ledger, transfer, source, "SPEND-TRANSFER", wire.read_flag(element, "FromIsReconciled"))
    received = _side(ledger, transfer, target, "RECEIVE-TRANSFER", wire.read_flag(element, "ToIsReconciled"))
    return ledger.bank_transfers.put(replace(transfer, from_transaction_id=spent.id, to_transaction_id=received.id))


def _side(
    ledger: Ledger, transfer: BankTransfer, account: Account, kind: str, reconciled: bool | None
) -> BankTransaction:
    currency = account.currency or ledger.organisation.base_currency
    return ledger.bank_transactions.put(
        BankTransaction(
            id=ledger.new_id(ledger.bank_transactions, "bank_transaction", kind, transfer.id),
            updated_at=transfer.updated_at,
            type=kind,
            account_id=account.id,
            issued_on=transfer.transferred_on,
            currency=currency,
            rate=ledger.rate_of(currency, None),
            line_amount_types=NO_TAX,
            lines=(),
            totals=Totals(transfer.amount, 0, transfer.amount),
            bank_amount=transfer.amount,
            reference=transfer.reference,
            is_reconciled=reconciled or False,
        )
    )


def _delete(ledger: Ledger, found: BankTransfer, element: Element) -> BankTransfer:
    transfer = ledger.bank_transfers[found.id]
    if wire.read_text(element, "Status") != "DELETED":
        raise InvalidError("The only change that a bank transfer can take is the Status DELETED")
    if transfer.status == "DELETED":
        raise InvalidError("Bank transfer not of valid status for modification")
    ledger.check_lock_dates(transfer.transferred_on)
    for transaction_id in (transfer.from_transaction_id, transfer.to_transaction_id):
        side = ledger.bank_transactions[transaction_id]
        if side.is_reconciled:
            raise InvalidError("This bank transfer cannot be deleted as it has been reconciled.")
        ledger.bank_transactions.put(replace(side, status="DELETED", updated_at=ledger.now()))
    return ledger.bank_transfers.put(replace(transfer, status="DELETED", updated_at=ledger.now()))


def _shown(ledger: Ledger, row: BankTransfer) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "BankTransferID": row.id,
        "CreatedDateUTCString": wire.iso_moment(row.created_at)[:-1],
        "CreatedDateUTC": wire.ms_moment(row.created_at),
        "DateString": wire.iso_midnight(row.transferred_on),
        "Date": wire.ms_date(row.transferred_on),
        "Status": row.status,
        "FromBankAccount": _shown_account(ledger, row.from_account_id),
        "ToBankAccount": _shown_account(ledger, row.to_account_id),
        "Amount": wire.amount(row.amount),
        "FromBankTransactionID": row.from_transaction_id,
        "ToBankTransactionID": row.to_transaction_id,
        "FromIsReconciled": ledger.bank_transactions[row.from_transaction_id].is_reconciled,
        "ToIsReconciled": ledger.bank_transactions[row.to_transaction_id].is_reconciled,
        "Reference": row.reference,
        "CurrencyRate": ledger.bank_transactions[row.from_transaction_id].rate,
        "HasAttachments": False,
        "ValidationErrors": [],
    }
    return present(shown)


def _shown_account(ledger: Ledger, account_id: str) -> dict[str, Any]:
    account = ledger.accounts[account_id]
    return {"AccountID": account.id, "Code": account.code, "Name": account.name}


def _found(call: Call) -> BankTransfer:
    row = call.ledger.bank_transfers.get(call.ids[0].lower())
    if row is None:
        raise no_such_thing()
    return row


def _write(call: Call, write: Callable[[Element], BankTransfer], *, together: bool = False) -> Answer:
    def show(row: BankTransfer) -> dict[str, Any]:
        return _shown(call.ledger, row)

    return write_each(call, "BankTransfers", write, show, flag=None, stories=False, together=together)


_LISTING: Listing[BankTransfer] = Listing(
    "BankTransfers",
    {
        "BankTransferID": lambda row: row.id,
        "Status": lambda row: row.status,
        "Reference": lambda row: row.reference,
        "Date": lambda row: row.transferred_on,
        "Amount": lambda row: wire.amount(row.amount),
        "CreatedDateUTC": lambda row: row.created_at,
        "FromBankAccount.AccountID": lambda row: row.from_account_id,
        "ToBankAccount.AccountID": lambda row: row.to_account_id,
    },
    {"Reference": ("reference", str)},
    paged=False,
)
