"""What is told since: two lists, each asked from a little before its newest known row on.

Stripe tells of changes by one list of events for all kinds. No event tells of a balance transaction, but none changes
either: the new ones are rows at once.
"""

from collections.abc import Mapping, Sequence

from connectors.contract import Row
from connectors.stripe.lists import created, page
from connectors.stripe.places import Ask

EVENTS, MOVED = POLLED = ("/v1/events", "/v1/balance_transactions")

UNHEARD: Row = {"since": 0, "known": {}}
"""The place before anything was told."""

_OVERLAP_SECONDS = 600
_KNOWN_MAX = 1000


def newest(ask: Ask, path: str) -> Row:
    """The place from which only what is new will be told, without walking the list."""
    place, after, more = UNHEARD, "", True
    while more and len(place["known"]) < _KNOWN_MAX:
        answer = page(ask, path, (), after)
        place = reached(place, answer.rows)
        more = answer.more and str(answer.last) in place["known"]
        after = answer.last
    return place


def reached(place: Row, rows: Sequence[Row]) -> Row:
    """The same, where the list is walked anyway: after these rows of it."""
    return _known(place["since"], {**place["known"], **_moments(rows)})


def since(ask: Ask, path: str, place: Row) -> tuple[Sequence[Row], Row]:
    """What is new, the oldest first, from a little before the newest known one on, since it may appear after a
    younger one; and where to go on.
    """
    floor = max(place["since"] - _OVERLAP_SECONDS, 0)
    answer = page(ask, path, [("created[gte]", str(floor))], place.get("after", ""))
    told = [one for one in reversed(answer.rows) if one["id"] not in place["known"]]
    seen = {**place.get("seen", {}), **_moments(answer.rows)}
    return told, {**place, "after": answer.last, "seen": seen} if answer.more else _known(place["since"], seen)


def has_more(place: Row) -> bool:
    return "after" in place


def again(place: Row) -> Row:
    """The same place without a row to go on after."""
    return {name: place[name] for name in UNHEARD}


def _moments(rows: Sequence[Row]) -> dict[str, int]:
    return {str(one["id"]): created(one) for one in rows}


def _known(since: int, seen: Mapping[str, int]) -> Row:
    """Where the next question begins, and which of its answers were told already."""
    newest = max([since, *seen.values()])
    recent = sorted(seen, key=lambda ident: -seen[ident])[:_KNOWN_MAX]
    return {
        "since": newest,
        "known": {ident: seen[ident] for ident in recent if seen[ident] >= newest - _OVERLAP_SECONDS},
    }
