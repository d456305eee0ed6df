"""Beside what a ledger shows of our documents: what it says that they amount to."""

from collections.abc import Mapping
from datetime import datetime

from connectors.contract import Reads, Row
from core.kinds import Kind
from core.store import standings
from core.store.work import Work


def stand(
    work: Work, connection_id: str, kind: Kind, reads: Reads | None, rows: Mapping[str, Row], seen_at: datetime
) -> None:
    """Rows by remote id, none of them older than what was shown last."""
    if reads is None or reads.figures is None:
        return
    told = {remote_id: figures for remote_id, row in rows.items() if (figures := reads.figures(row)) is not None}
    standings.keep(work, connection_id, kind, told, seen_at)
