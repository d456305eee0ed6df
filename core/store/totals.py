"""What the hub's own records add up to, per kind and currency: its column in every comparison."""

from sqlalchemy import Connection, and_, func, select

from core.entities import InvoiceStatus
from core.store import schema

Totals = dict[tuple[str, str], int]
"""(kind, currency) to minor units."""


def totals(database: Connection, workspace_id: str) -> Totals:
    """Issued invoices and credit notes that count, and the payments that came, by what they were applied to."""
    invoice, payment, part = schema.invoice, schema.payment, schema.payment_application
    note = schema.credit_note
    counting = [status.value for status in InvoiceStatus if status not in {InvoiceStatus.DRAFT, InvoiceStatus.VOID}]
    summed: Totals = {}
    for row in database.execute(
        select(
            invoice.c.currency,
            func.sum(invoice.c.total_minor).label("total"),
            func.sum(invoice.c.tax_minor).label("tax"),
            func.sum(invoice.c.due_minor).label("due"),
        )
        .where(invoice.c.workspace_id == workspace_id, invoice.c.status.in_(counting))
        .group_by(invoice.c.currency)
    ):
        summed["invoice total", row.currency] = int(row.total)
        summed["invoice tax", row.currency] = int(row.tax)
        summed["invoice due", row.currency] = int(row.due)
    for credited in database.execute(
        select(note.c.currency, func.sum(note.c.total_minor).label("total"), func.sum(note.c.tax_minor).label("tax"))
        .where(note.c.workspace_id == workspace_id, ~note.c.void)
        .group_by(note.c.currency)
    ):
        summed["credit note total", credited.currency] = int(credited.total)
        summed["credit note tax", credited.currency] = int(credited.tax)
    for paid in database.execute(
        select(payment.c.currency, func.sum(part.c.amount_minor).label("paid"))
        .join(part, and_(part.c.workspace_id == payment.c.workspace_id, part.c.parent_id == payment.c.id))
        .where(payment.c.workspace_id == workspace_id, payment.c.succeeded)
        .group_by(payment.c.currency)
    ):
        summed["payment", paid.currency] = int(paid.paid)
    return summed
