"""What Stripe says of the business, in the auditor's words: five lists, read whole."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from iso4217 import Currency

from demo.auditor import Books, Document
from demo.stripe_account import StripeAccount

Row = Mapping[str, Any]

_OWING = frozenset({"open", "uncollectible"})


def read_stripe(stripe: StripeAccount) -> Books:
    invoices = [row for row in stripe.all("invoices") if row["status"] != "draft"]
    standing = [row for row in invoices if row["status"] != "void"]
    sent = [row for row in standing if not _is_empty(row)]
    numbers = {row["id"]: row["number"] for row in invoices}
    documents = [_invoice(row) for row in sent]
    documents += [_credit_note(row) for row in stripe.all("credit_notes") if row["status"] == "issued"]
    documents += _payments(stripe, numbers)
    documents += [_refund(row) for row in stripe.all("refunds") if row["status"] == "succeeded"]
    return Books(
        documents,
        _owed(stripe, standing),
        voided=frozenset(row["number"] for row in invoices if row["status"] == "void"),
        empty=frozenset(row["number"] for row in standing if _is_empty(row)),
        given_up=frozenset(row["number"] for row in standing if row["status"] == "uncollectible"),
    )


def _is_empty(invoice: Row) -> bool:
    """An invoice shows its first ten lines; with a total of nothing no more are needed to know."""
    return invoice["total"] == 0 and not any(line["amount"] for line in invoice["lines"]["data"])


def _invoice(row: Row) -> Document:
    amounts = {
        "invoice total": _major(row, row["total"]),
        "invoice tax": _tax(row),
        "invoice due": _major(row, row["amount_remaining"]),
    }
    return Document("invoice", row["number"], _currency(row), amounts)


def _credit_note(row: Row) -> Document:
    amounts = {
        "credit note": _major(row, row["total"]),
        "credit note tax": _tax(row),
        "taken off the invoice": _major(row, row["pre_payment_amount"]),
        "refunded": _major(row, sum(one["amount_refunded"] for one in row["refunds"])),
    }
    return Document("credit note", row["number"], _currency(row), amounts)


def _payments(stripe: StripeAccount, numbers: Mapping[str, str]) -> Iterator[Document]:
    """What was paid by payments that came; each is called by its charge and the invoice that it paid."""
    for row in stripe.all("invoice_payments", status="paid", expand=["data.payment.payment_intent"]):
        charge = row["payment"]["payment_intent"]["latest_charge"]
        amounts = {"payment": _major(row, row["amount_paid"])}
        yield Document("payment", f"{charge} of {numbers[row['invoice']]}", _currency(row), amounts)


def _refund(row: Row) -> Document:
    return Document("refund", row["id"], _currency(row), {"refund": _major(row, row["amount"])})


def _owed(stripe: StripeAccount, standing: Iterable[Row]) -> Mapping[tuple[str, str], Decimal]:
    """Stripe: a balance below zero is the customer's credit, one above it is added to the next invoice."""
    owed: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in standing:
        if row["status"] in _OWING:
            owed[row["customer"], _currency(row)] += _major(row, row["amount_remaining"])
    for customer in stripe.all("customers"):
        if customer["balance"]:
            owed[customer["id"], _currency(customer)] += _major(customer, customer["balance"])
    return owed


def _tax(row: Row) -> Decimal:
    return _major(row, sum(tax["amount"] for tax in row["total_taxes"] or ()))


def _currency(row: Row) -> str:
    return str(row["currency"]).upper()


def _major(row: Row, minor: int) -> Decimal:
    return Decimal(minor).scaleb(-(Currency(_currency(row)).exponent or 0))
