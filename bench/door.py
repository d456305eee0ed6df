"""The webhook door against the bare limit, on a quiet hub and while a history is read into the same database.

    python -m bench.door [--rounds 5] [--seconds 3] [--database sqlite] [--json]

The bare limit is a WSGI function that inserts one row of the same bytes and commits, one transaction a request, behind
the same HTTP server, in the same database with the same settings. The door does all that it does in production:
signature, parsing, sealed body, receipt, event, the bell. Each is a process of its own; the load comes from here, in
alternating rounds. At the end whatever was answered with 200 has to be found.
"""

import json
import multiprocessing
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Self

from sqlalchemy import Column, LargeBinary, MetaData, Table, Text, func, insert, select

from bench.databases import database
from bench.figures import Figure, Wanted, of_rounds, show, wanted_from
from bench.load import Answers, load
from connectors.registry import CONNECTORS
from core.seal import make_key_file
from core.settings import settings_from
from core.store import connections, schema
from demo.stripe_account import StripeAccount
from sandbox import command
from web.app import create_app
from web.server import bind, listen
from worker.embedded import EmbeddedRedis
from worker.hub import open_hub
from worker.pull import pull
from worker.setup import set_up

CLIENTS = 32
HISTORY = 100
"""Paid invoices in the history that is read, again and again."""

SECRET = "whsec_sandbox_bench"
BARE = Table("bare", MetaData(), Column("id", Text, primary_key=True), Column("body", LargeBinary))
_LOOKS_MAX = 300

_spawn = multiprocessing.get_context("spawn")


def run(wanted: Wanted, *, history: int = HISTORY) -> Iterable[Figure]:
    for kind in wanted.databases:
        with Stage(kind) as stage:
            yield from measured(stage, wanted, f"door, {kind}")
            with stage.history(history):
                yield from measured(stage, wanted, f"door, {kind}, while a history is read")
            stage.find_what_was_answered()


def measured(stage: "Stage", wanted: Wanted, name: str) -> Iterator[Figure]:
    throughput, processor, slowest = [], [], {"door": [], "bare limit": []}
    for _ in range(wanted.rounds):
        rates, used = {}, {}
        for which in ("bare limit", "door"):
            before = stage.processor_time(which)
            answers, lasted = answered(stage, which, wanted.seconds)
            used[which] = (stage.processor_time(which) - before) / len(answers.seconds)
            rates[which] = answers.in_time / lasted
            slowest[which].append(answers.slowest_of_a_hundred() * 1000)
        throughput.append(rates["door"] / rates["bare limit"])
        processor.append(used["door"] / used["bare limit"])
    yield of_rounds(f"{name}: throughput / bare limit", throughput, target="at least 0.8")
    yield of_rounds(f"{name}: processor time / bare limit", processor)
    yield of_rounds(f"{name}: p99", slowest["door"], "ms", "at most 40 ms at a peak")
    yield of_rounds(f"{name}: p99 of the bare limit", slowest["bare limit"], "ms")


def answered(stage: "Stage", which: str, seconds: float) -> tuple[Answers, float]:
    """A load that brought answers, and how long it lasted: a machine that is busy elsewhere may need longer for any."""
    for times in (1, 5, 25):
        answers = stage.load(which, seconds * times)
        if answers.in_time:
            return answers, seconds * times
    raise SystemExit(f"the {which} answers nothing in time")


