"""The organisation as it is after a reset: a German company that keeps its books in euros and sells in
dollars too. Xero has no German edition, so it is a Global one: OUTPUT, INPUT and NONE are its own tax rates,
the others are the organisation's additions (TAX001, ...), as they would be there.
"""

from decimal import Decimal
from typing import NamedTuple

from sandbox.xero.ledger import Ledger, Organisation
from sandbox.xero.rows import Account, Currency, TaxComponent, TaxRate
from sandbox.xero.rules import Rules

CLASS_OF_TYPE = {
    "BANK": "ASSET",
    "CURRENT": "ASSET",
    "FIXED": "ASSET",
    "INVENTORY": "ASSET",
    "NONCURRENT": "ASSET",
    "PREPAYMENT": "ASSET",
    "CURRLIAB": "LIABILITY",
    "LIABILITY": "LIABILITY",
    "TERMLIAB": "LIABILITY",
    "PAYG": "LIABILITY",
    "EQUITY": "EQUITY",
    "DEPRECIATN": "EXPENSE",
    "DIRECTCOSTS": "EXPENSE",
    "EXPENSE": "EXPENSE",
    "OVERHEADS": "EXPENSE",
    "OTHERINCOME": "REVENUE",
    "REVENUE": "REVENUE",
    "SALES": "REVENUE",
}

SALES_CLASSES = ("ASSET", "EQUITY", "LIABILITY", "REVENUE")
COST_CLASSES = ("ASSET", "EQUITY", "EXPENSE", "LIABILITY")
ALL_CLASSES = ("ASSET", "EQUITY", "EXPENSE", "LIABILITY", "REVENUE")


class _Tax(NamedTuple):
    type: str
    name: str
    rate: str
    report: str
    classes: tuple[str, ...]


class _Account(NamedTuple):
    code: str
    name: str
    type: str
    tax: str = "NONE"
    system: str | None = None
    currency: str | None = None
    payments: bool = False


TAX_RATES = (
    _Tax("OUTPUT", "USt 19 %", "19", "OUTPUT", SALES_CLASSES),
    _Tax("TAX001", "USt 7 %", "7", "OUTPUT", SALES_CLASSES),
    _Tax("TAX002", "TVA 20 %", "20", "OUTPUT", SALES_CLASSES),
    _Tax("TAX003", "TVA 5,5 %", "5.5", "OUTPUT", SALES_CLASSES),
    _Tax("TAX004", "Zero rated", "0", "OUTPUT", SALES_CLASSES),
    _Tax("TAX005", "Reverse charge", "0", "INPUT", COST_CLASSES),
    _Tax("INPUT", "Vorsteuer 19 %", "19", "INPUT", COST_CLASSES),
    _Tax("NONE", "Tax exempt", "0", "NONE", ALL_CLASSES),
)

ACCOUNTS = (
    _Account("200", "Sales", "REVENUE", "OUTPUT"),
    _Account("260", "Other revenue", "REVENUE", "OUTPUT"),
    _Account("404", "Payment processing fees", "EXPENSE"),
    _Account("405", "Dispute losses", "EXPENSE"),
    _Account("497", "Bank revaluations", "EXPENSE", system="BANKCURRENCYGAIN"),
    _Account("498", "Unrealised currency gains", "EXPENSE", system="UNREALISEDCURRENCYGAIN"),
    _Account("499", "Realised currency gains", "EXPENSE", system="REALISEDCURRENCYGAIN"),
    _Account("610", "Accounts receivable", "CURRENT", system="DEBTORS"),
    _Account("800", "Accounts payable", "CURRLIAB", system="CREDITORS"),
    _Account("820", "VAT", "CURRLIAB", system="GST"),
    _Account("840", "Historical adjustment", "CURRLIAB", system="HISTORICAL"),
    _Account("860", "Rounding", "CURRLIAB", system="ROUNDING"),
    _Account("877", "Tracking transfers", "CURRLIAB", system="TRACKINGTRANSFERS"),
    _Account("960", "Retained earnings", "EQUITY", system="RETAINEDEARNINGS"),
    _Account("1200", "Stripe EUR", "BANK", currency="EUR"),
    _Account("1201", "Stripe USD", "BANK", currency="USD"),
    _Account("1210", "Stripe payouts in transit", "BANK", currency="EUR"),
    _Account("1230", "Disputes receivable", "CURRENT", payments=True),
    _Account("1290", "Suspense", "CURRENT"),
    _Account("1300", "Business bank account", "BANK", currency="EUR"),
    _Account("1301", "Business bank account USD", "BANK", currency="USD"),
    _Account("2200", "Deferred revenue", "CURRLIAB"),
    _Account("6100", "Bad debt", "EXPENSE"),
)

CURRENCIES = (("EUR", "Euro"), ("USD", "United States Dollar"))


def open_books(ledger: Ledger, seed: int) -> None:
    """Everything anew; the rules go back to their defaults."""
    ledger.seed = seed
    ledger.organisation, ledger.rules = Organisation(), Rules()
    ledger.removed.clear()
    for table in ledger.tables.values():
        table.clear()
    now = ledger.now()
    for code, description in CURRENCIES:
        ledger.currencies.put(Currency(code, now, description))
    for tax in TAX_RATES:
        components = (TaxComponent("VAT", Decimal(tax.rate)),)
        ledger.tax_rates.put(TaxRate(tax.type, now, tax.name, components, tax.report, classes=tax.classes))
    for account in ACCOUNTS:
        ledger.accounts.put(
            Account(
                id=ledger.new_id(ledger.accounts, "account", account.code),
                updated_at=now,
                code=account.code,
                name=account.name,
                type=account.type,
                account_class=CLASS_OF_TYPE[account.type],
                tax_type=account.tax,
                system_account=account.system,
                enable_payments=account.payments,
                bank_account_number=f"SANDBOX{account.code}" if account.currency else None,
                bank_account_type="BANK" if account.currency else None,
                currency=account.currency,
            )
        )
    ledger.journal.take()
