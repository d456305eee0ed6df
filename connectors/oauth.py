"""Refreshing an access token. Storing the new one, and that only one process asks for it, are the worker's."""

from dataclasses import dataclass, field
from typing import Any

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

from connectors import strict_json
from connectors.http import Answer, wait_seconds
from connectors.transport import DEFAULT_LIMITS, BoundedAdapter, Limits, checked_base_url, guard, nothing_was_sent
from core.errors import CallRefused, ContractBroken, GrantLost, OutcomeUnknown, RetryAfter
from core.tripwire import inside_work

_BREATHER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Tokens:
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    """The one to keep from now on; the one we had if the vendor gave no other."""
    expires_in_seconds: int
    """0 where the vendor does not say."""
    scope: str


def refresh(
    token_url: str,
    client_id: str,
    client_secret: str,
    refresh_token: str,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> Tokens:
    """GrantLost if a person has to connect again. OutcomeUnknown if the vendor may have changed the refresh token
    without our learning the new one: within its grace time the old one is good for another try.
    """
    assert not inside_work.get(), "a request may not leave inside a unit of work"
    session = OAuth2Session(client_id, client_secret, token_endpoint_auth_method="client_secret_basic")  # noqa: S106
    guard(session, BoundedAdapter(limits))
    session.register_compliance_hook("refresh_token_response", _judged)
    try:
        token = session.refresh_token(checked_base_url(token_url), refresh_token=refresh_token, allow_redirects=False)
    except OAuthError as refusal:
        if refusal.error == "invalid_grant":
            raise GrantLost("The vendor no longer accepts our consent; a person has to connect again.") from None
        raise CallRefused(f"The token was not refreshed: the vendor says {_code(refusal.error)}.") from None
    except requests.RequestException as trouble:
        cause = type(trouble).__name__
        if nothing_was_sent(trouble):
            raise RetryAfter(f"The token could not be refreshed ({cause}).", _BREATHER_SECONDS) from None
        raise OutcomeUnknown(f"The token may have been refreshed, but the answer was lost ({cause}).") from None
    return Tokens(
        token["access_token"], token["refresh_token"], int(token.get("expires_in") or 0), str(token.get("scope") or "")
    )


def _judged(response: requests.Response) -> requests.Response:
    """Lets through only a token, or a refusal in OAuth's own words."""
    status = response.status_code
    if status == 429 or status >= 500:
        raise RetryAfter(
            f"The token endpoint has to wait ({status}).", wait_seconds(Answer(status, response.headers, None))
        )
    body = strict_json.parse_or_none(response.content)
    if 400 <= status < 500:
        if isinstance(body, dict) and isinstance(body.get("error"), str):
            return response
        raise CallRefused(f"The token was not refreshed ({status}).", status, body)
    if status >= 300:
        raise ContractBroken(f"The token endpoint answered with a redirect ({status}), which is never followed.")
    if not _is_token(body):
        raise OutcomeUnknown("The token may have been refreshed, but the answer holds none.")
    return response


def _is_token(body: Any) -> bool:
    return (
        isinstance(body, dict)
        and _is_text(body.get("access_token"))
        and ("refresh_token" not in body or _is_text(body["refresh_token"]))
        and isinstance(body.get("expires_in", 0), int)
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable() and value != ""


def _code(error: str) -> str:
    """OAuth's error codes are lower-case words; anything else is not repeated."""
    return error if error.isascii() and error.replace("_", "").isalpha() and len(error) < 40 else "no known reason"
