"""Two hubs for tests: one whose drains are called here, under a clock of its own, and one of real processes."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime

from connectors.registry import CONNECTORS
from core.clock import ManualClock
from core.kinds import Kind
from core.reasons import Reason, ReasonCode
from core.seal import make_key_file
from core.settings import settings_from
from core.store import connections, duties, parked, schema
from core.store.statehash import state_hash
from sandbox.stripe.courier import signature
from web.app import create_app
from worker.deliver import deliver
from worker.embedded import EmbeddedRedis
from worker.hub import open_hub
from worker.ingest import ingest
from worker.processes import Processes
from worker.pull import pull
from worker.setup import set_up

DRAINS = {"ingest": ingest, "deliver": deliver, "pull": pull}
ROUNDS_MAX = 200
WAIT_SECONDS = 120
TRADES_MAX = 4
POLL_SECONDS = 5
FINISHED = {"done", "ignored", "delivered", "superseded", "settled", "refused"}


class Hub:
    """What can be asked of a hub of either sort."""

    def __init__(self, home, database_url, workspace, clock=None, **environment):
        make_key_file(home / "key")
        self.environment = {
            "SUBLEDGER_HOME": str(home),
            "DATABASE_URL": database_url,
            "REDIS_URL": "",
            "SUBLEDGER_KEYS": "",
            **environment,
        }
        self.settings = settings_from(self.environment)
        self.hub = open_hub(self.settings, clock=clock)
        self.store = self.hub.store
        made = set_up(self.store, json.dumps(workspace))
        self.workspace_id = made.workspace_id
        self.door, self.xero_door = made.doors["Stripe"], made.doors["Xero"]

    def connection(self, name):
        with self.store.read() as database:
            return next(one for one in connections.connections(database, self.workspace_id) if one.name == name)

    def open_work(self):
        """What is not finished: "event parked" and the like, with how many."""
        with self.store.read() as database:
            counts = duties.open_work(database, self.workspace_id)
        return {
            f"{what} {state}": count
            for what, of in counts.items()
            for state, count in of.items()
            if state not in FINISHED
        }

    def sentences(self):
        """Why what is parked is parked, as a person reads it."""
        with self.store.read() as database:
            causes = parked.by_cause(database, self.workspace_id)
        return [Reason(ReasonCode(cause.code), cause.params).sentence() for cause in causes]

    def held(self):
        """Why what is held is held, as a person reads it."""
        with self.store.read() as database:
            causes = parked.held_by_cause(database, self.workspace_id)
        return [Reason(ReasonCode(cause.code), cause.params).sentence() for cause in causes]

    def state_hash(self):
        with self.store.read() as database:
            return state_hash(self.store, database, self.workspace_id)

    def rows(self, table, *columns):
        with self.store.read() as database:
            return database.execute(
                table.select().with_only_columns(*columns).where(table.c.workspace_id == self.workspace_id)
            ).all()

    def close(self):
        self.store.engine.dispose()


class DrainedHub(Hub):
    """Nothing happens in it but what the test calls; its bell has no Redis to ring at."""

    def __init__(self, outside, home, database_url, clock=None, **wanted):
        super().__init__(home, database_url, outside.workspace(**wanted), clock or ManualClock(datetime.now(UTC)))
        self.outside = outside
        self.clock = self.hub.clock
        self.web = create_app(self.hub).test_client()

    def tell(self, *events):
        """Delivers events by signed webhook; the statuses answered."""
        secret = self.outside.line["stripe"]["webhook_secret"]
        return [self.post(json.dumps(event).encode(), secret).status_code for event in events]

    def post(self, body, secret):
        header = signature(secret, int(self.clock.now().timestamp()), body)
        return self.web.post(self.door, data=body, headers={"Stripe-Signature": header})

    def tell_all(self):
        return self.tell(*self.outside.events())

    def pull(self):
        """Everything that can be polled, from every connection, and then all the work that it gives."""
        for name in ("Stripe", "Xero"):
            connection = self.connection(name)
            for stream in CONNECTORS[connection.vendor].pulls:
                pull(self.hub, self.workspace_id, connection.id, stream)
        self.work()

    def drain(self, purpose, kind, name):
        return DRAINS[purpose](self.hub, self.workspace_id, self.connection(name).id, kind)

    def lanes_due(self, purpose):
        return [lane for lane in self.due() if lane.purpose == purpose]

    def due(self):
        with self.store.read() as database:
            return duties.due(database, self.clock.now())

    def work(self, until=lambda: False, survives=()):
        """Every lane that is due, and time moved on to what lingers, rests or is asked about later, until all is done
        or only what waits for a person is left. `survives`: what may end a drain, as it ends a work-horse's job."""
        idle = 0
        for _ in range(ROUNDS_MAX):
            if until():
                return
            lanes = self.due()
            for lane in lanes:
                with suppress(survives):
                    DRAINS[lane.purpose](self.hub, lane.workspace_id, lane.connection_id, Kind(lane.kind))
            if lanes:
                idle = 0
            elif self.finished() or self.paused():
                return
            else:
                self.clock.sleep(min(2**idle, 60))
                idle += 1
        raise AssertionError(f"it does not finish: {self.open_work()}")

    def finished(self):
        return not {what for what in self.open_work() if not what.endswith("parked")} - self._behind_the_parked()

    def paused(self):
        return any(self.connection(name).state != "active" for name in ("Stripe", "Xero"))

    def _behind_the_parked(self):
        """What needs something that is parked or held waits as long as that does."""
        return {"delivery waiting"} if "delivery parked" in self.open_work() or self.held() else set()


