"""Records, deliveries and events as lists, the newest first, fifty at a time."""

from collections.abc import Callable, Sequence
from typing import Any

import click
from rich.console import Console

from cli.output import Printed, printing, table
from core.kinds import Kind, shown_id
from core.lifecycle import DeliveryState
from core.money import decimal_of
from core.reasons import Reason, ReasonCode
from core.settings import settings
from core.store import connections
from core.store.reading import deliveries as owed
from core.store.reading import documents, told
from worker.hub import open_store
from worker.setup import workspace_id

_WORKSPACE = click.option("--workspace", help="Its name; needed only where there are several.")
_BEFORE = click.option("--before", metavar="ID", help="Go on where the last list ended.")
_EVENT_STATES = ("pending", "done", "parked", "ignored")


@click.command()
@click.argument("kind", type=click.Choice([kind.value for kind in Kind]))
@click.argument("text", default="")
@_BEFORE
@_WORKSPACE
@printing
def records(kind: str, text: str, before: str | None, workspace: str | None) -> Printed:
    """List records of a KIND.

    All of them, or those that TEXT finds: a number, a customer, a remote id or an amount.
    """
    store = open_store(settings())
    found = workspace_id(store, workspace)
    with store.read() as database:
        page, _ = documents.page(store, database, found, Kind(kind), text, before)
        names = {one.id: one.name for one in connections.connections(database, found)}
    rows = [
        {
            "id": shown_id(one.kind, one.id),
            "name": one.name,
            "amount": _amount(one.entity),
            "currency": getattr(one.entity, "currency", ""),
            "customer": one.customer,
            "elsewhere": ", ".join(f"{names[copy.connection_id]}: {copy.state}" for copy in one.states),
        }
        for one in page.rows
    ]
    return _listed(rows, page.older, ["amount"])


@click.command()
@click.option("--state", type=click.Choice([state.value for state in DeliveryState]), default=None)
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), default=None)
@_BEFORE
@_WORKSPACE
@printing
def deliveries(state: str | None, kind: str | None, before: str | None, workspace: str | None) -> Printed:
    """List what is owed, and why it waits."""
    store = open_store(settings())
    found = workspace_id(store, workspace)
    with store.read() as database:
        page = owed.page(database, found, state or "", "", kind or "", before)
        names = {one.id: one.name for one in connections.connections(database, found)}
    rows = [
        {
            "id": row.id,
            "document": row.name,
            "connection": names[row.connection_id],
            "state": row.state,
            "revision": str(row.revision),
            "why": _why(row),
        }
        for row in page.rows
    ]
    return _listed(rows, page.older, ["revision"])


@click.command()
@click.option("--state", type=click.Choice(_EVENT_STATES), default=None)
@_BEFORE
@_WORKSPACE
@printing
def events(state: str | None, before: str | None, workspace: str | None) -> Printed:
    """List what vendors told, by webhook or poll."""
    store = open_store(settings())
    found = workspace_id(store, workspace)
    with store.read() as database:
        page = told.page(database, found, state or "", before)
    rows = [
        {
            "id": row.id,
            "connection": row.connection or "",
            "type": row.type,
            "about": row.remote_id,
            "by": row.cause,
            "state": row.state,
            "at": row.created_at.isoformat(timespec="seconds"),
            "why": _why(row),
        }
        for row in page.rows
    ]
    return _listed(rows, page.older, [])


def _listed(rows: Sequence[dict[str, str]], older: str | None, numbers: Sequence[str]) -> Printed:
    return {"rows": list(rows), "older": older}, _shown(rows, older, numbers)


def _shown(rows: Sequence[dict[str, str]], older: str | None, numbers: Sequence[str]) -> Callable[[Console], None]:
    def show(console: Console) -> None:
        if not rows:
            console.print("Nothing is there.")
            return
        columns = [name for name in rows[0] if name == "id" or any(row[name] for row in rows)]
        console.print(table(columns, [[row[name] for name in columns] for row in rows], numbers))
        if older:
            console.print(f"There is more: --before {older}")

    return show


def _amount(entity: Any) -> str:
    for name in ("total_minor", "amount_minor"):
        minor = getattr(entity, name, None)
        if minor is not None:
            return str(decimal_of(minor, entity.currency))
    return ""


def _why(row: Any) -> str:
    return Reason(ReasonCode(row.reason_code), row.reason_params or {}).sentence() if row.reason_code else ""
