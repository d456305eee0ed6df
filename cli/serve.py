"""The processes of a running hub: each by itself, or all of them with `up`."""

import signal
import socket
import sys
import threading
from contextlib import ExitStack

import click

from cli.output import Say, announcing, sentence
from core.errors import HubError
from core.settings import Settings, settings
from web.app import create_app
from web.proxies import behind
from web.server import bind, listen
from worker.doctor import check_disk
from worker.embedded import EmbeddedRedis, check_redis
from worker.hub import open_hub
from worker.jobs import this_hub
from worker.logs import start_logging
from worker.one_hub import OneHub
from worker.process import run_worker
from worker.processes import Processes, stop_on_signals
from worker.sweep import run_scheduler

_LOOKS_MAX = 240
_LOOK_SECONDS = 0.25


@click.command()
@announcing
def web(say: Say) -> None:
    """Serve the webhook doors and the pages."""
    wanted = settings()
    start_logging("web")
    check_disk(wanted)
    hub = open_hub(wanted)
    check_redis(wanted, needed=False)
    OneHub(wanted, hub.store).join()
    app = create_app(hub, doors=open_hub(wanted))
    server = listen(behind(app, wanted.trusted_proxies), bind(wanted.host, wanted.port))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    address = _address(wanted)
    say({"up": "web", "address": address}, sentence(f"The doors are open on {address}; Ctrl-C closes them."))
    server.run()


@click.command()
@announcing
def worker(say: Say) -> None:
    """Work off what is due, one lane at a time. Any number may run."""
    wanted = settings()
    start_logging("worker")
    check_disk(wanted)
    hub = this_hub()
    check_redis(wanted)
    OneHub(wanted, hub.store).join()
    say({"up": "worker"}, sentence("The worker listens to the bell; Ctrl-C ends it after the job at hand."))
    run_worker(wanted)


@click.command()
@announcing
def scheduler(say: Say) -> None:
    """Ring what is due and poll on schedule. Any number may run."""
    wanted = settings()
    start_logging("scheduler")
    check_disk(wanted)
    hub = open_hub(wanted)
    check_redis(wanted, needed=False)
    one = OneHub(wanted, hub.store)
    one.join()
    stopped = stop_on_signals()
    say({"up": "scheduler"}, sentence("The scheduler looks for what is due; Ctrl-C ends it."))
    run_scheduler(hub, one, stopped)


@click.command()
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Worker processes.")
@announcing
def up(say: Say, workers: int) -> None:
    """Run everything until Ctrl-C.

    The doors, workers and the scheduler, and an embedded Redis where REDIS_URL is not set. What ends is started again.
    """
    wanted = settings()
    check_disk(wanted)
    hub = open_hub(wanted)
    bind(wanted.host, wanted.port).close()
    stopped = stop_on_signals()
    with ExitStack() as opened:
        if not wanted.redis_url:
            opened.callback(EmbeddedRedis(wanted, hub.clock).close)
        check_redis(wanted)
        OneHub(wanted, hub.store).join()
        processes = opened.enter_context(Processes({}))
        processes.start("web", "web")
        for number in range(workers):
            processes.start(f"worker {number + 1}", "worker")
        processes.start("scheduler", "scheduler")
        _wait_for_the_doors(wanted, stopped)
        address = _address(wanted)
        say({"up": "subledger", "address": address}, sentence(f"Subledger is up on {address}; Ctrl-C stops it."))
        processes.watch(stopped)


def _wait_for_the_doors(wanted: Settings, stopped: threading.Event) -> None:
    for _ in range(_LOOKS_MAX):
        try:
            socket.create_connection((wanted.host, wanted.port), timeout=1).close()
        except OSError:
            if stopped.wait(_LOOK_SECONDS):
                return
        else:
            return
    raise HubError(f"The doors did not open on {_address(wanted)}; what they said stands above.")


def _address(wanted: Settings) -> str:
    host = f"[{wanted.host}]" if ":" in wanted.host else wanted.host
    return f"http://{host}:{wanted.port}"
