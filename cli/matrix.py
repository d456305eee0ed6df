"""What each connector can do, told by its own declaration: there is no second list."""

from typing import Any

import click
from rich.console import Console

from cli.output import Printed, printing, table
from connectors.contract import Connector
from connectors.registry import CONNECTORS
from core.kinds import Kind


def declared(connector: Connector) -> dict[str, Any]:
    """A connector's declaration as plain values."""
    return {
        "vendor": connector.vendor,
        "role": connector.role.value,
        "kinds": {kind.value: _kind(connector, kind) for kind in Kind if kind in {*connector.reads, *connector.writes}},
        "calls": connector.limit.calls,
        "per_seconds": connector.limit.per_seconds,
        "at_once": connector.limit.at_once,
        "calls_a_day": connector.day.calls if connector.day else None,
        "access": "OAuth 2, refreshed" if connector.oauth else "API key",
        "webhook_bytes_max": connector.webhook.max_bytes if connector.webhook else 0,
        "polled_every_seconds": connector.poll_seconds,
        "looks_back_days": connector.remembers_days,
        "settles_within_seconds": connector.settle_seconds,
    }


def _kind(connector: Connector, kind: Kind) -> dict[str, Any]:
    reads, writes = connector.reads.get(kind), connector.writes.get(kind)
    return {
        "reads": "" if reads is None else "becomes a record" if reads.entity else "compared with what we wrote",
        "writes": "" if writes is None else "when another document needs it" if writes.on_demand else "always",
        "batch": writes.batch_max if writes else 0,
        "slots": [*writes.slots, *writes.line_slots] if writes else [],
    }


def markdown() -> str:
    """The page `docs/connectors.md`."""
    lines = [
        "# Connectors",
        "",
        "What each connector reads and writes, as it declares it. `subledger connectors --markdown` prints this page.",
    ]
    for connector in CONNECTORS.values():
        told = declared(connector)
        back = f", looking back at most {told['looks_back_days']} days" if told["looks_back_days"] else ""
        budget = f"at most {told['calls']} calls in {told['per_seconds']} s, {told['at_once']} at once"
        if told["calls_a_day"]:
            budget += f", {told['calls_a_day']:,} a day"
        lines += [
            "",
            f"## {connector.vendor.capitalize()}, {told['role']}",
            "",
            f"{told['access']}; {budget}; polled every {told['polled_every_seconds']} s{back}.",
            "",
            "| Kind | Read | Written | In one call | Choices it needs |",
            "|---|---|---|---:|---|",
        ]
        for kind, of in told["kinds"].items():
            name, slots = kind.replace("_", " "), ", ".join(of["slots"])
            lines.append(f"| {name} | {of['reads']} | {of['writes']} | {of['batch'] or ''} | {slots} |")
    return "\n".join(lines) + "\n"


@click.command()
@click.option("--markdown", "as_markdown", is_flag=True, help="The page docs/connectors.md.")
@printing
def connectors(as_markdown: bool) -> Printed:
    """Show what each connector can do."""
    told = {vendor: declared(connector) for vendor, connector in CONNECTORS.items()}

    def show(console: Console) -> None:
        if as_markdown:
            click.echo(markdown(), nl=False)
            return
        rows = [
            [vendor, kind.replace("_", " "), of["reads"], of["writes"], str(of["batch"] or "")]
            for vendor, one in told.items()
            for kind, of in one["kinds"].items()
        ]
        console.print(table(["vendor", "kind", "read", "written", "in one call"], rows, ["in one call"]))

    return told, show