class RunningHub(Hub):
    """Web, worker, scheduler and Redis as processes, started again when they die; a rule file says where they do."""

    def __init__(self, outside, home, database_url, workers=1, schedulers=1, before=lambda _: None, **environment):
        """`before`: what is done with it before any process runs."""
        self.failpoints = home / "failpoints"
        self.failpoints.mkdir()
        self.rules = home / "rules"
        self.rules.write_text("")
        workspace = outside.workspace(stripe={"pull_seconds": str(POLL_SECONDS)}, xero={"pull_seconds": "60"})
        super().__init__(
            home,
            database_url,
            workspace,
            SUBLEDGER_PORT=str(free_port()),
            SUBLEDGER_LEASE_SECONDS="3",
            SUBLEDGER_FAILPOINTS=f"@{self.rules}",
            SUBLEDGER_FAILPOINT_DIR=str(self.failpoints),
            **environment,
        )
        self.outside = outside
        self.customer = outside.customer()
        before(self)
        self.redis = EmbeddedRedis(self.settings, self.hub.clock)
        self.processes = Processes(self.environment, quiet=True)
        self._stopped = threading.Event()
        self._watcher = threading.Thread(target=self.processes.watch, args=(self._stopped,))
        self.processes.start("web", "web")
        for number in range(workers):
            self.processes.start(f"worker {number}", "worker")
        for number in range(schedulers):
            self.processes.start(f"scheduler {number}", "scheduler")
        self._watcher.start()
        outside.stripe.create(
            "webhook_endpoints",
            url=f"{self.base_url}{self.door}",
            enabled_events=["*"],
            api_version="2026-10-28.endive",
        )
        self.wait(self.listens, "the web process to listen")

    @property
    def base_url(self):
        return f"http://{self.settings.host}:{self.settings.port}"

    def die_at(self, *places):
        """At each of the places the next process that passes there is killed; only the next one."""
        self._at("kill", places)

    def stop_at(self, *places):
        """The same, but it only lies still until it gets SIGCONT."""
        self._at("stop", places)

    def _at(self, action, places):
        self.rules.write_text("")  # before what was passed is forgotten, lest the old rules strike again
        for passed in self.failpoints.iterdir():
            passed.unlink()
        self.rules.write_text(",".join(f"{place}:{action}@{nth or 1}" for place, _, nth in map(_parted, places)))

    def struck(self, *places):
        """Whether each of them has been passed, as often as it was to be."""
        passed = {file.name: file.stat().st_size for file in self.failpoints.iterdir()}
        return all(passed.get(place.replace("/", "-"), 0) >= int(nth or 1) for place, _, nth in map(_parted, places))

    def _signal_all(self, number):
        for pid in _of_sessions({process.child.pid for process in self.processes.running}):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def wake(self):
        """Whoever lies still goes on: the processes and the work-horses that they have forked."""
        self._signal_all(signal.SIGCONT)

    def stopped(self):
        """The one process that lies still."""
        mine = set(_of_sessions({process.child.pid for process in self.processes.running}))
        states = subprocess.check_output(["ps", "-A", "-o", "pid=,stat="], text=True).splitlines()
        (pid,) = {int(pid) for pid, state in map(str.split, states) if state.startswith("T")} & mine
        return pid

    def holder(self, purpose, kind):
        """The process that holds the lane, or held it last."""
        columns = (schema.lane.c.owner, schema.lane.c.fence)
        where = (schema.lane.c.purpose == purpose, schema.lane.c.kind == kind, schema.lane.c.fence > 0)
        with self.store.read() as database:
            held = database.execute(schema.lane.select().with_only_columns(*columns).where(*where)).all()
        return int(max(held, key=lambda lane: lane.fence).owner.rpartition(":")[2])

    def kill_all(self):
        """As a power cut does: web, workers with what they have forked, schedulers and Redis at once."""
        self._signal_all(signal.SIGKILL)
        os.kill(self.redis.pid, signal.SIGKILL)
        self.restart_redis()

    def restart_redis(self):
        self.redis.close()
        self.redis = EmbeddedRedis(self.settings, self.hub.clock)

    def child(self, name):
        return next(process.child for process in self.processes.running if process.name == name)

    def wait_until_quiet(self):
        """Nothing is open, no webhook is on its way, and both ends say the same."""
        self.wait(
            lambda: not self.outside.deliveries()[1] and self.outside.agree() and not self.open_work(),
            lambda: f"quiet; open: {self.open_work()}, {self.sentences()}",
        )

    def trade_until_struck(self, *places):
        """What is read beside something else is not read for its own sake: then another trade has to do."""
        for _ in range(TRADES_MAX):
            self.outside.trade(self.customer)
            if self.comes(lambda: self.struck(*places), WAIT_SECONDS / TRADES_MAX):
                return
        raise AssertionError(f"nobody has passed each of {places}")

    def wait_for_another_door(self, killed):
        self.wait(lambda: self.child("web").pid != killed and self.listens(), "the door to be there again")

    def wait(self, until, what):
        if not self.comes(until, WAIT_SECONDS):
            raise AssertionError(f"waited in vain for {what() if callable(what) else what}")

    def comes(self, until, seconds):
        for _ in range(int(seconds / 0.1)):
            if until():
                return True
            time.sleep(0.1)
        return False

    def close(self):
        self._stopped.set()
        self._watcher.join()
        self.processes.stop()
        self.redis.close()
        super().close()

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex((self.settings.host, self.settings.port)) == 0


def _of_sessions(leaders):
    """A work-horse leads a group of its own, but stays in its worker's session."""
    for text in subprocess.check_output(["ps", "-A", "-o", "pid="], text=True).split():
        with suppress(ProcessLookupError):
            if os.getsid(int(text)) in leaders:
                yield int(text)


def _parted(place):
    """`P16/Payments@2` is the second passing there."""
    return place.partition("@")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
