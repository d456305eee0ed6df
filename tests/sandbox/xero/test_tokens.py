import base64
import hashlib
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests


@pytest.fixture
def token(client):
    def post(auth=None, **form):
        return client.session.post(f"{client.base_url}/connect/token", data=form, auth=auth, timeout=30)

    return post


@pytest.fixture
def refresh(token, client):
    def post(refresh_token):
        return token(
            grant_type="refresh_token",
            refresh_token=refresh_token,
            client_id=client.credentials["client_id"],
            client_secret=client.credentials["client_secret"],
        )

    return post


def clock(client, minutes):
    client.admin("clock", {"offset_seconds": minutes * 60})


def status_with(client, access_token):
    headers = {**client.headers, "Authorization": f"Bearer {access_token}"}
    return client.session.get(f"{client.base_url}/api.xro/2.0/Organisation", headers=headers, timeout=30)


def test_a_refresh_gives_new_tokens_of_both_kinds_for_thirty_minutes(client, refresh):
    first = refresh(client.credentials["refresh_token"]).json()
    assert first["expires_in"] == 1800
    assert first["token_type"] == "Bearer"
    assert first["refresh_token"] != client.credentials["refresh_token"]
    assert first["access_token"] != client.credentials["access_token"]
    assert status_with(client, first["access_token"]).status_code == 200


def test_an_access_token_ends_after_thirty_minutes_of_the_sandbox_clock(client, refresh):
    clock(client, 29)
    assert status_with(client, client.credentials["access_token"]).status_code == 200
    clock(client, 31)
    answer = status_with(client, client.credentials["access_token"])
    assert answer.status_code == 401
    assert answer.json()["Title"] == "Unauthorized"
    assert answer.json()["Status"] == 401
    assert answer.json()["Detail"].startswith("TokenExpired: token expired at ")
    renewed = refresh(client.credentials["refresh_token"]).json()
    assert status_with(client, renewed["access_token"]).status_code == 200


def test_a_rotated_refresh_token_can_be_used_again_for_thirty_minutes_and_not_after(client, refresh):
    old = client.credentials["refresh_token"]
    first, second = refresh(old).json(), refresh(old).json()
    assert first["refresh_token"] != second["refresh_token"]
    clock(client, 31)
    late = refresh(old)
    assert (late.status_code, late.json()) == (400, {"error": "invalid_grant"})
    assert refresh(first["refresh_token"]).status_code == 200


def test_a_refresh_token_that_nobody_used_ends_after_sixty_days(client, refresh):
    clock(client, 60 * 24 * 60 + 1)
    assert refresh(client.credentials["refresh_token"]).json() == {"error": "invalid_grant"}


def test_an_unknown_refresh_token_is_an_invalid_grant(refresh):
    assert refresh("nothing").json() == {"error": "invalid_grant"}


def test_the_client_may_show_itself_by_basic_authorisation(client, token):
    pair = (client.credentials["client_id"], client.credentials["client_secret"])
    form = {"grant_type": "refresh_token", "refresh_token": client.credentials["refresh_token"]}
    assert token(auth=pair, **form).status_code == 200
    assert token(auth=(pair[0], "wrong"), **form).json() == {"error": "invalid_client"}
    assert token(**form).json() == {"error": "invalid_client"}


def test_a_basic_authorisation_that_cannot_be_read_is_refused_whatever_the_form_says(client):
    form = {
        "grant_type": "refresh_token",
        "refresh_token": client.credentials["refresh_token"],
        "client_id": client.credentials["client_id"],
        "client_secret": client.credentials["client_secret"],
    }
    headers = {"Authorization": "Basic %%%"}
    answer = client.session.post(f"{client.base_url}/connect/token", data=form, headers=headers, timeout=30)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_client"})


def test_another_grant_type_is_not_supported(client, token):
    pair = (client.credentials["client_id"], client.credentials["client_secret"])
    assert token(auth=pair, grant_type="password").json() == {"error": "unsupported_grant_type"}


