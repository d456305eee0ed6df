"""Accounts that money moves through, and how much is on them."""

from decimal import Decimal

from sandbox.xero import wire
from sandbox.xero.errors import InvalidError
from sandbox.xero.ledger import Ledger
from sandbox.xero.lines import account_of
from sandbox.xero.rows import Account
from sandbox.xero.wire import Element

_MONEY_IN = frozenset({"ACCRECPAYMENT", "APCREDITPAYMENT", "APOVERPAYMENTPAYMENT", "APPREPAYMENTPAYMENT"})


def money_account(ledger: Ledger, named: Element, currency: str) -> Account:
    """An account that takes payments of a document in this currency."""
    if not wire.given(named, "AccountID") and not wire.given(named, "Code"):
        raise InvalidError("An account must be specified for the payment")
    account = account_of(ledger, named)
    if account is None or account.status != "ACTIVE":
        raise InvalidError("The account could not be found")
    if account.type != "BANK" and not account.enable_payments:
        raise InvalidError("The account must be of type BANK or have payments enabled")
    check_currency_of(ledger, account, currency)
    return account


def bank_account(ledger: Ledger, named: Element) -> Account:
    account = account_of(ledger, named)
    if account is None or account.status != "ACTIVE" or account.type != "BANK":
        raise InvalidError("A valid bank account must be specified")
    return account


def check_currency_of(ledger: Ledger, account: Account, currency: str) -> None:
    allowed = {None, currency, ledger.organisation.base_currency}
    if account.currency not in allowed and ledger.rules.payment_account_must_share_a_currency:
        raise InvalidError("The account must be in the base currency or in the currency of the document")


def in_account_currency(ledger: Ledger, account: Account, currency: str, rate: Decimal, amount: int) -> int:
    """`rate` is what one unit of the base currency buys of `currency`, unless the rule about it is off."""
    if (account.currency or ledger.organisation.base_currency) == currency:
        return amount
    if not ledger.rules.rates_are_foreign_units_for_a_base_unit:
        rate = 1 / rate
    return wire.hundredths(wire.amount(amount) / rate)


def balance(ledger: Ledger, account: Account) -> int:
    """The sum of all that moved it and still stands, in its own currency."""
    paid = sum(
        row.bank_amount if row.type in _MONEY_IN else -row.bank_amount
        for row in ledger.payments.having("account", account.id)
        if row.status == "AUTHORISED"
    )
    moved = sum(
        row.bank_amount if row.type.startswith("RECEIVE") else -row.bank_amount
        for row in ledger.bank_transactions.having("account", account.id)
        if row.status == "AUTHORISED"
    )
    return paid + moved
