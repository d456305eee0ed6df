"""The processes of a running hub: each by itself, or all of them with `up`."""

import click
import waitress

from core.settings import settings
from web.app import create_app
from worker.doctor import check_disk
from worker.embedded import EmbeddedRedis, check_redis
from worker.hub import open_hub
from worker.logs import start_logging
from worker.process import run_worker
from worker.processes import Processes, stop_on_signals
from worker.sweep import TICK_SECONDS, tick

_WEB_THREADS = 8


@click.command()
def web() -> None:
    """Serve the webhook doors and the health pages."""
    wanted = settings()
    start_logging("web")
    check_disk(wanted)
    hub = open_hub(wanted)
    waitress.serve(
        create_app(hub),
        host=wanted.host,
        port=wanted.port,
        threads=_WEB_THREADS,
        ident="",
        channel_timeout=30,
        max_request_header_size=32 * 1024,
        max_request_body_size=16 * 1024 * 1024,
    )


@click.command()
def worker() -> None:
    """Serve the bell: ingest, deliver and pull, one lane at a time."""
    wanted = settings()
    start_logging("worker")
    check_disk(wanted)
    check_redis(wanted)
    run_worker(wanted)


@click.command()
def scheduler() -> None:
    """Ring what is due and start what the schedule asks for. Any number may run."""
    start_logging("scheduler")
    hub = open_hub(settings())
    stopped = stop_on_signals()
    while not stopped.wait(TICK_SECONDS):
        tick(hub)


@click.command()
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Worker processes.")
def up(workers: int) -> None:
    """Run everything: pages, workers, scheduler, and an embedded Redis where none is set. Ctrl-C stops it all."""
    wanted = settings()
    hub = open_hub(wanted)
    stopped = stop_on_signals()
    redis = EmbeddedRedis(wanted, hub.clock) if not wanted.redis_url else None
    try:
        check_redis(wanted)
        with Processes({}) as processes:
            processes.start("web", "web")
            for number in range(workers):
                processes.start(f"worker {number + 1}", "worker")
            processes.start("scheduler", "scheduler")
            click.echo(f"Subledger is up on http://{wanted.host}:{wanted.port}; Ctrl-C stops it.")
            processes.watch(stopped)
    finally:
        if redis is not None:
            redis.close()
