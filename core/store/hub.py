"""Which hub works on this database: the bell that its processes ring, and the last sign that one of them lives."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select, update

from core.store import schema
from core.store.work import Work

GONE_SECONDS = 30
"""A hub that has given no sign for so long is taken to be stopped."""

_NEVER = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Working:
    bell: str
    alive_at: datetime

    def is_gone(self, now: datetime) -> bool:
        return now - self.alive_at > timedelta(seconds=GONE_SECONDS)


def working(database: Connection) -> Working:
    row = database.execute(select(schema.hub.c.bell, schema.hub.c.alive_at)).one()
    return Working(row.bell, row.alive_at)


def take(work: Work, bell: str) -> bool:
    """Whether the database is now this bell's: it is nobody else's while another hub gives signs of life."""
    hub = schema.hub
    gone = hub.c.alive_at < work.now - timedelta(seconds=GONE_SECONDS)
    changed = work.connection.execute(update(hub).where(gone).values(bell=bell, alive_at=work.now))
    return bool(changed.rowcount)


def give_sign(work: Work, bell: str) -> bool:
    """Whether the database is still this bell's."""
    hub = schema.hub
    changed = work.connection.execute(update(hub).where(hub.c.bell == bell).values(alive_at=work.now))
    return bool(changed.rowcount)


def sign_off(work: Work, bell: str) -> None:
    """Whoever comes next need not wait; those of the same hub that still run give their sign again."""
    work.connection.execute(update(schema.hub).where(schema.hub.c.bell == bell).values(alive_at=_NEVER))


def forget(work: Work) -> None:
    """A copy was put back: it is nobody's yet, whoever worked on the database that it was made of."""
    work.connection.execute(update(schema.hub).values(bell="", alive_at=_NEVER))
