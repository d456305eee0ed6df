"""The chart of accounts."""

from dataclasses import replace
from typing import Any

from sandbox.xero import wire
from sandbox.xero.batches import write_one
from sandbox.xero.calls import Answer, Call
from sandbox.xero.chart import CLASS_OF_TYPE
from sandbox.xero.errors import InvalidError, no_such_thing
from sandbox.xero.ledger import Ledger
from sandbox.xero.listing import Listing, listed
from sandbox.xero.rows import Account
from sandbox.xero.wire import Element

CODE_LENGTH_MAX = 10

_LISTING: Listing[Account] = Listing(
    "Accounts",
    {
        "AccountID": lambda row: row.id,
        "Code": lambda row: row.code,
        "Name": lambda row: row.name,
        "Type": lambda row: row.type,
        "Class": lambda row: row.account_class,
        "Status": lambda row: row.status,
        "TaxType": lambda row: row.tax_type,
        "SystemAccount": lambda row: row.system_account,
        "EnablePaymentsToAccount": lambda row: row.enable_payments,
        "CurrencyCode": lambda row: row.currency,
        "BankAccountNumber": lambda row: row.bank_account_number,
        "UpdatedDateUTC": lambda row: row.updated_at,
    },
    {"Code": ("code", str), "Name": ("name", str.casefold)},
    paged=False,
)


def get_accounts(call: Call) -> Answer:
    return listed(call, call.ledger.accounts, _LISTING, lambda row, _: shown_account(row))


def get_account(call: Call) -> Answer:
    return Answer({"Accounts": [shown_account(_found(call))]})


def put_account(call: Call) -> Answer:
    def write() -> Account:
        (element,) = call.elements("Accounts")[:1]
        return _create(call.ledger, element)

    return write_one(call, "Accounts", write, shown_account)


def post_account(call: Call) -> Answer:
    account = _found(call)

    def write() -> Account:
        (element,) = call.elements("Accounts")[:1]
        return _change(call.ledger, account, element)

    return write_one(call, "Accounts", write, shown_account)


def delete_account(call: Call) -> Answer:
    """Xero deletes what was never used and keeps the row, marked."""
    account = _found(call)

    def write() -> Account:
        if account.system_account or in_use(call.ledger, account):
            raise InvalidError("Account cannot be deleted as it is in use")
        return call.ledger.accounts.put(replace(account, status="DELETED", updated_at=call.ledger.now()))

    return write_one(call, "Accounts", write, shown_account)


def shown_account(row: Account) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "AccountID": row.id,
        "Code": row.code,
        "Name": row.name,
        "Status": row.status,
        "Type": row.type,
        "TaxType": row.tax_type,
        "Class": row.account_class,
        "SystemAccount": row.system_account,
        "Description": row.description,
        "EnablePaymentsToAccount": row.enable_payments,
        "ShowInExpenseClaims": False,
        "BankAccountNumber": row.bank_account_number,
        "BankAccountType": row.bank_account_type,
        "CurrencyCode": row.currency,
        "HasAttachments": False,
        "UpdatedDateUTC": wire.ms_moment(row.updated_at),
        "AddToWatchlist": False,
    }
    return {name: value for name, value in shown.items() if value is not None}


def in_use(ledger: Ledger, account: Account) -> bool:
    if ledger.payments.having("account", account.id) or ledger.bank_transactions.having("account", account.id):
        return True
    documents = (*ledger.invoices, *ledger.credit_notes, *ledger.bank_transactions, *ledger.quotes)
    lines = (line for document in (*documents, *ledger.manual_journals) for line in document.lines)
    return any(line.account_id == account.id for line in lines)


def _found(call: Call) -> Account:
    account = call.ledger.accounts.get(call.ids[0].lower())
    if account is None:
        raise no_such_thing()
    return account


def _create(ledger: Ledger, element: Element) -> Account:
    kind = wire.read_text(element, "Type")
    if kind not in CLASS_OF_TYPE:
        raise InvalidError(f"The account type '{kind or ''}' is not valid")
    code, name = _code_and_name(ledger, element, None)
    currency = wire.read_text(element, "CurrencyCode")
    number = wire.read_text(element, "BankAccountNumber")
    if kind == "BANK":
        currency = currency or ledger.organisation.base_currency
        ledger.check_currency(currency)
        if not number:
            raise InvalidError("A bank account number must be specified for an account of type BANK")
    elif currency or number:
        raise InvalidError("CurrencyCode and BankAccountNumber are only valid for accounts of type BANK")
    account = Account(
        id=ledger.new_id(ledger.accounts, "account", code),
        updated_at=ledger.now(),
        code=code,
        name=name,
        type=kind,
        account_class=CLASS_OF_TYPE[kind],
        tax_type=_tax_type(ledger, element, "NONE"),
        description=wire.read_text(element, "Description"),
        enable_payments=wire.read_flag(element, "EnablePaymentsToAccount") or False,
        bank_account_number=number,
        bank_account_type="BANK" if kind == "BANK" else None,
        currency=currency,
    )
    return ledger.accounts.put(account)


def _change(ledger: Ledger, account: Account, element: Element) -> Account:
    status = wire.read_text(element, "Status") or account.status
    if status not in {"ACTIVE", "ARCHIVED"} or account.status == "DELETED":
        raise InvalidError("The account status is not valid for this update")
    if status == "ARCHIVED" and account.system_account:
        raise InvalidError("System accounts cannot be archived")
    code, name = _code_and_name(ledger, element, account)
    payments = wire.read_flag(element, "EnablePaymentsToAccount")
    changed = replace(
        account,
        code=code,
        name=name,
        status=status,
        tax_type=_tax_type(ledger, element, account.tax_type),
        description=wire.read_text(element, "Description") or account.description,
        enable_payments=account.enable_payments if payments is None else payments,
        updated_at=ledger.now(),
    )
    return ledger.accounts.put(changed)


def _code_and_name(ledger: Ledger, element: Element, before: Account | None) -> tuple[str, str]:
    code = wire.read_text(element, "Code") or (before.code if before else "")
    name = wire.read_text(element, "Name") or (before.name if before else "")
    if not code or len(code) > CODE_LENGTH_MAX:
        raise InvalidError(f"The account code must be specified, with at most {CODE_LENGTH_MAX} characters")
    if not name or len(name) > 150:
        raise InvalidError("The account name must be specified, with at most 150 characters")
    mine = before.id if before else None
    if any(other.id != mine and other.status != "DELETED" for other in ledger.accounts.having("code", code)):
        raise InvalidError("Please enter a unique Code.")
    if any(other.id != mine and other.status != "DELETED" for other in ledger.accounts.having("name", name.casefold())):
        raise InvalidError("Please enter a unique Name.")
    return code, name


def _tax_type(ledger: Ledger, element: Element, usual: str) -> str:
    tax_type = wire.read_text(element, "TaxType") or usual
    if ledger.tax_rates.get(tax_type) is None:
        raise InvalidError(f"The TaxType code '{tax_type}' does not exist")
    return tax_type
