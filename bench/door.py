"""The webhook door against the bare limit, in one run: same server, same kind of database, one commit a request.

    python -m bench.door [--url postgresql://...] [--seconds 3] [--rounds 3]

The bare limit is a WSGI function that inserts one row of the same bytes and commits. Both are served by a process of
their own; the load comes from here over kept-alive connections, in alternating rounds, so that both see the same
machine. Prints requests a second, the slowest of a hundred, and the ratio.
"""

import argparse
import hmac
import http.client
import json
import multiprocessing
import tempfile
import threading
import time
from hashlib import sha256
from pathlib import Path
from random import Random

from sqlalchemy import Column, LargeBinary, MetaData, Table, Text, insert

from core.clock import WallClock
from core.ids import Ids
from core.seal import MasterKeys
from core.store.engine import open_engine
from core.store.migrate import upgrade
from core.store.work import Store
from web.app import create_app
from web.server import bind, listen
from worker.hub import Hub
from worker.setup import set_up

SECRET = "whsec_sandbox_bench"
CLIENTS = 8
LEASE_SECONDS = 60
WORKSPACE = {
    "workspace": "Bench",
    "book": {"name": "Book", "base_currency": "EUR", "time_zone": "Europe/Berlin"},
    "connections": [
        {
            "name": "Stripe",
            "vendor": "stripe",
            "environment": "sandbox",
            "base_url": "http://127.0.0.1:1",
            "secrets": {"webhook_secret": SECRET},
        }
    ],
}
BARE = Table("bare", MetaData(), Column("id", Text, primary_key=True), Column("body", LargeBinary))


class SilentBell:
    """Ringing is not what is measured, and costs the same for both."""

    def ring(self, *lanes):
        pass


def open_store(url):
    clock = WallClock()
    return Store(open_engine(url), MasterKeys([b"b" * 32]), clock, Ids(clock))


def our_door(url):
    return create_app(Hub(open_store(url), SilentBell(), Random(1), LEASE_SECONDS))


def bare_door(url):
    store = open_store(url)

    def app(environ, start_response):
        body = environ["wsgi.input"].read()
        with store.engine.begin() as connection:
            connection.execute(insert(BARE).values(id=store.new_id(), body=body))
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]

    return app


def serve(make_app, url, port):
    listen(make_app(url), bind("127.0.0.1", port)).run()


def bodies():
    """Events of about the size that Stripe sends, each with an id of its own."""
    padding = {f"field_{number}": "x" * 40 for number in range(50)}
    number = 0
    while True:
        number += 1
        yield json.dumps(
            {
                "id": f"evt_{time.time_ns()}_{number}",
                "object": "event",
                "type": "invoice.paid",
                "created": 1795000000,
                "data": {"object": {"id": f"in_{number % 500}", "object": "invoice", **padding}},
            }
        ).encode()


def client(port, path, until, times):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for body in bodies():
        if time.monotonic() > until:
            break
        stamp = str(int(time.time()))
        signature = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, sha256).hexdigest()
        began = time.perf_counter()
        connection.request("POST", path, body, {"Stripe-Signature": f"t={stamp},v1={signature}"})
        answer = connection.getresponse()
        answer.read()
        times.append(time.perf_counter() - began)
        assert answer.status == 200, answer.status
    connection.close()


def load(port, path, seconds):
    """The time of each request, from several clients at once."""
    times, until = [], time.monotonic() + seconds
    threads = [threading.Thread(target=client, args=(port, path, until, times)) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def free_port():
    with bind("127.0.0.1", 0) as taken:
        return taken.getsockname()[1]


def wait_for(port):
    for _ in range(200):
        try:
            http.client.HTTPConnection("127.0.0.1", port, timeout=1).connect()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("a server did not start")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="an empty PostgreSQL database; SQLite in a folder that goes away if left out")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = wanted.url or f"sqlite:///{Path(folder) / 'bench.db'}"
        engine = open_engine(url)
        upgrade(engine)
        BARE.create(engine)
        store = open_store(url)
        path = set_up(store, json.dumps(WORKSPACE)).doors["Stripe"]
        engine.dispose()
        store.engine.dispose()
        doors = {"bare": (bare_door, free_port()), "ours": (our_door, free_port())}
        context = multiprocessing.get_context("spawn")
        servers = [context.Process(target=serve, args=(make, url, port), daemon=True) for make, port in doors.values()]
        try:
            for server in servers:
                server.start()
            measured = {name: [] for name in doors}
            for _, port in doors.values():
                wait_for(port)
                load(port, path, 1)
            for _ in range(wanted.rounds):
                for name, (_, port) in doors.items():
                    measured[name] += [load(port, path, wanted.seconds)]
        finally:
            for server in servers:
                server.terminate()
                server.join()
    rates = {name: sum(map(len, rounds)) / (wanted.rounds * wanted.seconds) for name, rounds in measured.items()}
    for name, rounds in measured.items():
        times = sorted(one for times in rounds for one in times)
        print(f"{name}: {rates[name]:.0f} requests/s, p99 {times[len(times) * 99 // 100] * 1000:.1f} ms")
    print(f"ours / bare: {rates['ours'] / rates['bare']:.2f}")


if __name__ == "__main__":
    main()