def test_revoking_a_refresh_token_ends_both_tokens(client, refresh):
    pair = (client.credentials["client_id"], client.credentials["client_secret"])
    url = f"{client.base_url}/connect/revocation"
    form = {"token": client.credentials["refresh_token"]}
    assert client.session.post(url, data=form, auth=pair, timeout=30).status_code == 200
    assert refresh(client.credentials["refresh_token"]).json() == {"error": "invalid_grant"}
    assert status_with(client, client.credentials["access_token"]).status_code == 401


def test_the_state_tells_what_was_issued_by_hash_alone(client, refresh):
    issued = refresh(client.credentials["refresh_token"]).json()
    text = client.session.get(f"{client.base_url}/_sandbox/state", timeout=30).text
    for secret in (issued["refresh_token"], issued["access_token"], client.credentials["refresh_token"]):
        assert secret not in text
        assert hashlib.sha256(secret.encode()).hexdigest() in text


def test_tokens_outlive_a_reset(client, refresh):
    issued = refresh(client.credentials["refresh_token"]).json()
    client.admin("reset", {"seed": 5})
    assert status_with(client, issued["access_token"]).status_code == 200
    assert refresh(issued["refresh_token"]).status_code == 200


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic xero_sandbox_access_0"])
def test_without_a_known_bearer_there_is_a_401_with_the_vendors_body(client, authorization):
    headers = {**client.headers, "Authorization": authorization}
    answer = client.session.get(f"{client.base_url}/api.xro/2.0/Organisation", headers=headers, timeout=30)
    assert answer.status_code == 401
    body = answer.json()
    assert (body["Type"], body["Title"], body["Status"], body["Extensions"]) == (
        None,
        "Unauthorized",
        401,
        {},
    )


@pytest.mark.parametrize("tenant", ["", "00000000-0000-0000-0000-000000000000"])
def test_a_tenant_that_is_not_connected_is_forbidden(client, tenant):
    answer = client.session.get(
        f"{client.base_url}/api.xro/2.0/Organisation",
        headers={**client.headers, "xero-tenant-id": tenant},
        timeout=30,
    )
    assert answer.status_code == 403
    body = answer.json()
    assert (body["Title"], body["Status"], body["Detail"]) == ("Forbidden", 403, "AuthenticationUnsuccessful")


@pytest.mark.parametrize("path", ["/connections", "/Connections"])
def test_connections_are_listed_in_any_case(client, path):
    answer = client.session.get(f"{client.base_url}{path}", headers=client.headers, timeout=30)
    (connection,) = answer.json()
    assert (connection["tenantId"], connection["tenantType"]) == (
        client.credentials["tenant_id"],
        "ORGANISATION",
    )


def test_a_deleted_connection_is_gone_and_its_tenant_forbidden_until_the_reset(client):
    url = f"{client.base_url}/connections"
    assert requests.get(url, timeout=30).status_code == 401
    (connection,) = client.session.get(url, headers=client.headers, timeout=30).json()
    assert client.session.delete(f"{url}/{connection['id']}", headers=client.headers, timeout=30).status_code == 204
    assert client.session.get(url, headers=client.headers, timeout=30).json() == []
    assert client.call("GET", "/Organisation").status_code == 403
    client.admin("reset", {})
    assert client.call("GET", "/Organisation").status_code == 200


AUTHORIZE = {
    "response_type": "code",
    "client_id": "xero_sandbox_client",
    "redirect_uri": "http://127.0.0.1:1/back",
    "scope": "offline_access accounting.settings",
    "state": "s1",
}


@pytest.fixture
def consent(client):
    def get(**fields):
        answer = client.session.get(
            f"{client.base_url}/identity/connect/authorize",
            params={**AUTHORIZE, **fields},
            allow_redirects=False,
            timeout=30,
        )
        if answer.status_code != 302:
            return answer.json()
        assert answer.headers["Location"].startswith("http://127.0.0.1:1/back?")
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    return get


