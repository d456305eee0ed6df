"""What is to be said of a connection, in one sentence: it is paused, its vendor is away, its day's calls run low."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection as Database

from connectors.registry import CONNECTORS
from core.store import vendors
from core.store.connections import AWAY_AFTER, Connection
from worker import budget


def complaints(database: Database, links: Iterable[Connection], now: datetime) -> Mapping[str, str]:
    """By connection id, of all of them; empty where there is nothing to say."""
    away = {(one.vendor, one.environment): one.sentence() for one in vendors.away(database)}
    return {
        one.id: one.pause_sentence
        or away.get((one.vendor, one.environment))
        or _silence(one)
        or budget.sentence(one, CONNECTORS[one.vendor], now)
        for one in links
    }


def _silence(one: Connection) -> str:
    if not one.is_away or one.failures < AWAY_AFTER:
        return ""
    return (
        f"{one.name} gave no answer {one.failures} times in a row. It is left alone but for one question at a time; "
        "nothing is lost, and it goes on by itself."
    )
