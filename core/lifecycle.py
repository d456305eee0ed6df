"""One life for a delivery, as one table used by every writer."""

from enum import StrEnum


class DeliveryState(StrEnum):
    PENDING = "pending"
    WAITING = "waiting"  # for what it needs at that connection, for a lock date, for a budget
    PARKED = "parked"  # for a person
    SENT = "sent"  # in a push whose answer is awaited
    UNKNOWN = "unknown"  # in a push whose answer was lost: asked about before anything else
    DELIVERED = "delivered"
    REFUSED = "refused"  # a person decided that it is not to be delivered
    SUPERSEDED = "superseded"  # a later revision took its place before it was sent


_S = DeliveryState

TRANSITIONS: dict[DeliveryState, frozenset[DeliveryState]] = {
    _S.PENDING: frozenset({_S.WAITING, _S.PARKED, _S.SENT, _S.DELIVERED, _S.REFUSED, _S.SUPERSEDED}),
    _S.WAITING: frozenset({_S.PENDING, _S.PARKED, _S.REFUSED, _S.SUPERSEDED}),
    _S.PARKED: frozenset({_S.PENDING, _S.REFUSED, _S.SUPERSEDED, _S.DELIVERED}),
    _S.SENT: frozenset({_S.DELIVERED, _S.PARKED, _S.UNKNOWN, _S.PENDING, _S.SUPERSEDED}),
    _S.UNKNOWN: frozenset({_S.DELIVERED, _S.PENDING, _S.PARKED, _S.SUPERSEDED}),
    _S.DELIVERED: frozenset(),
    _S.REFUSED: frozenset({_S.PENDING}),
    _S.SUPERSEDED: frozenset(),
}

OPEN = frozenset({_S.PENDING, _S.WAITING, _S.PARKED, _S.SENT, _S.UNKNOWN})
IN_FLIGHT = frozenset({_S.SENT, _S.UNKNOWN})


def sources(target: DeliveryState) -> list[str]:
    """The states from which `target` may be reached: the guard of every update."""
    return sorted(state.value for state, targets in TRANSITIONS.items() if target in targets)
