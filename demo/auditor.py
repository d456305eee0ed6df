"""An outside reader: what Stripe and Xero say through their APIs alone, document by document.

It knows nothing of the hub's database. Amounts are Decimals in major units.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

KINDS = (
    "invoice total",
    "invoice tax",
    "invoice due",
    "credit note",
    "credit note tax",
    "payment",
    "refund",
    "receivable",
)

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice, a credit note, a payment or a refund, as one side states it."""

    kind: str
    number: str
    """What both sides call it by."""
    currency: str
    amounts: Mapping[str, Decimal]
    """Those that both sides have to agree on, by name; the names in KINDS are summed up."""


@dataclass(frozen=True, slots=True)
class Total:
    amount: Decimal = _ZERO
    count: int = 0
    """How many have such an amount at all: documents; for receivable, customers."""


Totals = Mapping[tuple[str, str], Total]
"""By (kind, currency)."""


@dataclass(frozen=True, slots=True)
class Books:
    """All that one side says."""

    documents: Sequence[Document]
    owed: Mapping[tuple[str, str], Decimal]
    """What each customer owes, credit taken off, by (its id on that side, currency)."""
    voided: frozenset[str]
    """Numbers of invoices that were issued, and are void."""
    empty: frozenset[str] = field(default=frozenset())
    """Numbers of invoices whose lines are all zero, such as a trial's: they change nothing and are not sent."""
    given_up: frozenset[str] = field(default=frozenset())
    """Numbers of invoices that nobody expects to be paid: they stay due."""


def totals(books: Books) -> Totals:
    summed: dict[tuple[str, str], Total] = defaultdict(Total)

    def add(kind: str, currency: str, amount: Decimal) -> None:
        if amount:
            before = summed[kind, currency]
            summed[kind, currency] = Total(before.amount + amount, before.count + 1)

    for document in books.documents:
        for kind in document.amounts.keys() & KINDS:
            add(kind, document.currency, document.amounts[kind])
    for (_, currency), amount in books.owed.items():
        add("receivable", currency, amount)
    return summed


def mismatches(stripe: Books, xero: Books) -> list[str]:
    """What keeps the documents of the two sides from being one to one and equal, a sentence each."""
    left, problems = _by_name(stripe.documents, "Stripe")
    right, more = _by_name(xero.documents, "Xero")
    problems += more
    problems += [f"{name} is in Stripe only" for name in sorted(left.keys() - right.keys())]
    problems += [f"{name} is in Xero only" for name in sorted(right.keys() - left.keys())]
    for name in sorted(left.keys() & right.keys()):
        problems += _differences(name, left[name], right[name])
    problems += [f"invoice {number} is void in Stripe, not in Xero" for number in sorted(stripe.voided - xero.voided)]
    problems += [f"invoice {number} is void in Xero, not in Stripe" for number in sorted(xero.voided - stripe.voided)]
    return problems


def notes(stripe: Books) -> list[str]:
    """What a reader of the totals may wonder about, a sentence each."""
    due = {one.number: (one.amounts["invoice due"], one.currency) for one in stripe.documents if one.kind == "invoice"}
    said = [f"invoice {number} is VOIDED in Xero too" for number in sorted(stripe.voided)]
    for number in sorted(stripe.given_up):
        amount, currency = due[number]
        said.append(f"invoice {number} is uncollectible, and stays due with {amount} {currency}")
    return said + [f"invoice {number} comes to nothing and is not sent" for number in sorted(stripe.empty)]


def _by_name(documents: Iterable[Document], side: str) -> tuple[dict[str, Document], list[str]]:
    found: dict[str, Document] = {}
    twice = []
    for document in documents:
        name = f"{document.kind} {document.number}"
        if name in found:
            twice.append(f"{name} stands twice in {side}")
        found[name] = document
    return found, twice


def _differences(name: str, ours: Document, theirs: Document) -> list[str]:
    problems = []
    if ours.currency != theirs.currency:
        problems.append(f"{name} is in {ours.currency} in Stripe, in {theirs.currency} in Xero")
    problems += [
        f"{name}: {what} is {ours.amounts.get(what, _ZERO)} in Stripe, {theirs.amounts.get(what, _ZERO)} in Xero"
        for what in sorted(ours.amounts.keys() | theirs.amounts.keys())
        if ours.amounts.get(what, _ZERO) != theirs.amounts.get(what, _ZERO)
    ]
    return problems
