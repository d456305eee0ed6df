"""Control totals: what the hub's documents of a period add up to, beside what each system says of its own.

A period is a month of the documents' own dates, in the book's time zone. A cent that moved to another month shows here
although the sums of all are equal.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, select

from core.clock import local_date
from core.entities import COUNTING_STATUSES
from core.kinds import Kind
from core.store import schema, standings
from core.store.connections import Connection as Link
from core.store.reading.comparison import COMPARED, REFUNDS
from core.store.reading.refunded import refunded
from core.store.totals import is_gone

_PARTS = ("total", "tax", "due")


@dataclass(frozen=True, slots=True)
class Control:
    connection_id: str
    what: str
    """invoice total, invoice tax, invoice due, credit note, credit note tax, payment, refund"""
    period: str
    """A month, such as 2026-11; empty for what has no date there."""
    currency: str
    ours_minor: int
    theirs_minor: int
    ours_count: int
    """Of documents that amount to something."""
    theirs_count: int

    @property
    def ties(self) -> bool:
        return (self.ours_minor, self.ours_count) == (self.theirs_minor, self.theirs_count)


_Key = tuple[str, str, str]
"""What, period, currency."""
_Sums = dict[_Key, tuple[int, int]]
"""To minor units and how many documents."""


def controls(database: Connection, workspace_id: str, links: Sequence[Link]) -> list[Control]:
    """Of every system and period, those that tie too."""
    ours: dict[tuple[str, str], _Sums] = {}
    went_back = refunded(database, workspace_id)
    (what,) = COMPARED[Kind.REFUND].values()
    found = []
    for link in links:
        book = (link.book_id, link.book.time_zone)
        if book not in ours:
            ours[book] = _ours(database, workspace_id, *book)
        theirs = _theirs(database, workspace_id, link.id)
        theirs |= {
            (what, one.period, one.currency): (one.minor, one.count)
            for one in went_back
            if one.connection_id == link.id
        }
        for key in sorted(ours[book].keys() | theirs.keys()):
            (minor, count), (there, count_there) = ours[book].get(key, (0, 0)), theirs.get(key, (0, 0))
            found.append(Control(link.id, *key, minor, there, count, count_there))
    return found


def _theirs(database: Connection, workspace_id: str, connection_id: str) -> _Sums:
    standing = schema.standing
    period = standings.period(standing.c.dated_on)
    rows = database.execute(
        select(
            standing.c.kind,
            period.label("period"),
            standing.c.currency,
            *(func.sum(standing.c[f"{part}_minor"]).label(part) for part in _PARTS),
            *(func.sum(case((standing.c[f"{part}_minor"] != 0, 1), else_=0)).label(f"{part}_count") for part in _PARTS),
        )
        .where(
            standing.c.workspace_id == workspace_id,
            standing.c.connection_id == connection_id,
            standing.c.counts,
            standing.c.kind.not_in(REFUNDS),
        )
        .group_by(standing.c.kind, period, standing.c.currency)
    ).mappings()
    return {
        (what, row["period"], row["currency"]): (int(row[part]), int(row[f"{part}_count"]))
        for row in rows
        for part, what in COMPARED.get(row["kind"], {}).items()
        if row[f"{part}_count"]
    }


def _ours(database: Connection, workspace_id: str, book_id: str, zone: str) -> _Sums:
    sums: defaultdict[_Key, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for kind, query in _QUERIES.items():
        of_book = query.where(schema.record.c.workspace_id == workspace_id, schema.record.c.book_id == book_id)
        for row in database.execute(of_book).mappings():
            period = _period(row["moment"], zone)
            for part, what in COMPARED[kind].items():
                if row[part]:
                    minor, count = sums[what, period, row["currency"]]
                    sums[what, period, row["currency"]] = (minor + int(row[part]), count + 1)
    return sums


def _period(moment: datetime | None, zone: str) -> str:
    return local_date(moment, zone)[: standings.MONTH] if moment else ""


def _queries() -> Iterator[tuple[Kind, Select[Any]]]:
    record, invoice, note = schema.record, schema.invoice, schema.credit_note
    payment, part, refund = schema.payment, schema.payment_application, schema.refund
    yield (
        Kind.INVOICE,
        select(
            invoice.c.currency,
            invoice.c.issued_at.label("moment"),
            invoice.c.total_minor.label("total"),
            invoice.c.tax_minor.label("tax"),
            invoice.c.due_minor.label("due"),
        )
        .join(record, and_(record.c.workspace_id == invoice.c.workspace_id, record.c.id == invoice.c.id))
        .where(invoice.c.status.in_(COUNTING_STATUSES)),
    )
    yield (
        Kind.CREDIT_NOTE,
        select(
            note.c.currency,
            note.c.issued_at.label("moment"),
            note.c.total_minor.label("total"),
            note.c.tax_minor.label("tax"),
        )
        .join(record, and_(record.c.workspace_id == note.c.workspace_id, record.c.id == note.c.id))
        .where(~note.c.void),
    )
    # a payment may stand there in parts, one for each invoice
    yield (
        Kind.PAYMENT,
        select(payment.c.currency, payment.c.received_at.label("moment"), part.c.amount_minor.label("total"))
        .join(part, and_(part.c.workspace_id == payment.c.workspace_id, part.c.parent_id == payment.c.id))
        .join(record, and_(record.c.workspace_id == payment.c.workspace_id, record.c.id == payment.c.id))
        .where(payment.c.succeeded),
    )
    yield (
        Kind.REFUND,
        select(refund.c.currency, refund.c.refunded_at.label("moment"), refund.c.amount_minor.label("total"))
        .join(record, and_(record.c.workspace_id == refund.c.workspace_id, record.c.id == refund.c.id))
        .where(is_gone()),
    )


_QUERIES: Mapping[Kind, Select[Any]] = dict(_queries())
