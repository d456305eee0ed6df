"""Seeing it work without any vendor: the sandboxes, and the demo that runs on them."""

import json

import click
from rich.console import Console

from cli.output import Printed, printing, table
from core.settings import settings
from demo.run import run_demo
from sandbox.command import start
from worker.processes import stop_on_signals


@click.command()
@click.option("--seed", default=1, show_default=True, help="What ids are made from.")
@click.option("--stripe-port", default=0, help="A free one where none is given.")
@click.option("--xero-port", default=0, help="A free one where none is given.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON instead of a table.")
def sandbox(seed: int, stripe_port: int, xero_port: int, as_json: bool) -> None:
    """Play the vendors on loopback, print their addresses, and stay up until Ctrl-C."""
    stopped = stop_on_signals()
    vendors = start(seed=seed, stripe_port=stripe_port, xero_port=xero_port)
    try:
        if as_json:
            click.echo(json.dumps(vendors.line()))
        else:
            rows = [[vendor, name, text] for vendor, of in vendors.line().items() for name, text in of.items()]
            Console().print(table(["vendor", "setting", "value"], rows))
        stopped.wait()
    finally:
        vendors.close()


@click.command()
@printing
def demo() -> Printed:
    """Two months of a business walk from Stripe to Xero through real processes, and come out equal to the cent.

    SUBLEDGER_SEED chooses what goes wrong on the way, and the story's own turns.
    """
    as_json = click.get_current_context().params["as_json"]
    return run_demo(settings().seed or 1, progress=not as_json)
