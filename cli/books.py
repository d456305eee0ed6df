"""What the hub knows and what is still open, for people and for scripts."""

from datetime import datetime

import click
from rich.console import Console
from rich.progress_bar import ProgressBar

from cli.output import Printed, Say, announcing, printing, progress, sentence, table
from connectors.registry import CONNECTORS
from core.errors import HubError
from core.money import decimal_of
from core.reasons import Reason, ReasonCode
from core.settings import settings
from core.store import connections, duties, ledger, parked
from core.store.advice import acquaint
from core.store.reading import pulse
from core.store.reading.comparison import SHOWN_MAX, differences
from core.store.reading.control import controls
from core.store.statehash import state_hash as hash_of
from worker.complaints import complaints
from worker.hub import open_store
from worker.setup import workspace_id

_DAY = click.DateTime(["%Y-%m-%d"])
_WORKSPACE = click.option("--workspace", help="Its name; needed only where there are several.")


@click.command("trial-balance")
@_WORKSPACE
@click.option("--until", type=_DAY, metavar="DATE", help="At the end of this day (2026-11-23) instead of now.")
@printing
def trial_balance(workspace: str | None, until: datetime | None) -> Printed:
    """Show what each account holds.

    By account role and currency, and in the book's base currency.
    """
    store = open_store(settings())
    workspace = workspace_id(store, workspace)
    day = until.date().isoformat() if until else None
    with store.read() as database:
        books = connections.books(database, workspace)
        balances = [(book, ledger.balances(database, workspace, book.id, day)) for book in books]
    rows = [
        {
            "book": book.name,
            "account": row.role.value,
            "name": row.role.label,
            "currency": row.currency,
            "amount": str(decimal_of(row.amount_minor, row.currency)),
            "base": str(decimal_of(row.base_minor, book.base_currency)),
            "base_currency": book.base_currency,
        }
        for book, held in balances
        for row in held
    ]

    def show(console: Console) -> None:
        if not rows:
            console.print("Nothing has been booked yet.")
            return
        columns = ["book", "account", "name", "currency", "amount", "base", "base_currency"]
        console.print(table(columns, [[row[column] for column in columns] for row in rows], ["amount", "base"]))

    return {"rows": rows}, show


@click.command("state-hash")
@_WORKSPACE
@printing
def state_hash(workspace: str | None) -> Printed:
    """Show one hash of all that the hub knows.

    Equal knowledge has an equal hash, on every database.
    """
    store = open_store(settings())
    workspace = workspace_id(store, workspace)
    with progress("going through all that is known"), store.read() as database:
        found = hash_of(store, database, workspace)
    return {"state_hash": found}, sentence(found)


@click.command()
@_WORKSPACE
@announcing
def reconcile(say: Say, workspace: str | None) -> None:
    """Hold the hub against what every system last showed.

    By month and currency, then document by document. It ends with 0 only if everything ties.
    """
    store = open_store(settings())
    workspace = workspace_id(store, workspace)
    acquaint(store)
    with progress("holding everything against everything"), store.read() as database:
        links = {one.id: one for one in connections.connections(database, workspace)}
        held = controls(database, workspace, list(links.values()))
        apart = differences(database, workspace, list(links.values()))
    totals = [
        {
            "connection": links[one.connection_id].name,
            "what": one.what,
            "period": one.period,
            "currency": one.currency,
            "subledger": str(decimal_of(one.ours_minor, one.currency)),
            "there": str(decimal_of(one.theirs_minor, one.currency)),
            "difference": str(decimal_of(one.ours_minor - one.theirs_minor, one.currency)),
            "documents": one.ours_count,
            "documents_there": one.theirs_count,
            "ties": one.ties,
        }
        for one in held
    ]
    documents = [
        {"connection": links[one.connection_id].name, "document": one.name, "kind": one.kind, "state": one.state}
        for one in apart
    ]

    def show(console: Console) -> None:
        numbers = ["subledger", "there", "difference", "documents", "documents_there"]
        columns = ["connection", "what", "period", "currency", *numbers]
        console.print(table(columns, [[str(row[column]) for column in columns] for row in totals], numbers))
        if documents:
            console.print()
            columns = ["connection", "document", "state"]
            console.print(table(columns, [[row[column] for column in columns] for row in documents]))

    say({"ties": not apart and all(one.ties for one in held), "totals": totals, "documents": documents}, show)
    loose = sum(not one.ties for one in held)
    if loose or apart:
        more = " or more" if len(apart) >= SHOWN_MAX else ""
        raise HubError(f"{loose} of {len(held)} totals do not tie; documents that differ: {len(apart)}{more}.")


@click.command()
@_WORKSPACE
@printing
def status(workspace: str | None) -> Printed:
    """Show what is open, parked or held, and why."""
    store = open_store(settings())
    workspace = workspace_id(store, workspace)
    with store.read() as database:
        links = connections.connections(database, workspace)
        counts = duties.open_work(database, workspace)
        waiting = parked.by_cause(database, workspace)
        held = parked.held_by_cause(database, workspace)
        reached = pulse.pulses(database, workspace, store.clock.now())
        said = complaints(database, links, store.clock.now())
    importing = [
        (one.name, step)
        for one in links
        for cursor in reached[one.id].reached.values()
        if (step := CONNECTORS[one.vendor].importing(cursor))
    ]
    told = {
        "connections": [
            {"name": one.name, "vendor": one.vendor, "state": one.state, "sentence": said[one.id]} for one in links
        ],
        "importing": [
            {"connection": name, "list": step.name, "number": step.number, "of": step.of} for name, step in importing
        ],
        "work": counts,
        "parked": [_told(one) for one in waiting],
        "held": [_told(one) for one in held],
    }

    def show(console: Console) -> None:
        lines = [[one.name, one.vendor, one.state, said[one.id]] for one in links]
        console.print(table(["connection", "vendor", "state", ""], lines))
        for name, step in importing:
            console.print(f"{name}: reads its history, {step.name} now")
            console.print(ProgressBar(total=step.of, completed=step.number - 1, width=40))
        console.print()
        work = [[what, state, str(count)] for what, of in counts.items() for state, count in sorted(of.items())]
        console.print(table(["work", "state", "count"], work, ["count"]) if work else "Nothing has come in yet.")
        for how, causes in (("parked", waiting), ("held", held)):
            for one in causes:
                console.print()
                console.print(f"{one.count} {one.what} {how}", style="bold")
                sentence(_sentence(one))(console)

    return told, show


def _told(one: parked.Cause) -> dict[str, str | int]:
    return {"what": one.what, "count": one.count, "code": one.code, "example": _sentence(one)}


def _sentence(one: parked.Cause) -> str:
    return Reason(ReasonCode(one.code), one.params).sentence()
