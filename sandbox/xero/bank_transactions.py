"""Money spent and received; RECEIVE-OVERPAYMENT and its like also make a credit that invoices can use."""

from dataclasses import replace
from typing import Any

from sandbox.xero import wire
from sandbox.xero.amounts import NO_TAX, totals
from sandbox.xero.bank_accounts import bank_account, check_currency_of, in_account_currency
from sandbox.xero.batches import write_each
from sandbox.xero.calls import Answer, Call
from sandbox.xero.contacts import contact_of_document, shown_in_document
from sandbox.xero.credits import OVERPAYMENT, PREPAYMENT, CreditKind, table_of
from sandbox.xero.documents import Head, present, read_head
from sandbox.xero.errors import InvalidError, no_such_thing
from sandbox.xero.ledger import Ledger
from sandbox.xero.lines import Terms, read_lines, shown_line
from sandbox.xero.listing import Listing, listed
from sandbox.xero.rows import Account, BankTransaction, Credit, Line
from sandbox.xero.wire import Element

PLAIN = ("SPEND", "RECEIVE")
CREDIT_OF_TYPE: dict[str, CreditKind] = {
    "RECEIVE-OVERPAYMENT": OVERPAYMENT,
    "SPEND-OVERPAYMENT": OVERPAYMENT,
    "RECEIVE-PREPAYMENT": PREPAYMENT,
    "SPEND-PREPAYMENT": PREPAYMENT,
}


def get_bank_transactions(call: Call) -> Answer:
    ledger = call.ledger
    return listed(
        call,
        ledger.bank_transactions,
        _listing(ledger),
        lambda row, whole: shown_bank_transaction(ledger, row, call.unit_places, whole=whole),
    )


def get_bank_transaction(call: Call) -> Answer:
    return Answer({"BankTransactions": [shown_bank_transaction(call.ledger, _found(call), call.unit_places)]})


def put_bank_transactions(call: Call) -> Answer:
    return _write(call, lambda element: _create(call, element))


def post_bank_transactions(call: Call) -> Answer:
    def write(element: Element) -> BankTransaction:
        transaction_id = wire.read_text(element, "BankTransactionID")
        if transaction_id is None:
            return _create(call, element)
        found = call.ledger.bank_transactions.get(transaction_id.lower())
        if found is None:
            raise InvalidError("Bank transaction not found")
        return _change(call, found, element)

    return _write(call, write)


def post_bank_transaction(call: Call) -> Answer:
    found = _found(call)
    return _write(call, lambda element: _change(call, found, element))


def shown_bank_transaction(
    ledger: Ledger, row: BankTransaction, unit_places: int, *, whole: bool = True
) -> dict[str, Any]:
    account = ledger.accounts[row.account_id]
    credit = CREDIT_OF_TYPE.get(row.type)
    shown: dict[str, Any] = {
        "BankTransactionID": row.id,
        "BankAccount": {"AccountID": account.id, "Code": account.code, "Name": account.name},
        "Type": row.type,
        "Reference": row.reference or "",
        "Url": row.url,
        "IsReconciled": row.is_reconciled,
        "HasAttachments": False,
        credit.id_name if credit else "OverpaymentID": row.credit_id,
        "CurrencyRate": row.rate,
        "Contact": shown_in_document(ledger.contacts[row.contact_id]) if row.contact_id else None,
        "DateString": wire.iso_midnight(row.issued_on),
        "Date": wire.ms_date(row.issued_on),
        "Status": row.status,
        "LineAmountTypes": row.line_amount_types,
        "LineItems": [shown_line(ledger, line, unit_places) for line in row.lines] if whole else [],
        "SubTotal": wire.amount(row.totals.subtotal),
        "TotalTax": wire.amount(row.totals.tax),
        "Total": wire.amount(row.totals.total),
        "UpdatedDateUTC": wire.ms_moment(row.updated_at),
        "CurrencyCode": row.currency,
    }
    return present(shown)


