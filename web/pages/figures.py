"""The comparison as people read it: a row for each sum, a column for each system, one verdict over all documents."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy import Connection as Database

from connectors.contract import Role
from connectors.registry import CONNECTORS
from core.store import connections
from core.store.advice import acquaint
from core.store.connections import Connection
from core.store.reading import comparison
from core.store.reading.comparison import COMPARED, SHOWN_MAX, Difference
from core.store.reading.control import Control, controls
from core.store.totals import totals
from web.pages import here
from web.pages.steady import Steady
from worker.hub import Hub

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


@dataclass(frozen=True, slots=True)
class Figures:
    as_of: datetime
    columns: Columns
    differences: Sequence[Difference]
    loose: Sequence[Control]
    """Totals of a month that do not tie."""

    @property
    def verdict(self) -> Verdict:
        counts = Counter(one.state for one in self.differences)
        listed = Counter(one.connection_id for one in self.differences)
        return Verdict(counts, more=max(listed.values(), default=0) >= SHOWN_MAX)

    @property
    def stand(self) -> str:
        """Nothing yet, equal, moving, or wrong: something that will not become equal by itself."""
        if not self.columns.lines:
            return "nothing yet"
        verdict = self.verdict
        if not verdict.counts:
            # each document is equal, and yet a month is not: somebody dated one into another
            return "wrong" if self.loose else "equal"
        return "wrong" if verdict.wrong else "moving"


def figures() -> Figures:
    """Of the workspace whose page is asked for. They go over all documents, so a large hub's may be a while old."""
    hub, workspace_id = here.hub(), here.workspace_id()
    steady: Steady[Figures] = current_app.extensions["figures"]
    return steady.get(workspace_id, lambda: worked_out(hub, workspace_id))


def worked_out(hub: Hub, workspace_id: str) -> Figures:
    acquaint(hub.store)
    as_of = hub.clock.now()
    with hub.store.read() as database:
        links = {one.id: one for one in connections.connections(database, workspace_id)}
        return Figures(
            as_of,
            _columns(database, workspace_id, links),
            comparison.differences(database, workspace_id, list(links.values())),
            [one for one in controls(database, workspace_id, list(links.values())) if not one.ties],
        )


def _columns(database: Database, workspace_id: str, links: Mapping[str, Connection]) -> Columns:
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
