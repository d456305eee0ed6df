"""The safety stop: much of what stands there is not changed within a day before a person has looked.

A mistake in a rule, in a translator, or about whose account this is makes thousands of documents different at once.
What changes by itself (somebody moves, an invoice is voided) is few a day. What is new is not held up: it takes nothing
away.
"""

from datetime import timedelta

from core.kinds import Kind
from core.reasons import Reason, ReasonCode
from core.store import lanes, links, outbox
from core.store.connections import CHANGES_AGREED_UNTIL
from core.store.work import Work
from worker.lane import Held

FEW = 100
_ONE_IN = 10
_WITHIN = timedelta(days=1)


def too_many(there: int, concerned: int) -> bool:
    """Whether so many of those that stand there are more than a few, and more than one in ten."""
    return concerned > max(FEW, there // _ONE_IN)


def why_not(work: Work, held: Held, kind: Kind, changing: int, *, is_full: bool) -> Reason | None:
    """Why so many documents may not be changed there now, or None, and they are counted.

    A batch that is full of them may be the first of very many: then those that wait behind it count too.
    """
    connection = held.connection
    if connection.is_before(CHANGES_AGREED_UNTIL, work.now):
        return None
    so_far = lanes.changes(work, held.lane, _WITHIN)
    concerned = so_far + outbox.stopped_changes(work, connection.id, kind)
    concerned += outbox.changes_ahead(work, connection.id, kind) if is_full else changing
    if concerned > FEW:
        there = links.count(work.connection, work.workspace_id, connection.id, [kind])
        if too_many(there, concerned):
            return Reason(ReasonCode.MASS_CHANGE, {"count": f"{concerned:,}", "there": f"{there:,}"})
    lanes.count_changes(work, held.lane, so_far, changing)
    return None