@pytest.fixture
def exchange(client, token):
    def post(code, **fields):
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": AUTHORIZE["redirect_uri"],
            **fields,
        }
        return token(auth=(client.credentials["client_id"], client.credentials["client_secret"]), **form)

    return post


def test_consent_gives_a_code_that_buys_tokens_once(consent, exchange, client):
    back = consent()
    assert (back["state"], back["scope"]) == ("s1", AUTHORIZE["scope"])
    bought = exchange(back["code"]).json()
    assert bought["scope"] == AUTHORIZE["scope"]
    assert status_with(client, bought["access_token"]).status_code == 200
    assert exchange(back["code"]).json() == {"error": "invalid_grant"}


def test_a_code_ends_after_five_minutes_and_belongs_to_its_address(consent, exchange, client):
    first, second = consent()["code"], consent()["code"]
    assert exchange(first, redirect_uri="http://127.0.0.1:2/").json() == {"error": "invalid_grant"}
    clock(client, 6)
    assert exchange(second).json() == {"error": "invalid_grant"}


def test_a_code_with_a_challenge_wants_its_verifier(consent, exchange):
    challenge = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).rstrip(b"=").decode()
    first, second = (consent(code_challenge=challenge)["code"] for _ in range(2))
    assert exchange(first).json() == {"error": "invalid_grant"}
    assert "access_token" in exchange(second, code_verifier="v" * 43).json()


def test_without_offline_access_there_is_no_refresh_token(consent, exchange):
    assert "refresh_token" not in exchange(consent(scope="accounting.settings")["code"]).json()


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"scope": "accounting.transactions"}, "invalid_scope"),
        ({"scope": "accounting.everything"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"client_id": "other"}, "unauthorized_client"),
        ({"redirect_uri": "javascript:alert(1)"}, "unauthorized_client"),
    ],
)
def test_a_consent_that_cannot_be_given_says_why(consent, fields, error):
    assert consent(**fields)["error"] == error


def test_a_new_consent_connects_a_tenant_again(client, consent, exchange):
    url = f"{client.base_url}/connections"
    (connection,) = client.session.get(url, headers=client.headers, timeout=30).json()
    client.session.delete(f"{url}/{connection['id']}", headers=client.headers, timeout=30)
    bought = exchange(consent()["code"]).json()
    assert status_with(client, bought["access_token"]).status_code == 200


def test_a_token_does_what_its_scopes_allow_and_no_more(client, consent, exchange):
    scope = "accounting.settings accounting.contacts.read"
    bought = exchange(consent(scope=scope)["code"]).json()
    bearer = f"Bearer {bought['access_token']}"
    assert client.call("GET", "/Organisation", Authorization=bearer).status_code == 200
    assert client.call("GET", "/Contacts", Authorization=bearer).status_code == 200
    for method, path in (("PUT", "/Contacts"), ("GET", "/Invoices"), ("GET", "/banktransactions")):
        refused = client.call(method, path, {"Name": "Ada"} if method == "PUT" else None, Authorization=bearer)
        assert (refused.status_code, refused.json()["Detail"]) == (401, "AuthorizationUnsuccessful")


def test_a_custom_connection_gets_tokens_for_its_own_tenant_without_consent(client, token):
    pair = ("xero_sandbox_custom_client", "xero_sandbox_custom_client_secret")
    bought = token(auth=pair, grant_type="client_credentials", scope="accounting.settings").json()
    assert "refresh_token" not in bought
    headers = {"Authorization": f"Bearer {bought['access_token']}", "Accept": "application/json"}
    answer = client.session.get(f"{client.base_url}/api.xro/2.0/Organisation", headers=headers, timeout=30)
    assert answer.status_code == 200
    assert token(auth=pair, grant_type="client_credentials", scope="x").json() == {"error": "invalid_scope"}
    usual = (client.credentials["client_id"], client.credentials["client_secret"])
    assert token(auth=usual, grant_type="client_credentials").json() == {"error": "unauthorized_client"}