class Stage:
    """Both doors on one database, each served by a process of its own."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._open = ExitStack()
        self._answered = 0

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            home = Path(opening.enter_context(tempfile.TemporaryDirectory(prefix="subledger-bench-")))
            make_key_file(home / "key")
            url = opening.enter_context(database(self._kind, home))
            self._environment = {"SUBLEDGER_HOME": str(home), "DATABASE_URL": url}
            settings = settings_from(self._environment)
            self._hub = open_hub(settings)
            opening.callback(self._hub.store.engine.dispose)
            opening.callback(EmbeddedRedis(settings, self._hub.clock).close)
            BARE.create(self._hub.store.engine)
            self._path = set_up(
                self._hub.store, workspace("Bench", "http://127.0.0.1:1", "sk_test_sandbox_bench")
            ).doors["Stripe"]
            self._ports = {"door": free_port(), "bare limit": free_port()}
            for which, make in (("door", our_door), ("bare limit", bare_door)):
                opening.enter_context(process(serve, make, self._environment, self._ports[which]))
            for which in self._ports:
                self._wait_for(which)
                self.load(which, 0.5)
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @contextmanager
    def history(self, documents: int) -> Iterator[None]:
        """Somebody's history is read into the same database meanwhile, by a worker of its own."""
        here, there = _spawn.Pipe()
        with process(play_stripe, documents, there):
            address = here.recv()
            with process(read_history, self._environment, address):
                self._wait_for_records_beyond(0)
                before = self._records()
                yield
                self._wait_for_records_beyond(before)

    def load(self, which: str, seconds: float) -> Answers:
        answers = load(self._ports[which], self._path, SECRET, clients=CLIENTS, seconds=seconds)
        if which == "door":
            self._answered += len(answers.seconds)
            if answers.others:
                raise SystemExit(f"the door refused {answers.others} messages")
        return answers

    def processor_time(self, which: str) -> float:
        asking = HTTPConnection("127.0.0.1", self._ports[which], timeout=30)
        asking.request("GET", "/processor-time")
        seconds = float(asking.getresponse().read())
        asking.close()
        return seconds

    def find_what_was_answered(self) -> None:
        found = self._count(schema.event, schema.event.c.cause == "webhook")
        if found < self._answered:
            raise SystemExit(f"{self._answered} messages were answered with 200, and {found} are found")

    def _records(self) -> int:
        return self._count(schema.record)

    def _wait_for_records_beyond(self, count: int) -> None:
        for _ in range(_LOOKS_MAX):
            if self._records() > count:
                return
            time.sleep(0.1)
        raise SystemExit("no history is read")

    def _count(self, table: Table, *where) -> int:
        with self._hub.store.read() as view:
            return view.execute(select(func.count()).select_from(table).where(*where)).scalar_one()

    def _wait_for(self, which: str) -> None:
        for _ in range(_LOOKS_MAX):
            try:
                self.processor_time(which)
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise SystemExit(f"the {which} did not open")


# --- the processes ---------------------------------------------------------------------------------------------------


@contextmanager
def process(target, *arguments) -> Iterator[None]:
    started = _spawn.Process(target=target, args=arguments, daemon=True)
    started.start()
    try:
        yield
    finally:
        started.terminate()
        started.join()


def our_door(hub):
    return create_app(hub)


def bare_door(hub):
    def app(environ, start_response):
        body = environ["wsgi.input"].read()
        with hub.store.engine.begin() as connection:
            connection.execute(insert(BARE).values(id=hub.store.new_id(), body=body))
        start_response("200 OK", [("Content-Length", "0")])
        return ()

    return app


def serve(make_door, environment, port) -> None:
    door = make_door(open_hub(settings_from(environment)))

    def app(environ, start_response):
        if environ["PATH_INFO"] != "/processor-time":
            return door(environ, start_response)
        text = str(time.process_time()).encode()
        start_response("200 OK", [("Content-Length", str(len(text)))])
        return [text]

    listen(app, bind("127.0.0.1", port)).run()


def play_stripe(documents, told) -> None:
    """A Stripe with a history of paid invoices, until it is ended."""
    line = command.start().line()["stripe"]
    account = StripeAccount(line["base_url"], line["api_key"])
    for number in range(documents):
        customer = account.create("customers", name=f"Customer {number}", address={"country": "DE"})["id"]
        card = account.create("payment_methods/pm_card_visa/attach", customer=customer)["id"]
        invoice = account.create("invoices", customer=customer, currency="eur", default_payment_method=card)["id"]
        account.create("invoiceitems", customer=customer, invoice=invoice, amount=4990, currency="eur")
        account.create(f"invoices/{invoice}/finalize")
        account.create(f"invoices/{invoice}/pay")
    told.send((line["base_url"], line["api_key"]))
    told.recv()


def read_history(environment, address) -> None:
    """The whole of it into a new workspace, and again, until it is ended."""
    hub = open_hub(settings_from(environment))
    while True:
        workspace_id = set_up(hub.store, workspace(f"History {time.time_ns()}", *address)).workspace_id
        with hub.store.read() as view:
            [connection] = connections.connections(view, workspace_id)
        for stream in CONNECTORS[connection.vendor].pulls:
            pull(hub, workspace_id, connection.id, stream)


def workspace(name, base_url, api_key) -> str:
    connection = {
        "name": "Stripe",
        "vendor": "stripe",
        "environment": "sandbox",
        "base_url": base_url,
        "secrets": {"api_key": api_key, "webhook_secret": SECRET},
        "options": {"calls_per_window": "1000000"},
    }
    book = {"name": "Book", "base_currency": "EUR", "time_zone": "Europe/Berlin"}
    return json.dumps({"workspace": name, "book": book, "connections": [connection]})


def free_port() -> int:
    with bind("127.0.0.1", 0) as taken:
        return taken.getsockname()[1]


if __name__ == "__main__":
    asked = wanted_from(__doc__)
    show(run(asked), as_json=asked.as_json)
