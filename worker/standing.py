"""Beside every observation: what the system then said the document amounts to."""

from collections.abc import Mapping
from datetime import datetime

from connectors.contract import Reads, Row
from core.figures import Figures, figures_of
from core.kinds import Kind
from core.reasons import Problem
from core.store import standings
from core.store.work import Work


def stand(
    work: Work, connection_id: str, kind: Kind, reads: Reads | None, rows: Mapping[str, Row], seen_at: datetime
) -> None:
    """Rows by remote id, none of them older than what was shown last."""
    if reads is None:
        return
    told = {remote_id: figures for remote_id, row in rows.items() if (figures := _figures(reads, row)) is not None}
    standings.keep(work, connection_id, kind, told, seen_at)


def _figures(reads: Reads, row: Row) -> Figures | None:
    if reads.figures is not None:
        return reads.figures(row)
    entity = reads.entity(row) if reads.entity is not None else None
    return None if entity is None or isinstance(entity, Problem) else figures_of(entity)
