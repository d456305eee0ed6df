"""What happens after trouble, in one table: for errors of a call, and for reasons why one document was refused.

An error that stands in no row is a mistake of ours, and nothing is guessed about it. A reason that stands in none
parks its document: whatever a vendor says that nobody foresaw is for a person.
"""

from collections.abc import Mapping
from enum import StrEnum

from core.errors import (
    CallRefused,
    ContractBroken,
    GrantLost,
    NotThere,
    OutcomeUnknown,
    RetryAfter,
    TokenRefused,
)
from core.reasons import Reason, ReasonCode


class Remedy(StrEnum):
    RETRY_AFTER = "retry after"
    """Nothing was done there: the same again, when the vendor has had its rest."""
    ASK_FIRST = "ask first"
    """It may have taken effect: nothing is repeated before the vendor was asked about it."""
    REFRESH = "refresh and retry once"
    """The access token is replaced, and the call is made once more."""
    RECOMPOSE = "refetch and recompose"
    """What the document rests on changed there since it was read: it is read again, and the document made anew."""
    WAIT = "wait for its next news"
    """Another document resolves it."""
    PARK = "park"
    """For a person, with the reason."""
    PAUSE = "pause the connection"
    """Until a person connects again; nothing that waits is marked as failed."""
    CRASH = "let it crash"
    """The attempt was counted beforehand: what makes the work stop again and again is set aside."""


ERRORS: Mapping[type[Exception], Remedy] = {
    RetryAfter: Remedy.RETRY_AFTER,
    OutcomeUnknown: Remedy.ASK_FIRST,
    NotThere: Remedy.ASK_FIRST,  # what was to be changed or removed is gone: by whom, the answer to a question tells
    ContractBroken: Remedy.ASK_FIRST,  # an answer that nobody knows is none
    TokenRefused: Remedy.REFRESH,
    GrantLost: Remedy.PAUSE,
    CallRefused: Remedy.PARK,
}

REASONS: Mapping[ReasonCode, Remedy] = {
    ReasonCode.NOT_MOVED_YET: Remedy.WAIT,
    ReasonCode.PERIOD_LOCKED: Remedy.RECOMPOSE,
    ReasonCode.CONTACT_ARCHIVED: Remedy.RECOMPOSE,
}
"""All others park. What is refused again after it was made anew from a fresh reading parks, too."""


def remedy(trouble: Exception | Reason) -> Remedy:
    if isinstance(trouble, Reason):
        return REASONS.get(trouble.code, Remedy.PARK)
    return next((ERRORS[known] for known in type(trouble).__mro__ if known in ERRORS), Remedy.CRASH)
