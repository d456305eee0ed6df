"""The hub under demonstration: its own home, every process for real, and a way to run the drains once more."""

import json
import os
import socket
import tempfile
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from connectors.registry import CONNECTORS
from core.kinds import Kind
from core.reasons import Reason, ReasonCode
from core.seal import make_key_file
from core.settings import Settings, settings
from core.store import connections, duties, parked
from core.store.engine import open_engine
from core.store.migrate import upgrade
from core.store.reading.comparison import differences
from core.store.statehash import state_hash
from core.store.totals import Totals, totals
from worker.deliver import deliver
from worker.embedded import EmbeddedRedis
from worker.hub import Hub, open_hub
from worker.ingest import ingest
from worker.processes import Processes
from worker.pull import pull
from worker.setup import SetUp, set_up

WORKERS = 2
_ROUNDS_MAX = 10


@dataclass(slots=True)
class DemoHub(AbstractContextManager["DemoHub"]):
    """Everything is started when it is entered, and ended when it is left."""

    workspace: dict[str, Any]
    """As `worker.setup` takes it."""
    settings: Settings
    hub: Hub
    made: SetUp
    processes: Processes
    _open: ExitStack

    @classmethod
    def begin(cls, workspace: dict[str, Any]) -> "DemoHub":
        opened = ExitStack()
        try:
            wanted = _settings(Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="subledger-demo-"))))
            make_key_file(wanted.home / "key")
            engine = open_engine(wanted.database_url)
            opened.callback(engine.dispose)
            upgrade(engine)
            hub = open_hub(wanted)
            opened.callback(hub.store.engine.dispose)
            made = set_up(hub.store, json.dumps(workspace))
            if not wanted.redis_url:
                opened.callback(EmbeddedRedis(wanted, hub.clock).close)
            processes = opened.enter_context(Processes(_environment(wanted), quiet=True))
        except BaseException:
            opened.close()
            raise
        return cls(workspace, wanted, hub, made, processes, opened)

    def start(self) -> None:
        self.processes.start("web", "web")
        for number in range(WORKERS):
            self.processes.start(f"worker {number + 1}", "worker")
        self.processes.start("scheduler", "scheduler")

    @property
    def base_url(self) -> str:
        return f"http://{self.settings.host}:{self.settings.port}"

    def open_work(self) -> dict[str, int]:
        """What is not finished, by what it is and how it stands."""
        with self.hub.store.read() as database:
            counts = duties.open_work(database, self.made.workspace_id)
        finished = {"done", "ignored", "delivered", "superseded", "settled", "refused"}
        return {
            f"{what} {state}": count
            for what, of in counts.items()
            for state, count in of.items()
            if state not in finished
        }

    def unequal(self) -> int:
        """How many documents some system shows otherwise than the hub keeps them."""
        with self.hub.store.read() as database:
            links = connections.connections(database, self.made.workspace_id)
            return len(differences(database, self.made.workspace_id, links))

    def parked(self) -> list[str]:
        """Why what waits for a person waits, a sentence for each cause."""
        with self.hub.store.read() as database:
            causes = parked.by_cause(database, self.made.workspace_id)
        return [Reason(ReasonCode(cause.code), cause.params).sentence() for cause in causes]

    def totals(self) -> Totals:
        with self.hub.store.read() as database:
            return totals(database, self.made.workspace_id)

    def state_hash(self) -> str:
        with self.hub.store.read() as database:
            return state_hash(self.hub.store, database, self.made.workspace_id)

    def drain_again(self) -> None:
        """Every lane once more, in this process, until none has anything to do."""
        with self.hub.store.read() as database:
            active = connections.connections(database, self.made.workspace_id)
        for connection in active:
            for kind in CONNECTORS[connection.vendor].pulls:
                pull(self.hub, connection.workspace_id, connection.id, kind)
        for _ in range(_ROUNDS_MAX):
            rung = set()
            for connection in active:
                for kind in Kind:
                    rung |= ingest(self.hub, connection.workspace_id, connection.id, kind)
                    rung |= deliver(self.hub, connection.workspace_id, connection.id, kind)
            if not rung:
                return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()


def _settings(home: Path) -> Settings:
    """The user's own servers where they are set, else everything in a folder that goes away."""
    return replace(
        settings(),
        home=home,
        database_url=os.environ.get("DATABASE_URL") or f"sqlite:///{home / 'subledger.db'}",
        keys="",
        port=_free_port(),
    )


def _environment(wanted: Settings) -> dict[str, str]:
    return {
        "SUBLEDGER_HOME": str(wanted.home),
        "SUBLEDGER_HOST": wanted.host,
        "SUBLEDGER_PORT": str(wanted.port),
        "DATABASE_URL": wanted.database_url,
        "REDIS_URL": wanted.redis_url,
        "SUBLEDGER_KEYS": "",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
