"""Access tokens that live for 30 minutes and refresh tokens that rotate.

Only hashes of tokens are kept, so that the state can be shown and saved.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.kit import Clock
from sandbox.xero.codec import decode, encode
from sandbox.xero.errors import RefusedError

FIRST_ACCESS_TOKEN = "xero_sandbox_access_0"  # noqa: S105 - a sandbox's own, and it says so
FIRST_REFRESH_TOKEN = "xero_sandbox_refresh_0"  # noqa: S105

ACCESS_LIFE = timedelta(minutes=30)
REFRESH_LIFE = timedelta(days=60)
GRACE = timedelta(minutes=30)


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Grant:
    """One answer of the token endpoint."""

    issued_at: datetime
    access_sha256: str
    refresh_sha256: str | None
    """None for a custom connection, which asks anew instead."""
    scope: str
    cause: str
    """What it was given for: start, refresh_token, ..."""
    replaces: str | None = None
    """The hash of the refresh token that it was bought with."""
    rotated_at: datetime | None = None
    """When its refresh token was first used."""
    revoked: bool = False


class NotAuthorisedError(Exception):
    """No such token, or no more; the message is the Detail of the answer."""


class Tokens:
    def __init__(self, clock: Clock, scope: str) -> None:
        self._clock = clock
        self._grants: list[Grant] = []
        self._by_access: dict[str, int] = {}
        self._by_refresh: dict[str, int] = {}
        first = Grant(clock.now(), hashed(FIRST_ACCESS_TOKEN), hashed(FIRST_REFRESH_TOKEN), scope, "start")
        self._keep(first)

    def bearer(self, authorization: str) -> Grant:
        """Whose token it is; NotAuthorisedError says why it is worth nothing."""
        scheme, _, token = authorization.partition(" ")
        place = self._by_access.get(hashed(token.strip())) if scheme.lower() == "bearer" else None
        if place is None or self._grants[place].revoked:
            raise NotAuthorisedError("AuthenticationUnsuccessful")
        grant = self._grants[place]
        ends_at = grant.issued_at + ACCESS_LIFE
        if self._clock.now() >= ends_at:
            raise NotAuthorisedError(f"TokenExpired: token expired at {ends_at:%m/%d/%Y %H:%M:%S}")
        return grant

    def give(self, scope: str, cause: str, *, refreshable: bool, replaces: str | None = None) -> dict[str, Any]:
        """A new grant, as the token endpoint tells it."""
        number = len(self._grants)
        access, refresh = f"xero_sandbox_access_{number}", f"xero_sandbox_refresh_{number}"
        grant = Grant(
            self._clock.now(),
            hashed(access),
            hashed(refresh) if refreshable else None,
            scope,
            cause,
            replaces,
        )
        self._keep(grant)
        told = {
            "access_token": access,
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "token_type": "Bearer",
            "scope": scope,
        }
        return told | ({"refresh_token": refresh} if refreshable else {})

    def refresh(self, token: str, *, grace: bool) -> dict[str, Any]:
        """`grace` lets a refresh token that was rotated be used again for a while."""
        place = self._by_refresh.get(hashed(token))
        if place is None:
            raise invalid_grant()
        grant, now = self._grants[place], self._clock.now()
        until = grant.issued_at + REFRESH_LIFE
        if grant.rotated_at is not None:
            until = grant.rotated_at + (GRACE if grace else timedelta())
        if grant.revoked or now >= until:
            raise invalid_grant()
        if grant.rotated_at is None:
            self._grants[place] = replace(grant, rotated_at=now)
        return self.give(grant.scope, "refresh_token", refreshable=True, replaces=grant.refresh_sha256)

    def revoke(self, token: str) -> None:
        """An unknown token is no error (RFC 7009)."""
        place = self._by_refresh.get(hashed(token))
        if place is not None:
            self._grants[place] = replace(self._grants[place], revoked=True)

    def state(self) -> list[dict[str, Any]]:
        return [encode(grant) for grant in self._grants]

    def restore(self, state: list[dict[str, Any]]) -> None:
        self._grants.clear()
        self._by_access.clear()
        self._by_refresh.clear()
        for grant in state:
            self._keep(decode(Grant, grant))

    def _keep(self, grant: Grant) -> None:
        self._by_access[grant.access_sha256] = len(self._grants)
        if grant.refresh_sha256 is not None:
            self._by_refresh[grant.refresh_sha256] = len(self._grants)
        self._grants.append(grant)


def invalid_grant() -> RefusedError:
    return RefusedError(400, {"error": "invalid_grant"})
