"""Who may do what: consent, tokens, and the connections that a token reaches."""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode
from uuid import UUID, uuid5

from sandbox.kit import Clock, Request
from sandbox.xero import scopes
from sandbox.xero.errors import RefusedError, no_such_thing
from sandbox.xero.ledger import Ledger
from sandbox.xero.tokens import Tokens, invalid_grant

CLIENT_ID = "xero_sandbox_client"
CLIENT_SECRET = "xero_sandbox_client_secret"  # noqa: S105 - a sandbox's own, and it says so
CUSTOM_CLIENT_ID = "xero_sandbox_custom_client"
CUSTOM_CLIENT_SECRET = "xero_sandbox_custom_client_secret"  # noqa: S105

CODE_LIFE = timedelta(minutes=5)
_NAMESPACE = UUID("b7c1de22-6e7a-5f57-9e0a-64a1c3f5d8aa")
_CONNECTION_ID = str(uuid5(_NAMESPACE, "connection"))


@dataclass(frozen=True, slots=True)
class _Consent:
    given_at: datetime
    redirect_uri: str
    scope: str
    challenge: str | None
    """PKCE: the S256 hash of what the client will show."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: Any = ""
    headers: tuple[tuple[str, str], ...] = ()


class Identity:
    def __init__(self, clock: Clock, ledger: Ledger) -> None:
        self._clock = clock
        self._ledger = ledger
        self.tokens = Tokens(clock, scopes.DEFAULT)
        self.connected = True
        self._consents: dict[str, _Consent] = {}
        self._codes = 0

    def answer(self, request: Request) -> Reply:
        path = request.path.casefold().rstrip("/")
        match request.method, path:
            case "GET", "/identity/connect/authorize":
                return self._authorize(_fields(request.query))
            case "POST", "/connect/token":
                return Reply(200, self._token(request), (("Cache-Control", "no-store"),))
            case "POST", "/connect/revocation":
                form = _fields(request.body.decode("utf-8", "replace"))
                _client(request, form)
                self.tokens.revoke(form.get("token", ""))
                return Reply(200)
        if path == "/connections" or path.startswith("/connections/"):
            self.tokens.bearer(request.headers.get("authorization", ""))
            return self._connections(request.method, path)
        raise no_such_thing()

    def state(self) -> dict[str, Any]:
        return {"tokens": self.tokens.state(), "connected": self.connected, "codes": self._codes}

    def restore(self, state: dict[str, Any]) -> None:
        self.tokens.restore(state["tokens"])
        self.connected, self._codes = state["connected"], state["codes"]
        self._consents.clear()

    def _authorize(self, query: dict[str, str]) -> Reply:
        """The consent page, where somebody always says yes."""
        target = query.get("redirect_uri", "")
        if query.get("client_id") != CLIENT_ID or not target.startswith(("http://", "https://")):
            raise RefusedError(400, {"error": "unauthorized_client"})
        told = {"state": query["state"]} if "state" in query else {}
        scope = query.get("scope", "")
        if query.get("response_type") != "code":
            return _redirect(target, {"error": "unsupported_response_type", **told})
        if not scope or not set(scope.split()) <= scopes.KNOWN:
            return _redirect(target, {"error": "invalid_scope", **told})
        self._codes += 1
        code = f"xero_sandbox_code_{self._codes}"
        self._consents[code] = _Consent(self._clock.now(), target, scope, query.get("code_challenge"))
        return _redirect(target, {"code": code, "scope": scope, **told})

    def _token(self, request: Request) -> dict[str, Any]:
        form = _fields(request.body.decode("utf-8", "replace"))
        client_id = _client(request, form)
        match form.get("grant_type"):
            case "refresh_token":
                grace = self._ledger.rules.rotated_refresh_tokens_have_grace
                return self.tokens.refresh(form.get("refresh_token", ""), grace=grace)
            case "authorization_code":
                return self._exchange(form)
            case "client_credentials":
                scope = form.get("scope") or " ".join(scopes.AREAS)
                if client_id != CUSTOM_CLIENT_ID:
                    raise RefusedError(400, {"error": "unauthorized_client"})
                if not set(scope.split()) <= scopes.KNOWN:
                    raise RefusedError(400, {"error": "invalid_scope"})
                return self.tokens.give(scope, "client_credentials", refreshable=False)
        raise RefusedError(400, {"error": "unsupported_grant_type"})

    def _exchange(self, form: dict[str, str]) -> dict[str, Any]:
        """A code is worth one exchange, within its life, for the address and the verifier it was given to."""
        consent = self._consents.pop(form.get("code", ""), None)
        if consent is None or self._clock.now() >= consent.given_at + CODE_LIFE:
            raise invalid_grant()
        if form.get("redirect_uri") != consent.redirect_uri or not _verified(consent, form):
            raise invalid_grant()
        self.connected = True
        refreshable = "offline_access" in consent.scope.split()
        return self.tokens.give(consent.scope, "authorization_code", refreshable=refreshable)

    def _connections(self, method: str, path: str) -> Reply:
        if method == "GET" and path == "/connections":
            moment = "2026-01-01T00:00:00.0000000"
            connection = {
                "id": _CONNECTION_ID,
                "authEventId": str(uuid5(_NAMESPACE, "consent")),
                "tenantId": self._ledger.organisation_id,
                "tenantType": "ORGANISATION",
                "tenantName": self._ledger.organisation.name,
                "createdDateUtc": moment,
                "updatedDateUtc": moment,
            }
            return Reply(200, [connection] if self.connected else [])
        if method == "DELETE" and path == f"/connections/{_CONNECTION_ID}" and self.connected:
            self.connected = False
            return Reply(204)
        raise no_such_thing()


def _fields(text: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}


def _redirect(target: str, fields: dict[str, str]) -> Reply:
    joint = "&" if "?" in target else "?"
    return Reply(302, "", (("Location", f"{target}{joint}{urlencode(fields)}"),))


def _verified(consent: _Consent, form: dict[str, str]) -> bool:
    if consent.challenge is None:
        return True
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == consent.challenge


def _client(request: Request, form: dict[str, str]) -> str:
    """The client's id, shown by Basic authorisation or in the form."""
    client = (form.get("client_id", ""), form.get("client_secret", ""))
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as bad:
            raise RefusedError(400, {"error": "invalid_client"}) from bad
        client = (user, password)
    if client not in {(CLIENT_ID, CLIENT_SECRET), (CUSTOM_CLIENT_ID, CUSTOM_CLIENT_SECRET)}:
        raise RefusedError(400, {"error": "invalid_client"})
    return client[0]
