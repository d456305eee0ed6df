"""Idempotency-Key: the same request gets the same answer for a while, a different one is refused."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sandbox.kit import Clock, Request, Response
from sandbox.xero.errors import RefusedError, exception
from sandbox.xero.limits import Limits

KEY_LENGTH_MAX = 128


@dataclass(frozen=True, slots=True)
class Kept:
    at: datetime
    fingerprint: str
    response: Response


class Replays:
    def __init__(self, clock: Clock, limits: Limits) -> None:
        self._clock = clock
        self._limits = limits
        self._kept: dict[str, Kept] = {}

    def of(self, request: Request) -> Response | None:
        """What was answered to this very request under its key, if that is still known."""
        key = _key(request)
        if key is None:
            return None
        if len(key) > KEY_LENGTH_MAX:
            raise _refused(f"The Idempotency-Key must have at most {KEY_LENGTH_MAX} characters")
        self._forget_old()
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.fingerprint != _fingerprint(request):
            raise _refused("The Idempotency-Key was already used with a different request")
        return Response(kept.response.status, kept.response.body, kept.response.headers, replayed=True)

    def keep(self, request: Request, response: Response) -> None:
        if (key := _key(request)) is not None:
            self._kept[key] = Kept(self._clock.now(), _fingerprint(request), response)

    def clear(self) -> None:
        self._kept.clear()

    def _forget_old(self) -> None:
        """The oldest stand first, since keys are kept in the order of their use."""
        oldest = self._clock.now() - timedelta(seconds=self._limits.allowed.idempotency_seconds)
        for key in [*self._kept]:
            if self._kept[key].at > oldest:
                break
            del self._kept[key]


def _key(request: Request) -> str | None:
    return request.headers.get("idempotency-key") or None if request.method in {"PUT", "POST"} else None


def _fingerprint(request: Request) -> str:
    head = f"{request.method} {request.path.casefold()}?{request.query}\n".encode()
    return sha256(head + request.body).hexdigest()


def _refused(message: str) -> RefusedError:
    return RefusedError(400, exception(10, "ValidationException", message))
