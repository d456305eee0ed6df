"""What went back to customers, as every system shows it.

In a ledger a refund stands by itself, or as what pays out the credit notes that explain it: then these together are it.
What pays out a credit note of a refund that stands by itself moves no money.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, FromClause, Select, Table, and_, case, exists, func, literal, select, union_all

from core.kinds import Kind
from core.store import schema, standings


@dataclass(frozen=True, slots=True)
class Sum:
    connection_id: str
    period: str
    """The month of the documents' own dates there; empty for what has none."""
    currency: str
    """Of the refunds, whatever the currency of the account that the money left."""
    minor: int
    count: int


def refunded(database: Connection, workspace_id: str) -> list[Sum]:
    one = union_all(_by_themselves(workspace_id), _paid_out(workspace_id)).subquery()
    place = (one.c.connection_id, standings.period(one.c.dated_on), one.c.currency)
    rows = database.execute(select(*place, func.sum(one.c.minor), func.count()).group_by(*place))
    return [Sum(there, month, currency, int(minor), count) for there, month, currency, minor, count in rows]


def _by_themselves(workspace_id: str) -> Select[tuple[str, str, str, int]]:
    """What left an account of another currency is taken at what it settled for; with another amount it is nothing of
    this currency, and its document tells how far it is off.
    """
    refund, standing = schema.refund, schema.standing
    settled = and_(standing.c.currency == refund.c.settled_currency, standing.c.total_minor == refund.c.settled_minor)
    minor = case((standing.c.currency == refund.c.currency, standing.c.total_minor), (settled, refund.c.amount_minor))
    return (
        select(standing.c.connection_id, standing.c.dated_on, refund.c.currency, func.coalesce(minor, 0).label("minor"))
        .select_from(_shown(refund, Kind.REFUND))
        .where(refund.c.workspace_id == workspace_id, standing.c.counts)
    )


def _paid_out(workspace_id: str) -> Select[tuple[str, str, str, int]]:
    part, link, standing = schema.credit_refund, schema.link, schema.standing
    own = link.alias()
    stands_by_itself = exists(literal(1)).where(
        own.c.workspace_id == part.c.workspace_id,
        own.c.connection_id == standing.c.connection_id,
        own.c.record_id == part.c.refund_id,
    )
    return (
        select(
            standing.c.connection_id,
            func.min(standing.c.dated_on).label("dated_on"),
            part.c.currency,
            func.sum(standing.c.total_minor).label("minor"),
        )
        .select_from(_shown(part, Kind.CREDIT_REFUND))
        .where(part.c.workspace_id == workspace_id, standing.c.counts, ~stands_by_itself)
        .group_by(standing.c.connection_id, part.c.refund_id, part.c.currency)
    )


def _shown(table: Table, kind: Kind) -> FromClause:
    """Records, with what each system that has them last showed of them."""
    link, standing = schema.link, schema.standing
    return table.join(
        link,
        and_(link.c.workspace_id == table.c.workspace_id, link.c.record_id == table.c.id, link.c.kind == kind.value),
    ).join(standing, standings.of_link())
