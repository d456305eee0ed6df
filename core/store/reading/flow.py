"""A day's traffic by the hour: what we were told, and what was written elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, select

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
    told = select(func.count()).select_from(event).where(event.c.workspace_id == workspace_id)
    written = (
        select(func.count())
        .select_from(push)
        .join(member, and_(member.c.workspace_id == push.c.workspace_id, member.c.push_id == push.c.id))
        .where(push.c.workspace_id == workspace_id, push.c.outcome.in_(["answered", "found by asking"]))
    )
    counted = _by_hour(database, told, event.c.id, bounds), _by_hour(database, written, push.c.id, bounds)
    return [Hour(*hour) for hour in zip(begins, *counted, strict=True)]


def _by_hour(database: Connection, counting: Select[Any], column: Any, bounds: Sequence[str]) -> Row[Any]:
    counts = [counting.where(column >= low, column < high).scalar_subquery() for low, high in pairwise(bounds)]
    return database.execute(select(*counts)).one()