def _create(call: Call, element: Element) -> BankTransaction:
    ledger = call.ledger
    kind = wire.read_text(element, "Type")
    if kind not in {*PLAIN, *CREDIT_OF_TYPE}:
        raise InvalidError("The bank transaction Type is not valid")
    if wire.read_text(element, "Status") not in {None, "AUTHORISED"}:
        raise InvalidError("Bank transaction not of valid status for creation")
    account = bank_account(ledger, wire.read_element(element, "BankAccount"))
    head = _head(ledger, element, account, kind, None)
    contact = contact_of_document(ledger, element)
    transaction = BankTransaction(
        id=ledger.new_id(ledger.bank_transactions, "bank_transaction", kind, account.id, head.date, head.reference),
        updated_at=ledger.now(),
        type=kind,
        account_id=account.id,
        issued_on=head.date,
        currency=head.currency,
        rate=head.rate,
        line_amount_types=head.line_amount_types,
        lines=(),
        totals=totals((), head.line_amount_types),
        bank_amount=0,
        contact_id=contact.id,
        reference=head.reference,
    )
    transaction = _with_lines(call, element, transaction, account)
    if credit_kind := CREDIT_OF_TYPE.get(kind):
        credit = _credit(ledger, transaction, credit_kind)
        transaction = replace(transaction, credit_id=credit.id)
    return ledger.bank_transactions.put(transaction)


def _change(call: Call, found: BankTransaction, element: Element) -> BankTransaction:
    ledger = call.ledger
    before = ledger.bank_transactions[found.id]
    if before.status != "AUTHORISED" or before.type.endswith("-TRANSFER"):
        raise InvalidError("Bank transaction not of valid status for modification")
    if before.is_reconciled:
        raise InvalidError("This Bank Transaction cannot be edited as it has been reconciled with a Bank Statement.")
    ledger.check_lock_dates(before.issued_on)
    status = wire.read_text(element, "Status") or before.status
    if status in {"DELETED", "VOIDED"}:
        return _delete(ledger, before)
    if status != "AUTHORISED" or before.credit_id is not None:
        raise InvalidError("Bank transaction not of valid status for modification")
    if wire.read_text(element, "Type") not in {None, before.type}:
        raise InvalidError("The Type of a document cannot be changed")
    account = ledger.accounts[before.account_id]
    if wire.given(element, "BankAccount"):
        account = bank_account(ledger, wire.read_element(element, "BankAccount"))
    head = _head(ledger, element, account, before.type, before)
    contact_id = before.contact_id
    if wire.given(element, "Contact"):
        contact_id = contact_of_document(ledger, element).id
    changed = replace(
        before,
        updated_at=ledger.now(),
        account_id=account.id,
        issued_on=head.date,
        currency=head.currency,
        rate=head.rate,
        line_amount_types=head.line_amount_types,
        contact_id=contact_id,
        reference=head.reference,
    )
    return ledger.bank_transactions.put(_with_lines(call, element, changed, account))


def _delete(ledger: Ledger, before: BankTransaction) -> BankTransaction:
    if (kind := CREDIT_OF_TYPE.get(before.type)) and before.credit_id:
        credit = table_of(ledger, kind)[before.credit_id]
        if credit.applied:
            raise InvalidError("This document cannot be voided as it has a payment or credit note allocated to it.")
        table_of(ledger, kind).put(replace(credit, status="VOIDED", updated_at=ledger.now()))
    return ledger.bank_transactions.put(replace(before, status="DELETED", updated_at=ledger.now()))


def _head(ledger: Ledger, element: Element, account: Account, kind: str, before: BankTransaction | None) -> Head:
    """In the account's currency; only overpayments may name another one."""
    base = ledger.organisation.base_currency
    currency = account.currency or base
    if kind.endswith("-OVERPAYMENT"):
        currency = wire.read_text(element, "CurrencyCode") or currency
        check_currency_of(ledger, account, currency)
    elif wire.read_text(element, "CurrencyCode") not in {None, currency}:
        raise InvalidError("The currency of a bank transaction is that of its bank account")
    earlier = None
    if before is not None:
        earlier = Head(before.issued_on, before.currency, before.rate, before.line_amount_types, before.reference)
    head = read_head(ledger, {**element, "CurrencyCode": currency}, earlier)
    ledger.check_lock_dates(head.date)
    return head


