"""The roles that accounts play in the hub's own books; which ledger account plays one is the bookkeeper's choice."""

from enum import StrEnum
from typing import Self


class AccountRole(StrEnum):
    """Its value is the role's code, which orders a trial balance; `label` is how people read it."""

    label: str

    def __new__(cls, code: str, label: str) -> Self:
        role = str.__new__(cls, code)
        role._value_ = code
        role.label = label
        return role

    RECEIVABLE = "1100", "Accounts receivable"
    ACCRUED_INCOME = "1150", "Accrued income"
    CLEARING = "1200", "Gateway clearing"
    PAYOUTS_IN_TRANSIT = "1210", "Payouts in transit"
    RESERVE = "1220", "Gateway reserve"
    DISPUTES = "1230", "Disputes receivable"
    RETURNED_PAYMENTS = "1240", "Returned payments"
    REFUNDS_TO_CLASSIFY = "1250", "Refunds to classify"
    SUSPENSE = "1290", "Gateway suspense"
    BANK = "1300", "Bank"
    RECEIPTS_OUTSIDE = "1310", "Receipts outside the gateway"
    INPUT_TAX = "1400", "Input tax"
    WITHHELD_TAX = "1410", "Withheld tax"
    DUE_FROM_BOOKS = "1700", "Due from other books"
    OUTPUT_TAX = "2100", "Output tax"
    DEFERRED_REVENUE = "2200", "Deferred revenue"
    PREPAID_USAGE = "2210", "Prepaid usage"
    CUSTOMER_CREDIT = "2300", "Customer credit"
    DUE_TO_CONNECTED = "2400", "Due to connected accounts"
    GATEWAY_LOAN = "2500", "Gateway loan"
    REVENUE = "4000", "Revenue"
    DISCOUNTS = "4100", "Discounts and goodwill"
    PLATFORM_FEES = "4200", "Platform fees earned"
    GATEWAY_FEES = "6000", "Gateway fees"
    DISPUTE_FEES = "6010", "Dispute and return fees"
    CONVERSION_FEES = "6020", "Currency conversion fees"
    APPLICATION_FEES = "6030", "Application fees"
    CONTRIBUTIONS = "6040", "Contributions"
    BAD_DEBT = "6100", "Bad debt"
    BAD_DEBT_RECOVERED = "6110", "Bad debt recovered"
    REALISED_FX = "7000", "Realised FX"
    ROUNDING = "7900", "Rounding"
    CURRENCY_EXCHANGE = "9000", "Currency exchange"
