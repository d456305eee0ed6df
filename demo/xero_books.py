"""What Xero says of the business, in the auditor's words: four lists, read whole."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import requests

from demo.auditor import Books, Document
from demo.stripe_account import USER_AGENT

Row = Mapping[str, Any]

_PAGE = 1000
_TIMEOUT_SECONDS = 30
_STANDING = frozenset({"AUTHORISED", "PAID"})


class XeroOrganisation:
    def __init__(self, base_url: str, access_token: str, tenant_id: str) -> None:
        self._root = f"{base_url}/api.xro/2.0"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update(
            {
                "Authorization": f"Bearer {access_token}",
                "xero-tenant-id": tenant_id,
                "Accept": "application/json",
                "User-Agent": USER_AGENT,
            }
        )

    def create(self, name: str, element: Row) -> Row:
        response = self._session.put(f"{self._root}/{name}", json=element, timeout=_TIMEOUT_SECONDS)
        response.raise_for_status()
        (made,) = response.json()[name]
        return dict(made)

    def all(self, name: str) -> Iterator[Row]:
        """Every element of a list, page by page, its numbers as Decimals."""
        page = 1
        while True:
            response = self._session.get(
                f"{self._root}/{name}", params={"page": page, "pageSize": _PAGE}, timeout=_TIMEOUT_SECONDS
            )
            response.raise_for_status()
            rows = response.json(parse_float=Decimal, parse_int=Decimal)[name]
            yield from rows
            if len(rows) < _PAGE:
                return
            page += 1


def read_xero(xero: XeroOrganisation, refunds_account: str) -> Books:
    """`refunds_account` takes what went back without a credit note: a code."""
    invoices = [row for row in xero.all("Invoices") if row["Type"] == "ACCREC"]
    notes = [row for row in xero.all("CreditNotes") if row["Type"] == "ACCRECCREDIT" and row["Status"] in _STANDING]
    payments = [row for row in xero.all("Payments") if row["Status"] == "AUTHORISED"]
    standing = [row for row in invoices if row["Status"] in _STANDING]
    documents = [_invoice(row) for row in standing]
    documents += [_credit_note(row) for row in notes]
    documents += [_payment(row) for row in payments if row["PaymentType"] == "ACCRECPAYMENT"]
    documents += _refunds(payments, xero.all("BankTransactions"), refunds_account)
    voided = frozenset(row["InvoiceNumber"] for row in invoices if row["Status"] == "VOIDED")
    return Books(documents, _owed(standing, notes), voided)


def _invoice(row: Row) -> Document:
    amounts = {"invoice total": row["Total"], "invoice tax": row["TotalTax"], "invoice due": row["AmountDue"]}
    return Document("invoice", row["InvoiceNumber"], row["CurrencyCode"], amounts)


def _credit_note(row: Row) -> Document:
    amounts = {
        "credit note": row["Total"],
        "credit note tax": row["TotalTax"],
        "taken off the invoice": sum((one["Amount"] for one in row.get("Allocations", ())), Decimal(0)),
        "refunded": sum((one["Amount"] for one in row.get("Payments", ())), Decimal(0)),
    }
    return Document("credit note", row["CreditNoteNumber"], row["CurrencyCode"], amounts)


def _payment(row: Row) -> Document:
    invoice = row["Invoice"]
    number = f"{row['Reference']} of {invoice['InvoiceNumber']}"
    return Document("payment", number, invoice["CurrencyCode"], {"payment": row["Amount"]})


def _refunds(payments: Iterable[Row], transactions: Iterable[Row], refunds_account: str) -> list[Document]:
    """What was paid out on credit notes, and what was spent without one: together what the gateway gave back.

    A credit note paid out of `refunds_account` explains what had been spent before, and moves no money.
    """
    gone: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in payments:
        # Xero: what a payment pays out is shown as an invoice, whatever it is
        if row["PaymentType"] == "ARCREDITPAYMENT" and row["Account"].get("Code") != refunds_account:
            gone[row["Reference"], row["Invoice"]["CurrencyCode"]] += row["Amount"]
    for row in transactions:
        if row["Type"] == "SPEND" and row["Status"] == "AUTHORISED" and _is_for(row, refunds_account):
            gone[row["Reference"], row["CurrencyCode"]] += row["Total"]
    return [Document("refund", number, currency, {"refund": amount}) for (number, currency), amount in gone.items()]


def _is_for(transaction: Row, account: str) -> bool:
    return any(line.get("AccountCode") == account for line in transaction["LineItems"])


def _owed(invoices: Iterable[Row], notes: Iterable[Row]) -> Mapping[tuple[str, str], Decimal]:
    owed: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in invoices:
        owed[row["Contact"]["ContactID"], row["CurrencyCode"]] += row["AmountDue"]
    for row in notes:
        owed[row["Contact"]["ContactID"], row["CurrencyCode"]] -= row["RemainingCredit"]
    return owed
