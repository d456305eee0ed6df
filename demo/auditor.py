"""An outside reader: sums what Stripe and Xero say through their APIs alone, and matches documents one to one.

It knows nothing of the hub's database. Amounts are Decimals in major units.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import requests
from iso4217 import Currency

from demo.stripe_account import USER_AGENT, StripeAccount

_PAGE = 100
_TIMEOUT_SECONDS = 30

KINDS = ("invoice total", "invoice tax", "invoice due", "payment")

Sums = dict[tuple[str, str], Decimal]
"""(kind, currency) to the sum over all documents."""


@dataclass(frozen=True, slots=True)
class Document:
    """One invoice as one side states it."""

    number: str
    currency: str
    total: Decimal
    tax: Decimal
    due: Decimal
    paid: Decimal


def of_stripe(stripe: StripeAccount) -> list[Document]:
    """Issued invoices, with what was paid on them by payments that came."""
    paid: dict[str, int] = defaultdict(int)
    for payment in stripe.all("invoice_payments", status="paid"):
        paid[payment["invoice"]] += payment["amount_paid"]
    documents = []
    for invoice in stripe.all("invoices"):
        if invoice["status"] in {"draft", "void"}:
            continue
        currency = invoice["currency"].upper()
        documents.append(
            Document(
                number=invoice["number"],
                currency=currency,
                total=_major(invoice["total"], currency),
                tax=_major(sum(tax["amount"] for tax in invoice["total_taxes"] or ()), currency),
                due=_major(invoice["amount_remaining"], currency),
                paid=_major(paid[invoice["id"]], currency),
            )
        )
    return documents


def of_xero(base_url: str, access_token: str, tenant_id: str) -> list[Document]:
    """Sales invoices that count, with the payments that stand on them."""
    headers = {
        "Authorization": f"Bearer {access_token}",
        "xero-tenant-id": tenant_id,
        "Accept": "application/json",
        "User-Agent": USER_AGENT,
    }
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for payment in _pages(f"{base_url}/api.xro/2.0/Payments", "Payments", headers):
        if payment["Status"] == "AUTHORISED":
            paid[payment["Invoice"]["InvoiceID"]] += payment["Amount"]
    return [
        Document(
            number=invoice["InvoiceNumber"],
            currency=invoice["CurrencyCode"],
            total=invoice["Total"],
            tax=invoice["TotalTax"],
            due=invoice["AmountDue"],
            paid=paid[invoice["InvoiceID"]],
        )
        for invoice in _pages(f"{base_url}/api.xro/2.0/Invoices", "Invoices", headers)
        if invoice["Type"] == "ACCREC" and invoice["Status"] in {"AUTHORISED", "PAID"}
    ]


def sums(documents: Iterable[Document]) -> Sums:
    summed: Sums = defaultdict(Decimal)
    for document in documents:
        for kind, amount in zip(KINDS, (document.total, document.tax, document.due, document.paid), strict=True):
            summed[kind, document.currency] += amount
    return summed


def mismatches(ours: Iterable[Document], theirs: Iterable[Document]) -> list[str]:
    """What keeps the documents of two sides from being one to one and equal, a sentence each."""
    left, problems = _by_number(ours)
    right, more = _by_number(theirs)
    problems += more
    problems += [f"{number} is in Stripe only" for number in sorted(left.keys() - right.keys())]
    problems += [f"{number} is in Xero only" for number in sorted(right.keys() - left.keys())]
    problems += [
        f"{number} differs: Stripe has {left[number]}, Xero has {right[number]}"
        for number in sorted(left.keys() & right.keys())
        if left[number] != right[number]
    ]
    return problems


def _by_number(documents: Iterable[Document]) -> tuple[Mapping[str, Document], list[str]]:
    found: dict[str, Document] = {}
    twice = []
    for document in documents:
        if document.number in found:
            twice.append(f"{document.number} stands twice on one side")
        found[document.number] = document
    return found, twice


def _pages(url: str, name: str, headers: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    session = requests.Session()
    session.trust_env = False
    page = 1
    while True:
        response = session.get(
            url,
            params={"page": str(page), "pageSize": str(_PAGE)},
            headers=dict(headers),
            timeout=_TIMEOUT_SECONDS,
        )
        response.raise_for_status()
        rows = response.json(parse_float=Decimal, parse_int=Decimal)[name]
        yield from rows
        if len(rows) < _PAGE:
            return
        page += 1


def _major(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-(Currency(currency).exponent or 0))
