"""Whose credit settled what: the gateway keeps one balance for each customer, a ledger keeps documents.

Credit is used in the order in which it arose, and never before it did. It is worked out anew from all that is known
whenever some of it changes, so it does not depend on the order in which it was told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Movement:
    """A document that gave credit to a customer's balance or was settled from it."""

    origin_id: str
    at: datetime
    minor: int
    """What it gave or took, positive."""


@dataclass(frozen=True, slots=True)
class Use:
    source: str
    """The document that gave the credit, by its origin's id; empty where none explains it."""
    used_by: str
    minor: int


def uses(given: Iterable[Movement], taken: Iterable[Movement]) -> Sequence[Use]:
    """Every amount taken from the balance, split over the documents that it came from."""
    left = {source: source.minor for source in sorted(given, key=_order)}
    told = []
    for use in sorted(taken, key=_order):
        open_minor = use.minor
        for source, rest in left.items():
            minor = min(rest, open_minor) if source.at <= use.at else 0
            if minor:
                left[source] -= minor
                open_minor -= minor
                told.append(Use(source.origin_id, use.origin_id, minor))
        if open_minor:
            told.append(Use("", use.origin_id, open_minor))
    return told


def _order(movement: Movement) -> tuple[datetime, str]:
    return movement.at, movement.origin_id
