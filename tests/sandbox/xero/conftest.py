import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from xero_python.accounting import AccountingApi
from xero_python.api_client import ApiClient, Configuration
from xero_python.api_client.oauth2 import OAuth2Token, TokenApi
from xero_python.identity import IdentityApi

from sandbox.kit import Request, Response
from sandbox.server import Server, serve
from sandbox.xero import Xero
from sandbox.xero.vendor import API
from tests.sandbox.xero import contract

NOBODY = "00000000-0000-0000-0000-000000000000"
"""The id of nothing."""


class JudgedXero(Xero):
    """Every answer must fulfil the vendor's contract; what does not is kept for the test's end."""

    def __init__(self) -> None:
        super().__init__()
        self.broken: list[str] = []

    def handle(self, request: Request) -> Response:
        response = super().handle(request)
        below = request.path[len(API) :]
        # the contract file has neither of these two statuses; test_tokens.py knows their bodies
        judged = request.path.lower().startswith(API) and response.status not in {401, 403}
        if contract.PRESENT and judged and "xml" not in response.headers["Content-Type"]:
            self.broken += contract.problems(request.method, below, response.status, response.body)
        return response


class Client:
    """The API by plain HTTP, for what xero-python would not let through."""

    def __init__(self, server: Server, credentials: dict[str, str]) -> None:
        self.base_url = server.base_url
        self.credentials = credentials
        self.session = requests.Session()
        self.session.trust_env = False
        self.headers = {
            "Authorization": f"Bearer {credentials['access_token']}",
            "xero-tenant-id": credentials["tenant_id"],
            "Accept": "application/json",
        }

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.session.request(
            method,
            f"{self.base_url}{API}{path}",
            data=None if body is None else json.dumps(body),
            headers={**self.headers, "Content-Type": "application/json", **names},
            timeout=30,
        )

    def ok(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The list in the answer; its only member where it has one and something was written."""
        answer = self.call(method, path, body, **headers)
        assert answer.status_code == 200, answer.text
        (rows,) = (value for value in answer.json().values() if isinstance(value, list))
        return rows[0] if method != "GET" and len(rows) == 1 else rows

    def refused(self, method: str, path: str, body: Any = None, **headers: str) -> list[str]:
        """The vendor's words about a request that is not valid."""
        answer = self.call(method, path, body, **headers)
        assert answer.status_code == 400, answer.text
        refusal = answer.json()
        assert (refusal["ErrorNumber"], refusal["Type"]) == (10, "ValidationException")
        return [error["Message"] for one in refusal["Elements"] for error in one["ValidationErrors"]]

    def admin(self, path: str, body: Any = None) -> Any:
        answer = self.session.post(f"{self.base_url}/_sandbox/{path}", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def calls(self) -> list[dict[str, Any]]:
        return self.session.get(f"{self.base_url}/_sandbox/calls", timeout=30).json()["calls"]


@pytest.fixture
def xero() -> Iterator[JudgedXero]:
    vendor = JudgedXero()
    yield vendor
    assert vendor.broken == []


@pytest.fixture
def server(xero: JudgedXero) -> Iterator[Server]:
    server = serve(xero)
    yield server
    server.close()


@pytest.fixture
def client(server: Server, xero: JudgedXero) -> Iterator[Client]:
    client = Client(server, xero.credentials())
    yield client
    client.session.close()


@pytest.fixture
def sdk(server: Server, xero: JudgedXero, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiClient]:
    """xero-python with nothing changed but addresses."""
    credentials = xero.credentials()
    monkeypatch.setattr(TokenApi, "refresh_token_url", f"{server.base_url}/connect/token")
    monkeypatch.setattr(TokenApi, "client_credentials_token_url", f"{server.base_url}/connect/token")
    monkeypatch.setattr(TokenApi, "revoke_token_url", f"{server.base_url}/connect/revocation")
    oauth = OAuth2Token(client_id=credentials["client_id"], client_secret=credentials["client_secret"])
    api = ApiClient(Configuration(oauth2_token=oauth), pool_threads=1)
    kept: dict[str, Any] = {}
    api.oauth2_token_getter(lambda: kept)
    api.oauth2_token_saver(lambda token: (kept.clear(), kept.update(token)))
    api.set_oauth2_token(
        {
            "access_token": credentials["access_token"],
            "refresh_token": credentials["refresh_token"],
            "expires_in": 1800,
            "expires_at": 4102444800,
            "token_type": "Bearer",
            "scope": ["offline_access", "accounting.transactions"],
        }
    )
    yield api
    api.rest_client.pool_manager.clear()


@pytest.fixture
def accounting(sdk: ApiClient, server: Server) -> AccountingApi:
    return AccountingApi(sdk, base_url=f"{server.base_url}{API}")


@pytest.fixture
def identity(sdk: ApiClient, server: Server) -> IdentityApi:
    return IdentityApi(sdk, base_url=server.base_url)


@pytest.fixture
def tenant(xero: JudgedXero) -> str:
    return xero.credentials()["tenant_id"]


@pytest.fixture
def invoiced(client: Client) -> Callable[..., dict[str, Any]]:
    """Puts an invoice and brings it back; the keywords replace or add fields."""

    def put(**fields: Any) -> dict[str, Any]:
        return client.ok("PUT", "/Invoices", {"Invoices": [invoice(**fields)]})

    return put


def invoice(**fields: Any) -> dict[str, Any]:
    usual = {
        "Type": "ACCREC",
        "Status": "AUTHORISED",
        "Contact": {"Name": "Ada Lovelace"},
        "Date": "2026-03-01",
        "DueDate": "2026-03-31",
        "LineItems": [line()],
    }
    return {name: value for name, value in {**usual, **fields}.items() if value is not None}


def line(**fields: Any) -> dict[str, Any]:
    usual = {"Description": "Pro plan", "Quantity": 1, "UnitAmount": 100, "AccountCode": "200"}
    return {name: value for name, value in {**usual, **fields}.items() if value is not None}
