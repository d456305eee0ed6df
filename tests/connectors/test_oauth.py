import base64
import json

import pytest
import requests
import responses

from connectors.oauth import refresh
from core.errors import CallRefused, ContractBroken, GrantLost, Misconfigured, OutcomeUnknown, RetryAfter
from core.tripwire import inside_work
from tests.connectors import wire

URL = "https://identity.vendor.example/connect/token"
TOKENS = {
    "access_token": "at_sandbox_canary_2",
    "refresh_token": "rt_sandbox_canary_2",
    "expires_in": 1800,
    "token_type": "Bearer",
    "scope": "accounting.invoices offline_access",
}


@pytest.fixture
def vendor():
    with responses.RequestsMock() as mock:
        yield mock


def refreshed(url=URL):
    return refresh(url, "client", "secret_sandbox", "rt_sandbox_canary_1")


def test_a_refresh_sends_our_credentials_and_gives_the_new_tokens(vendor):
    vendor.post(URL, json=TOKENS)
    tokens = refreshed()
    assert (tokens.access_token, tokens.refresh_token) == ("at_sandbox_canary_2", "rt_sandbox_canary_2")
    assert (tokens.expires_in_seconds, tokens.scope) == (1800, "accounting.invoices offline_access")
    assert "canary" not in repr(tokens)
    request = vendor.calls[0].request
    assert request.headers["Authorization"] == "Basic " + base64.b64encode(b"client:secret_sandbox").decode()
    assert "grant_type=refresh_token" in request.body
    assert "refresh_token=rt_sandbox_canary_1" in request.body
    assert "canary" not in request.url


def test_without_a_new_refresh_token_the_old_one_stays(vendor):
    vendor.post(URL, json={"access_token": "at", "token_type": "Bearer"})
    tokens = refreshed()
    assert tokens.refresh_token == "rt_sandbox_canary_1"
    assert tokens.expires_in_seconds == 0


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, json.dumps({"error": "invalid_grant"}), GrantLost),
        (401, json.dumps({"error": "invalid_client"}), CallRefused),
        (400, json.dumps({"error": "<b>no</b>"}), CallRefused),
        (400, json.dumps({"message": "?"}), CallRefused),
        (403, "<html>", CallRefused),
        (302, "", ContractBroken),
        (429, "", RetryAfter),
        (500, json.dumps({"error": "invalid_grant"}), RetryAfter),
        (503, "<html>", RetryAfter),
        (200, "<html>", OutcomeUnknown),
        (200, "", OutcomeUnknown),
        (200, "[]", OutcomeUnknown),
        (200, json.dumps({"access_token": ""}), OutcomeUnknown),
        (200, json.dumps({"access_token": "a\nb"}), OutcomeUnknown),
        (200, json.dumps({"access_token": "a", "refresh_token": None}), OutcomeUnknown),
        (200, json.dumps({"access_token": "a", "expires_in": "soon"}), OutcomeUnknown),
    ],
)
def test_each_answer_becomes_the_error_of_its_remedy(vendor, status, body, error):
    vendor.post(URL, status=status, body=body, headers={"Location": "https://evil.example"})
    with pytest.raises(error) as caught:
        refreshed()
    assert len(vendor.calls) == 1
    assert "<b>" not in str(caught.value)


def test_a_lost_answer_is_unknown_and_a_failed_connection_is_not(vendor):
    vendor.post(URL, body=requests.ReadTimeout())
    with pytest.raises(OutcomeUnknown):
        refreshed()
    vendor.replace("POST", URL, body=requests.ConnectTimeout())
    with pytest.raises(RetryAfter):
        refreshed()


def test_a_token_answer_that_breaks_off_is_unknown():
    with (
        wire.answering([b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{", wire.CLOSE]) as (base_url, _),
        pytest.raises(OutcomeUnknown),
    ):
        refreshed(f"{base_url}/connect/token")


def test_a_token_is_not_asked_for_in_the_open_or_inside_a_unit_of_work(vendor):
    with pytest.raises(Misconfigured):
        refreshed("http://identity.vendor.example/connect/token")
    token = inside_work.set(True)
    try:
        with pytest.raises(AssertionError):
            refreshed()
    finally:
        inside_work.reset(token)
    assert len(vendor.calls) == 0
