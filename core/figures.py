"""What a document amounts to: the numbers that have to be the same in every system that keeps it."""

from dataclasses import dataclass
from datetime import datetime

from core.clock import local_date
from core.entities import CreditNote, Entity, Invoice, Payment, Refund


@dataclass(frozen=True, slots=True)
class Figures:
    currency: str
    total_minor: int
    """Of a payment: what of it was applied to invoices."""
    tax_minor: int
    due_minor: int
    counts: bool
    """Whether it stands in the books there: neither a draft nor void, deleted or failed."""
    dated_on: str
    """Its own date (ISO) in its book's zone: the period it belongs to. Empty for what has none yet."""


def figures_of(entity: Entity, zone: str) -> Figures | None:
    """In the book's time zone. None for kinds that are not compared by themselves."""

    def day(moment: datetime | None) -> str:
        return local_date(moment, zone) if moment else ""

    match entity:
        case Invoice(currency=currency, total_minor=total, tax_minor=tax, due_minor=due):
            return Figures(currency, total, tax, due, entity.counts, day(entity.issued_at))
        case CreditNote(currency=currency, total_minor=total, tax_minor=tax):
            return Figures(currency, total, tax, 0, not entity.void, day(entity.issued_at))
        case Payment():
            applied = sum(application.amount_minor for application in entity.applications)
            return Figures(entity.currency, applied, 0, 0, entity.succeeded, day(entity.received_at))
        case Refund(currency=currency, amount_minor=amount):
            return Figures(currency, amount, 0, 0, entity.counts, day(entity.refunded_at))
    return None
