"""What a rulebook may look at in a document, and its choices for it. Entities here are in their origin's ids."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.canonical import decimal_text
from core.entities import CreditNote, CreditNoteLine, Invoice, InvoiceLine, Price, TaxRate
from core.reasons import Problem, ReasonCode, problem
from mapping.rulebook import Rulebook
from mapping.slots import SLOTS

Choices = tuple[Mapping[str, str], Sequence[Mapping[str, str]]]
"""Slot to value for the document as a whole, and for each of its lines."""


@dataclass(frozen=True, slots=True)
class Facts:
    document: Mapping[str, str]
    lines: Sequence[Mapping[str, str]] = ()


def invoice_facts(invoice: Invoice, tax_rates: Mapping[str, TaxRate], *, book: str, country: str = "") -> Facts:
    """`tax_rates` by the ids that the lines use (KeyError for one that is not there); `country` is the customer's."""
    document = {"currency": invoice.currency, "book": book}
    return Facts(document, tuple(document | _line_facts(line, tax_rates, country) for line in invoice.lines))


def _line_facts(line: InvoiceLine, tax_rates: Mapping[str, TaxRate], country: str) -> dict[str, str]:
    rates = [tax_rates[tax.rate] for tax in line.taxes]
    return {
        "price": line.price or "",
        "product": line.product or "",
        "country": next((rate.country for rate in rates if rate.country), country),
        "tax": decimal_text(sum((rate.percentage for rate in rates), Decimal())) if rates else "",
        "tax_inclusive": "yes" if any(tax.inclusive for tax in line.taxes) else "no",
    }


def price_facts(price: Price, price_id: str, *, book: str) -> Facts:
    return Facts({"price": price_id, "product": price.product, "currency": price.currency, "book": book})


def credit_note_facts(
    note: CreditNote, invoice: Invoice, tax_rates: Mapping[str, TaxRate], *, book: str, country: str = ""
) -> Facts:
    """A line is told by the invoice's line that it takes back, so that it goes to the same account and code."""
    document = {"currency": note.currency, "book": book}
    credited = {line.id: line for line in invoice.lines}
    return Facts(
        document,
        tuple(
            document | _line_facts(credited.get(line.invoice_line) or _own(line), tax_rates, country)
            for line in note.lines
        ),
    )


def _own(line: CreditNoteLine) -> InvoiceLine:
    """A credit of an amount of its own: no price, no product, but its taxes."""
    return InvoiceLine(line.description, line.quantity, line.net_minor, line.taxes)


def money_facts(settled_currency: str, *, book: str) -> Facts:
    """The currency is the one that the gateway settles in: its balance is where the money is."""
    return Facts({"currency": settled_currency, "book": book})


def choices(
    rulebook: Rulebook,
    document_slots: Sequence[str],
    line_slots: Sequence[str],
    facts: Facts,
    *,
    document: str,
    connection: str,
) -> Choices | Problem:
    """All of a document's choices, or the first that no rule gives. `document` and `connection` as people call them."""

    def chosen(slots: Sequence[str], of: Mapping[str, str]) -> Mapping[str, str] | Problem:
        values = {}
        for slot in slots:
            value = rulebook.choose(slot, of)
            if value is None:
                return problem(
                    ReasonCode.SLOT_UNMAPPED, document=document, slot=slot, facts=_told(slot, of), connection=connection
                )
            values[slot] = value
        return values

    whole = chosen(document_slots, facts.document)
    if isinstance(whole, Problem):
        return whole
    lines = []
    for of in facts.lines:
        line = chosen(line_slots, of)
        if isinstance(line, Problem):
            return line
        lines.append(line)
    return whole, tuple(lines)


def _told(slot: str, facts: Mapping[str, str]) -> str:
    """What a rule for it could ask for, in words: "price price_1, currency EUR, tax 19"."""
    return ", ".join(f"{name.replace('_', ' ')} {facts[name]}" for name in SLOTS[slot] if facts.get(name))
