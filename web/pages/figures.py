"""The comparison as people read it: a row for each sum, a column for each system, one verdict over all documents."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection as Database

from connectors.contract import Role
from connectors.registry import CONNECTORS
from core.store.connections import Connection
from core.store.reading import comparison
from core.store.reading.comparison import COMPARED, SHOWN_MAX, Difference
from core.store.totals import totals

WHAT = list(dict.fromkeys(what for parts in COMPARED.values() for what in parts.values()))


@dataclass(frozen=True, slots=True)
class Line:
    what: str
    currency: str
    amounts: Sequence[int]
    """One for each column."""

    @property
    def difference(self) -> int:
        return max(self.amounts) - min(self.amounts)


@dataclass(frozen=True, slots=True)
class Columns:
    names: Sequence[str]
    """Gateways, then the hub, then who is written to."""
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Verdict:
    counts: Mapping[str, int]
    """By state."""
    more: bool
    """Whether there are more differences than were counted."""

    @property
    def wrong(self) -> int:
        """What will not become equal by itself."""
        return sum(count for state, count in self.counts.items() if state not in {"on its way", "to be confirmed"})


def columns(database: Database, workspace_id: str, links: Mapping[str, Connection]) -> Columns:
    gateways = [one for one in links.values() if CONNECTORS[one.vendor].role is Role.GATEWAY]
    others = [one for one in links.values() if CONNECTORS[one.vendor].role is not Role.GATEWAY]
    there = comparison.sums(database, workspace_id)
    ours = {key: total.minor for key, total in totals(database, workspace_id).items()}
    held = [*(there.get(one.id, {}) for one in gateways), ours, *(there.get(one.id, {}) for one in others)]
    currencies = sorted({currency for column in held for _, currency in column})
    lines = [
        Line(what, currency, [column.get((what, currency), 0) for column in held])
        for what in WHAT
        for currency in currencies
    ]
    names = [*(one.name for one in gateways), "Subledger", *(one.name for one in others)]
    return Columns(names, [line for line in lines if any(line.amounts) or line.what == WHAT[0]])


def verdict(differences: Sequence[Difference]) -> Verdict:
    counts = Counter(one.state for one in differences)
    return Verdict(counts, more=max(Counter(one.connection_id for one in differences).values(), default=0) >= SHOWN_MAX)
