"""How long a page takes, in a hub that knows few documents and in one that knows ten times as many.

    python -m bench.pages [--invoices 1000] [--rounds 5] [--database sqlite] [--json]

Each page is asked for without a network between, once to begin with and then as often as there are rounds; the median
counts. What is worked out beside a page (the comparison of everything) is told by itself.
"""

import re
import statistics
import time
from collections.abc import Callable, Iterable

from bench.figures import Figure, Wanted, show, wanted_from
from bench.stage import Stage
from core.roles import Role
from core.store import users
from web.app import create_app
from web.pages.figures import worked_out
from web.passwords import hashed

GROWTH = 10
_PASSWORD = "a password of the bench"


def run(wanted: Wanted) -> Iterable[Figure]:
    few, many = wanted.invoices, wanted.invoices * GROWTH
    for kind in wanted.databases:
        took = {count: seconds(kind, count, wanted.rounds) for count in (few, many)}
        for page, of_many in took[many].items():
            yield Figure(f"pages, {kind}: {page} at {many:,}", of_many * 1000, "ms")
            yield Figure(f"pages, {kind}: {page} at {many:,} / at {few:,}", of_many / took[few][page])


def seconds(kind: str, invoices: int, rounds: int) -> dict[str, float]:
    """By page."""
    with Stage(kind, invoices) as stage:
        stage.pull("stripe")
        stage.work()
        stage.pull("xero")
        reader = _Reader(stage)
        took = {"comparing everything": _seconds(rounds, lambda: worked_out(stage.hub, stage.workspace_id))}
        for page, path in reader.paths().items():
            reader.get(path)
            took[page] = _seconds(rounds, lambda path=path: reader.get(path))
        return took


def _seconds(rounds: int, ask: Callable[[], object]) -> float:
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        ask()
        found.append(time.perf_counter() - began)
    return statistics.median(found)


class _Reader:
    """Somebody who has logged in."""

    def __init__(self, stage: Stage) -> None:
        name, password_hash = "reader", hashed(_PASSWORD, "reader")
        stage.hub.store.write(
            stage.workspace_id, lambda work: users.add(work, name, password_hash, Role.ADMIN, "bench")
        )
        self._client = create_app(stage.hub).test_client()
        token = _first(r'name="form_token" value="(\w+)"', self.get("/log-in"))
        self._client.post("/log-in", data={"form_token": token, "name": name, "password": _PASSWORD})

    def get(self, path: str) -> str:
        answer = self._client.get(path)
        assert answer.status_code == 200, path
        return str(answer.text)

    def paths(self) -> dict[str, str]:
        invoices, deliveries, balance = (self.get(path) for path in ("/records", "/deliveries", "/trial-balance"))
        number = _first(r'href="/records/inv_\w+">([^<]+)<', invoices)
        return {
            "overview": "/",
            "needs you": "/parked",
            "invoices": "/records",
            "search by number": f"/records?q={number}",
            "search for nothing": "/records?q=nothing-of-that-name",
            "one document": _first(r'href="(/records/inv_\w+)"', invoices),
            "deliveries": "/deliveries",
            "one delivery": _first(r'href="(/deliveries/\w+)"', deliveries),
            "comparison": "/comparison",
            "trial balance": "/trial-balance",
            "one account": _first(r'href="(/trial-balance/[^"]+)"', balance),
            "connections": "/connections",
        }


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, pattern
    return found[1]


if __name__ == "__main__":
    asked_for = wanted_from(__doc__)
    show(run(asked_for), as_json=asked_for.as_json)
