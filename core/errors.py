"""Errors of a call, typed by their remedy. Problems of one row are values (`core.reasons.Problem`)."""

from typing import Any


class HubError(Exception):
    """Its text is one clear sentence for the person who has to act."""


class Misconfigured(HubError):
    """A setting is missing or wrong: say so and stop."""


class Busy(HubError):
    """The database could not take the write in time: the caller may try again."""


class Overtaken(HubError):
    """Another writer changed the record meanwhile: the whole unit of work is done again."""


class Fenced(HubError):
    """The lease was lost to another worker: nothing may be recorded, stop."""


class VendorError(HubError):
    """A call to a vendor did not succeed. The subclass says what happens next."""


class RetryAfter(VendorError):
    """Nothing was done there; try again after `seconds` (the vendor's own word, capped, or a backoff).

    `is_there`: the vendor answers, and what we wait for is our own: a budget of calls, a permission, our turn.
    """

    def __init__(self, message: str, seconds: float, *, is_there: bool = False) -> None:
        super().__init__(message)
        self.seconds = seconds
        self.is_there = is_there


class NotAllowed(RetryAfter):
    """Our credentials may not ask for this. A person allows it there; until then the same is asked now and then."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message, seconds, is_there=True)


class OutcomeUnknown(VendorError):
    """The request may have taken effect: ask before anything is repeated."""


class TokenRefused(VendorError):
    """The access token is not good: refresh once and retry once, then pause the connection."""


class GrantLost(VendorError):
    """The connection's consent is gone: a person has to connect again."""


class NotThere(VendorError):
    """The vendor answers that there is no such thing (404)."""


class CallRefused(VendorError):
    """The vendor refused the whole call for its content; repeating it unchanged is pointless.

    `body` is the parsed answer, or None where it was not JSON: for the vendor's client, never for a log.
    """

    def __init__(self, message: str, status: int = 0, body: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = body


class ContractBroken(VendorError):
    """An answer that the vendor's contract does not know: never taken for a success."""