def _with_lines(call: Call, element: Element, transaction: BankTransaction, account: Account) -> BankTransaction:
    ledger = call.ledger
    reconciled = wire.read_flag(element, "IsReconciled")
    transaction = replace(
        transaction,
        url=wire.read_text(element, "Url") or transaction.url,
        is_reconciled=transaction.is_reconciled if reconciled is None else reconciled,
    )
    lines = transaction.lines
    if wire.given(element, "LineItems"):
        lines = _lines(call, element, transaction)
    if not lines:
        raise InvalidError("One or more line items must be specified")
    sums = totals(lines, transaction.line_amount_types)
    if sums.total <= 0:
        raise InvalidError("The total of a bank transaction must be greater than zero")
    moved = in_account_currency(ledger, account, transaction.currency, transaction.rate, sums.total)
    return replace(transaction, lines=lines, totals=sums, bank_amount=moved)


def _lines(call: Call, element: Element, transaction: BankTransaction) -> tuple[Line, ...]:
    elements = wire.read_elements(element, "LineItems")
    overpaid = CREDIT_OF_TYPE.get(transaction.type) is OVERPAYMENT
    if overpaid and (len(elements) != 1 or transaction.line_amount_types != NO_TAX):
        raise InvalidError("An overpayment has exactly one line item, with LineAmountTypes NoTax")
    terms = Terms(
        line_amount_types=transaction.line_amount_types,
        unit_places=call.unit_places,
        sale=transaction.type.startswith("RECEIVE"),
        coded=not overpaid,
        discounts=False,
    )
    if overpaid:  # Xero books it on the control account whatever the line says
        elements = [{name: value for name, value in elements[0].items() if not name.startswith("Account")}]
    return read_lines(call.ledger, elements, terms, transaction.id, transaction.lines)


def _credit(ledger: Ledger, transaction: BankTransaction, kind: CreditKind) -> Credit:
    credit = Credit(
        id=ledger.new_id(table_of(ledger, kind), kind.kind, transaction.id),
        updated_at=transaction.updated_at,
        type=transaction.type,
        number="",
        contact_id=transaction.contact_id or "",
        issued_on=transaction.issued_on,
        status="AUTHORISED",
        currency=transaction.currency,
        rate=transaction.rate,
        line_amount_types=transaction.line_amount_types,
        lines=transaction.lines,
        totals=transaction.totals,
        reference=transaction.reference,
    )
    return table_of(ledger, kind).put(credit)


def _found(call: Call) -> BankTransaction:
    row = call.ledger.bank_transactions.get(call.ids[0].lower())
    if row is None:
        raise no_such_thing()
    return row


def _write(call: Call, write: Any) -> Answer:
    return write_each(
        call,
        "BankTransactions",
        write,
        lambda row: shown_bank_transaction(call.ledger, row, call.unit_places),
        flag=None,
    )


def _listing(ledger: Ledger) -> Listing[BankTransaction]:
    return Listing(
        "BankTransactions",
        {
            "BankTransactionID": lambda row: row.id,
            "Type": lambda row: row.type,
            "Status": lambda row: row.status,
            "Reference": lambda row: row.reference,
            "Date": lambda row: row.issued_on,
            "Total": lambda row: wire.amount(row.totals.total),
            "IsReconciled": lambda row: row.is_reconciled,
            "CurrencyCode": lambda row: row.currency,
            "UpdatedDateUTC": lambda row: row.updated_at,
            "BankAccount.AccountID": lambda row: row.account_id,
            "BankAccount.Code": lambda row: ledger.accounts[row.account_id].code,
            "Contact.ContactID": lambda row: row.contact_id,
            "Contact.Name": lambda row: ledger.contacts[row.contact_id].name if row.contact_id else None,
        },
        {
            "Reference": ("reference", str),
            "BankAccount.AccountID": ("account", str),
            "Contact.ContactID": ("contact", str),
        },
    )
