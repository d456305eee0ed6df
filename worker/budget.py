"""Who may use how much of a connection's calls: money first, then people, then the catalogue, and pulling last.

A window's last calls are kept for what is dearer, so that a long history, or a catalogue that changes, never makes a
payment wait for the next window. When a day's calls run low, batches are to be full and polls rare: what is left is
worth more. Both are numbers that the connector declares, and nothing that a person would have to set.
"""

from datetime import datetime, timedelta

from connectors.contract import Connector
from core.kinds import CATALOGUE, Kind
from core.store.connections import Connection

_PERCENT_OF_PULLS, _PERCENT_OF_CATALOGUE, _PERCENT_OF_CUSTOMERS = 70, 80, 90
_LOW_PERCENT = 10
_DAY = timedelta(days=1)

PATIENCE = timedelta(hours=1)
"""How long what is owed waits for a full batch when the day's calls run low."""
RARER = 4
"""By how much polls are then further apart."""


def share(calls: int, kind: str, purpose: str) -> int:
    """Of so many calls in a window, how many may have been made before one for this lane; at least one may."""
    if purpose == "pull":
        percent = _PERCENT_OF_PULLS
    elif kind in CATALOGUE:
        percent = _PERCENT_OF_CATALOGUE
    elif kind == Kind.CUSTOMER:
        percent = _PERCENT_OF_CUSTOMERS
    else:
        percent = 100
    return max(1, calls * percent // 100)


def is_low(connection: Connection, connector: Connector, now: datetime) -> bool:
    """Whether the vendor said within a day that hardly any calls are left of it."""
    if connector.day is None or connection.day_left is None or connection.day_left_at is None:
        return False
    is_news = now - connection.day_left_at < _DAY
    return is_news and connection.day_left * 100 < connector.day.calls * _LOW_PERCENT


def sentence(connection: Connection, connector: Connector, now: datetime) -> str:
    """For people; empty where nothing runs low."""
    if not is_low(connection, connector, now):
        return ""
    return (
        f"{connection.name} has {connection.day_left:,} calls left of its day. What is owed waits up to an hour for "
        "full batches, and it is polled more rarely, until there are more again."
    )
