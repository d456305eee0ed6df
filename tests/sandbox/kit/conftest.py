import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from sandbox.kit import Clock, Request, Response
from sandbox.server import Server, serve


class Till:
    """The smallest vendor: POST /coins adds the body's coins, GET /coins says how many there are."""

    name = "till"

    def __init__(self) -> None:
        self.clock = Clock()
        self.coins = 0

    def handle(self, request: Request) -> Response:
        if request.path == "/bug":
            raise ZeroDivisionError
        if request.method == "POST":
            self.coins += int(request.body or b"1")
            answer = Response.of_json(200, {"coins": self.coins})
            return Response(
                200, answer.body, answer.headers, [{"operation": "create", "kind": "coin", "id": self.coins}]
            )
        seen = {"coins": self.coins, "query": request.query, "in_flight": request.in_flight}
        return Response.of_json(200, {**seen, "headers": dict(request.headers)})

    def state(self) -> dict[str, Any]:
        return {"coins": self.coins}

    def restore(self, state: dict[str, Any]) -> None:
        self.coins = state["coins"]

    def reset(self, seed: int) -> None:
        self.coins = 0

    def credentials(self) -> dict[str, str]:
        return {}

    def snapshot(self) -> Callable[[Request], Response]:
        then = Till()
        then.restore(json.loads(json.dumps(self.state())))
        return then.handle

    def refusal(self, status: int) -> Response:
        return Response.of_json(status, {"error": "as the till words it"})


@pytest.fixture
def till() -> Till:
    return Till()


@pytest.fixture
def server(till: Till) -> Iterator[Server]:
    server = serve(till)
    yield server
    server.close()


@pytest.fixture
def client() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def fault(server: Server, client: requests.Session) -> Callable[..., None]:
    def set_fault(name: str, match: str = "POST /coins", **fields: Any) -> None:
        answer = client.post(
            f"{server.base_url}/_sandbox/faults", json={"faults": [{"fault": name, "match": match, **fields}]}
        )
        assert answer.status_code == 200, answer.text

    return set_fault


@pytest.fixture
def calls(server: Server, client: requests.Session) -> Callable[[], list[dict[str, Any]]]:
    return lambda: client.get(f"{server.base_url}/_sandbox/calls").json()["calls"]
