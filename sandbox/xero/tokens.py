"""OAuth2: tokens that live for 30 minutes, refresh tokens that rotate, and which tenants they reach.

Only hashes of tokens are kept, so that the state can be shown and saved.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from sandbox.kit import Clock, Request
from sandbox.xero.codec import decode, encode
from sandbox.xero.errors import RefusedError

CLIENT_ID = "xero_sandbox_client"
CLIENT_SECRET = "xero_sandbox_client_secret"  # noqa: S105 - a sandbox's own, and it says so
FIRST_ACCESS_TOKEN = "xero_sandbox_access_0"  # noqa: S105
FIRST_REFRESH_TOKEN = "xero_sandbox_refresh_0"  # noqa: S105

ACCESS_LIFE = timedelta(minutes=30)
REFRESH_LIFE = timedelta(days=60)
GRACE = timedelta(minutes=30)
SCOPES = (
    "offline_access openid profile email accounting.settings accounting.contacts accounting.invoices"
    " accounting.payments accounting.banktransactions accounting.manualjournals"
)


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Grant:
    """One answer of the token endpoint."""

    issued_at: datetime
    access_sha256: str
    refresh_sha256: str
    scope: str
    cause: str
    """What it was given for: start, refresh_token, ..."""
    replaces: str | None = None
    """The hash of the refresh token that it was bought with."""
    rotated_at: datetime | None = None
    """When its refresh token was first used."""
    revoked: bool = False


class Tokens:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._grants: list[Grant] = []
        self._by_access: dict[str, int] = {}
        self._by_refresh: dict[str, int] = {}
        self._keep(FIRST_ACCESS_TOKEN, FIRST_REFRESH_TOKEN, SCOPES, "start", None)

    def scope_of(self, authorization: str) -> str:
        """What a bearer may do; RefusedError says why it may do nothing."""
        scheme, _, token = authorization.partition(" ")
        place = self._by_access.get(hashed(token.strip())) if scheme.lower() == "bearer" else None
        if place is None or self._grants[place].revoked:
            raise NotAuthorisedError("AuthenticationUnsuccessful")
        grant = self._grants[place]
        ends_at = grant.issued_at + ACCESS_LIFE
        if self._clock.now() >= ends_at:
            raise NotAuthorisedError(f"TokenExpired: token expired at {ends_at:%m/%d/%Y %H:%M:%S}")
        return grant.scope

    def issue(self, request: Request, *, grace: bool) -> dict[str, Any]:
        """POST /connect/token. `grace` lets a rotated refresh token be used again for a while."""
        form = _form(request)
        _check_client(request, form)
        if form.get("grant_type") == "refresh_token":
            return self._refresh(form.get("refresh_token", ""), grace=grace)
        raise RefusedError(400, {"error": "unsupported_grant_type"})

    def revoke(self, request: Request) -> None:
        """POST /connect/revocation; an unknown token is no error (RFC 7009)."""
        form = _form(request)
        _check_client(request, form)
        place = self._by_refresh.get(hashed(form.get("token", "")))
        if place is not None:
            self._grants[place] = replace(self._grants[place], revoked=True)

    def state(self) -> list[dict[str, Any]]:
        return [encode(grant) for grant in self._grants]

    def restore(self, state: list[dict[str, Any]]) -> None:
        self._grants = [decode(Grant, grant) for grant in state]
        self._by_access = {grant.access_sha256: place for place, grant in enumerate(self._grants)}
        self._by_refresh = {grant.refresh_sha256: place for place, grant in enumerate(self._grants)}

    def _refresh(self, token: str, *, grace: bool) -> dict[str, Any]:
        place = self._by_refresh.get(hashed(token))
        if place is None:
            raise _invalid_grant()
        grant, now = self._grants[place], self._clock.now()
        until = grant.issued_at + REFRESH_LIFE
        if grant.rotated_at is not None:
            until = grant.rotated_at + (GRACE if grace else timedelta())
        if grant.revoked or now >= until:
            raise _invalid_grant()
        if grant.rotated_at is None:
            self._grants[place] = replace(grant, rotated_at=now)
        number = len(self._grants)
        access, refresh = f"xero_sandbox_access_{number}", f"xero_sandbox_refresh_{number}"
        self._keep(access, refresh, grant.scope, "refresh_token", grant.refresh_sha256)
        return {
            "access_token": access,
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "token_type": "Bearer",
            "refresh_token": refresh,
            "scope": grant.scope,
        }

    def _keep(self, access: str, refresh: str, scope: str, cause: str, replaces: str | None) -> None:
        self._by_access[hashed(access)] = self._by_refresh[hashed(refresh)] = len(self._grants)
        self._grants.append(Grant(self._clock.now(), hashed(access), hashed(refresh), scope, cause, replaces))


class NotAuthorisedError(Exception):
    """No such token, or no more; the message is the Detail of the answer."""


def _form(request: Request) -> dict[str, str]:
    sent = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in sent.items()}


def _check_client(request: Request, form: dict[str, str]) -> None:
    client = (form.get("client_id", ""), form.get("client_secret", ""))
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as bad:
            raise RefusedError(400, {"error": "invalid_client"}) from bad
        client = (user, password)
    if client != (CLIENT_ID, CLIENT_SECRET):
        raise RefusedError(400, {"error": "invalid_client"})


def _invalid_grant() -> RefusedError:
    return RefusedError(400, {"error": "invalid_grant"})
