"""Resident memory of each process of a hub after it has moved ten thousand invoices.

    python -m bench.memory [--invoices 1000] [--database sqlite] [--json]

Web, worker, scheduler and Redis run as they do in production, each by itself; the worker does all the work. The worker
is measured as it waits, with the work-horses of its last jobs gone, and at the highest that any of them ever was.
Linux only: what is read stands in /proc.
"""

import json
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import func, select

from bench.databases import database
from bench.figures import Figure, Wanted, show, wanted_from
from bench.stage import Sandboxes, workspace
from core.seal import make_key_file
from core.settings import settings_from
from core.store import duties, schema
from web.server import bind
from worker.embedded import EmbeddedRedis
from worker.hub import open_hub
from worker.processes import Processes
from worker.setup import set_up

GROWTH = 10
_LOOK_SECONDS = 0.2
_WAIT_SECONDS = 3600


def run(wanted: Wanted) -> Iterable[Figure]:
    invoices = wanted.invoices * GROWTH
    for kind in wanted.databases:
        for name, megabytes, highest in measured(kind, invoices):
            yield Figure(f"memory, {kind}: {name} after {invoices:,} invoices", megabytes, "MB")
            yield Figure(f"memory, {kind}: {name} at its highest", highest, "MB")


def measured(kind: str, invoices: int) -> Iterator[tuple[str, float, float]]:
    """(process, resident megabytes at the end, the most that it and its children had)"""
    with ExitStack() as opened:
        home = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="subledger-bench-")))
        make_key_file(home / "key")
        environment = {
            "SUBLEDGER_HOME": str(home),
            "SUBLEDGER_PORT": str(free_port()),
            "DATABASE_URL": opened.enter_context(database(kind, home)),
            "REDIS_URL": "",
            "SUBLEDGER_KEYS": "",
        }
        settings = settings_from(environment)
        hub = open_hub(settings)
        opened.callback(hub.store.engine.dispose)
        sandboxes = Sandboxes(invoices)
        opened.callback(sandboxes.close)
        workspace_id = set_up(hub.store, json.dumps(workspace(sandboxes.line))).workspace_id
        redis = EmbeddedRedis(settings, hub.clock)
        opened.callback(redis.close)
        processes = opened.enter_context(Processes(environment, quiet=True))
        for name in ("web", "worker", "scheduler"):
            processes.start(name, name)
        pids = {one.name: one.child.pid for one in processes.running} | {"redis": redis.pid}
        highest = dict.fromkeys(pids, 0.0)
        for _ in range(int(_WAIT_SECONDS / _LOOK_SECONDS)):
            for name, pid in pids.items():
                highest[name] = max([highest[name], *map(resident, family(pid))])
            if finished(hub, workspace_id, invoices):
                break
            time.sleep(_LOOK_SECONDS)
        else:
            raise SystemExit("this does not come to an end")
        time.sleep(1)
        for name, pid in pids.items():
            yield name, resident(pid), highest[name]


def free_port() -> int:
    with bind("127.0.0.1", 0) as taken:
        return taken.getsockname()[1]


def finished(hub, workspace_id: str, invoices: int) -> bool:
    with hub.store.read() as view:
        known = view.execute(select(func.count()).select_from(schema.invoice)).scalar_one()
        counts = duties.open_work(view, workspace_id)
    left = {"pending", "waiting", "sent", "unknown"}
    return known == invoices and not any(left & of.keys() for of in counts.values())


def readable() -> bool:
    return Path("/proc/self/statm").exists()


def resident(pid: int) -> float:
    """Megabytes; nothing of a process that has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def family(pid: int) -> Iterator[int]:
    """It and its children, such as they are now."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return
    for child in children:
        yield from family(int(child))


if __name__ == "__main__":
    asked_for = wanted_from(__doc__)
    show(run(asked_for), as_json=asked_for.as_json)
