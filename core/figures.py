"""What a document amounts to: the numbers that have to be the same in every system that keeps it."""

from dataclasses import dataclass

from core.entities import CreditNote, Entity, Invoice, Payment


@dataclass(frozen=True, slots=True)
class Figures:
    currency: str
    total_minor: int
    """Of a payment: what of it was applied to invoices."""
    tax_minor: int
    due_minor: int
    counts: bool
    """Whether it stands in the books there: neither a draft nor void, deleted or failed."""


def figures_of(entity: Entity) -> Figures | None:
    """None for kinds that are not compared by themselves."""
    match entity:
        case Invoice():
            return Figures(entity.currency, entity.total_minor, entity.tax_minor, entity.due_minor, entity.counts)
        case CreditNote():
            return Figures(entity.currency, entity.total_minor, entity.tax_minor, 0, not entity.void)
        case Payment():
            applied = sum(application.amount_minor for application in entity.applications)
            return Figures(entity.currency, applied, 0, 0, entity.succeeded)
    return None
