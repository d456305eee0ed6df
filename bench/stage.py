"""The stage of the benches that move documents: both vendors in a process of their own, and a hub that is driven from
here, so that what it uses of the processor can be told from what the vendors use.
"""

import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Self

import requests

import demo.workspace
from bench.databases import database
from connectors.registry import CONNECTORS
from core.clock import WallClock
from core.ids import Ids
from core.kinds import Kind
from core.seal import MasterKeys
from core.store import connections, duties
from core.store.engine import open_engine
from core.store.work import Store
from worker.bell import LaneName
from worker.deliver import deliver
from worker.hub import Hub
from worker.ingest import ingest
from worker.pull import pull
from worker.setup import set_up

RULEBOOK = {
    "slots": {
        "income_account": [{"use": "200"}],
        "tax_code": [{"use": "OUTPUT"}],
        "clearing_account": [{"use": "1200"}],
        "refunds_to_classify": [{"use": "1250"}],
    }
}
_LEASE_SECONDS = 60
_ROUNDS_MAX = 100_000
_UNLIMITED = {"calls_per_window": "1000000"}


class Unheard:
    """A bell that nobody hears: what is due is found in the rows."""

    def ring(self, *lanes):
        pass

    def answered(self, lane):
        pass


class PutAhead(WallClock):
    """The wall clock, which can be put ahead."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


class Sandboxes:
    def __init__(self, invoices: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.mix", str(invoices)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.line = json.loads(self._process.stdout.readline())
        self._session = requests.Session()
        self._session.trust_env = False

    def calls(self, vendor: str) -> list[dict]:
        """Every request it got, in the vendor's own log."""
        answer = self._session.get(f"{self.line[vendor]['base_url']}/_sandbox/calls", timeout=300)
        answer.raise_for_status()
        return answer.json()["calls"]

    def close(self) -> None:
        self._session.close()
        self._process.communicate()


class Stage:
    def __init__(self, kind: str, invoices: int, store_type: type[Store] = Store) -> None:
        self.kind = kind
        self._store_type = store_type
        self._invoices = invoices
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            folder = Path(opening.enter_context(tempfile.TemporaryDirectory(prefix="subledger-bench-")))
            self.url = opening.enter_context(database(self.kind, folder))
            self.sandboxes = Sandboxes(self._invoices)
            opening.callback(self.sandboxes.close)
            self.clock = clock = PutAhead()
            store = self._store_type(open_engine(self.url), MasterKeys([bytes(32)]), clock, Ids(clock))
            opening.callback(store.engine.dispose)
            self.hub = Hub(store, Unheard(), Random(1), _LEASE_SECONDS)
            self.workspace_id = set_up(store, json.dumps(workspace(self.sandboxes.line))).workspace_id
            with store.read() as view:
                self.connections = {one.vendor: one for one in connections.connections(view, self.workspace_id)}
            # as a worker does before its first job
            gc.collect()
            gc.freeze()
            opening.callback(gc.unfreeze)
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def pull(self, vendor: str) -> None:
        """All that can be polled there, to the present."""
        connection = self.connections[vendor]
        for stream in CONNECTORS[vendor].pulls:
            again = LaneName(self.workspace_id, connection.id, stream, "pull")
            while again in pull(self.hub, self.workspace_id, connection.id, stream):
                pass

    def work(self) -> None:
        """Every lane that is due, until nothing is left."""
        for _ in range(_ROUNDS_MAX):
            with self.hub.store.read() as view:
                due = duties.due(view, self.hub.clock.now())
            for lane in due:
                drain = {"ingest": ingest, "deliver": deliver}[lane.purpose]
                drain(self.hub, lane.workspace_id, lane.connection_id, Kind(lane.kind))
            if not due:
                if not (left := dict(self.unfinished())):
                    return
                if not any(what.endswith(("pending", "sent", "unknown")) for what in left):
                    raise SystemExit(f"this does not come to an end: {left}")
                time.sleep(0.02)

    def unfinished(self) -> Iterator[tuple[str, int]]:
        with self.hub.store.read() as view:
            counts = duties.open_work(view, self.workspace_id)
        for what, of in counts.items():
            for state, count in of.items():
                if state in {"pending", "waiting", "parked", "sent", "unknown"}:
                    yield f"{what} {state}", count


def workspace(line: dict) -> dict:
    """The demo's, with nothing to hold it back."""
    made = demo.workspace.workspace(line, RULEBOOK)
    unlimited = [{**connection, "options": _UNLIMITED} for connection in made["connections"]]
    return {**made, "workspace": "Bench", "connections": unlimited}
