"""A day's traffic by the hour: what we were told, and what was written elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, and_, case, func, select

from core.ids import first_id
from core.store import schema

HOURS = 24


@dataclass(frozen=True, slots=True)
class Hour:
    begins_at: datetime
    told: int
    written: int


def last_day(database: Connection, workspace_id: str, now: datetime) -> list[Hour]:
    """The 24 hours up to the one that `now` is in. Ids begin with their moment, so the key itself finds them."""
    ends = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    begins = [ends - timedelta(hours=HOURS - hour) for hour in range(HOURS)]
    bounds = [first_id(moment) for moment in (*begins, ends)]
    event, push, member = schema.event, schema.push, schema.push_member
    told = database.execute(
        select(*_by_hour(event.c.id, bounds)).where(
            event.c.workspace_id == workspace_id, event.c.id >= bounds[0], event.c.id < bounds[-1]
        )
    ).one()
    written = database.execute(
        select(*_by_hour(push.c.id, bounds))
        .join(member, and_(member.c.workspace_id == push.c.workspace_id, member.c.push_id == push.c.id))
        .where(
            push.c.workspace_id == workspace_id,
            push.c.id >= bounds[0],
            push.c.id < bounds[-1],
            push.c.outcome.in_(["answered", "found by asking"]),
        )
    ).one()
    return [Hour(*hour) for hour in zip(begins, map(int, told), map(int, written), strict=True)]


def _by_hour(column: Any, bounds: Sequence[str]) -> list[Any]:
    return [
        func.coalesce(func.sum(case((and_(column >= low, column < high), 1), else_=0)), 0)
        for low, high in pairwise(bounds)
    ]
