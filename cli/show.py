"""Seeing it work without any vendor: the sandboxes, and the demo that runs on them."""

import click
from rich.console import Console

from cli.output import Say, announcing, sentence, table
from core.errors import HubError
from core.settings import settings
from demo.comparison import SIDES
from demo.guest import GUEST, let_in
from demo.run import Demo, run_demo
from demo.telling import Telling
from sandbox.command import start
from worker.processes import leave_on_signals, stop_on_signals


@click.command()
@click.option("--seed", default=1, show_default=True, help="What ids are made from.")
@click.option("--stripe-port", default=0, type=click.IntRange(0, 65535), help="A free one where none is given.")
@click.option("--xero-port", default=0, type=click.IntRange(0, 65535), help="A free one where none is given.")
@announcing
def sandbox(say: Say, seed: int, stripe_port: int, xero_port: int) -> None:
    """Play the vendors on loopback until Ctrl-C.

    Stripe and Xero as local servers with a memory. Their addresses and credentials are printed once they are up.
    """
    stopped = stop_on_signals()
    vendors = start(seed=seed, stripe_port=stripe_port, xero_port=xero_port)
    try:
        line = vendors.line()
        rows = [[vendor, name, text] for vendor, of in line.items() for name, text in of.items()]
        say(line, lambda to: to.print(table(["vendor", "setting", "value"], rows)))
        stopped.wait()
    finally:
        vendors.close()


@click.command()
@announcing
def demo(say: Say) -> None:
    """Watch two months of a business walk from Stripe to Xero.

    Real processes carry it, while webhooks and answers are lost on the way. An outside reader then adds up both ends.
    It ends with 0 only if every difference is nothing and a second run writes nothing. SUBLEDGER_SEED chooses what goes
    wrong, and the story's own turns.
    """
    as_json = click.get_current_context().params["as_json"]
    leave_on_signals()
    seed = settings().seed
    verdict, seconds = run_demo(1 if seed is None else seed, progress=not as_json)
    calls = {vendor: sum(of.values()) for vendor, of in verdict.calls.items()}

    def show(to: Console) -> None:
        columns = ["kind", "currency", *SIDES, "difference", "count"]
        rows = [[{**row.told(), "count": row.counts}[name] for name in columns] for row in verdict.rows]
        to.print(table(columns, rows, columns[2:]))
        for note in verdict.notes:
            sentence(note)(to)
        for vendor, of in verdict.calls.items():
            told = ", ".join(f"{count} {method}" for method, count in sorted(of.items()))
            sentence(f"calls to {vendor}: {told}; {verdict.minimum[vendor]} if all had been known at once")(to)
        if not verdict.problems:
            sentence(f"{seconds} seconds; a second run of the drains wrote nothing and changed nothing")(to)

    told = {"rows": [row.told() for row in verdict.rows], "notes": list(verdict.notes), "calls": calls}
    say({**told, "minimum": dict(verdict.minimum), "seconds": float(seconds)}, show)
    if verdict.problems:
        raise HubError("Not everything is equal: " + "; ".join(verdict.problems))


@click.command()
@announcing
def run(say: Say) -> None:
    """Keep everything up with the demo's business in it.

    Pages, workers, scheduler and the sandboxes, in a folder that goes away at the end. Prints where to look and a
    log-in, and stops everything on Ctrl-C.
    """
    as_json = click.get_current_context().params["as_json"]
    leave_on_signals()
    seed = settings().seed
    with Demo(1 if seed is None else seed, Telling(shown=not as_json)) as running:
        running.play()
        password = let_in(running)
        stripe, xero = (running.sandboxes.line[vendor] for vendor in ("stripe", "xero"))
        told = {"address": running.hub.base_url, "user": GUEST, "password": password, "stripe": stripe, "xero": xero}
        words = [
            f"Two months of a business are on {running.hub.base_url}",
            f"Log in as {GUEST} with {password}",
            f"Stripe is played on {stripe['base_url']}; its key is {stripe['api_key']}",
            f"Xero is played on {xero['base_url']}; its token is {xero['access_token']} for {xero['tenant_id']}",
            "Ctrl-C stops everything.",
        ]
        stopped = stop_on_signals()
        say(told, sentence("\n".join(words)))
        running.hub.processes.watch(stopped)
