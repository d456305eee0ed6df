"""Setting a hub up: its database, its key, its workspaces, rulebooks and rates."""

from pathlib import Path

import click

from cli.output import Printed, printing, sentence
from core.seal import make_key_file, new_master_key
from core.settings import settings
from core.store.engine import check_engine, open_engine
from core.store.migrate import upgrade
from worker import setup as making
from worker.hub import open_store

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_WORKSPACE = click.option("--workspace", help="Its name; needed only where there are several.")


@click.group("db")
def database() -> None:
    """The database's schema."""


@database.command("upgrade")
@printing
def upgrade_database() -> Printed:
    """Bring the database to this version's schema, and make the key of an embedded one."""
    wanted = settings()
    if wanted.embedded_database:
        wanted.home.mkdir(parents=True, exist_ok=True)
    if not wanted.keys:
        make_key_file(wanted.home / "key")
    engine = open_engine(wanted.database_url)
    check_engine(engine)
    upgrade(engine)
    return {"database": "up to date"}, sentence("The database is up to date.")


@click.command()
@printing
def key() -> Printed:
    """Make a master key for SUBLEDGER_KEYS: put it first, and keep the older ones behind it."""
    made = new_master_key()
    return {"key": made}, sentence(made)


@click.command()
@click.argument("file", type=_FILE)
@printing
def setup(file: Path) -> Printed:
    """Make a workspace from FILE (JSON): its book, connections, rulebooks and rates."""
    made = making.set_up(open_store(settings()), file.read_text())
    lines = ["The workspace is set up."]
    lines += [f"Webhooks of {name} go to {path}" for name, path in made.doors.items()]
    return {"workspace_id": made.workspace_id, "doors": dict(made.doors)}, sentence("\n".join(lines))


@click.command("webhook-secret")
@click.argument("connection")
@click.option("--secret", prompt=True, hide_input=True, help="Asked for where it is not given.")
@_WORKSPACE
@printing
def connect(connection: str, secret: str, workspace: str | None) -> Printed:
    """The key that the vendor of CONNECTION signs its webhooks with from now on; the one before stays good."""
    store = open_store(settings())
    making.set_webhook_secret(store, making.workspace_id(store, workspace), connection, secret)
    return {"connection": connection}, sentence(f"Webhooks of {connection} are checked against the new key.")


@click.command()
@click.argument("connection")
@click.option("--access-token", prompt=True, hide_input=True, help="Asked for where it is not given.")
@click.option("--refresh-token", prompt=True, hide_input=True, help="Asked for where it is not given.")
@_WORKSPACE
@printing
def tokens(connection: str, access_token: str, refresh_token: str, workspace: str | None) -> Printed:
    """Connect CONNECTION again with new tokens; what it was paused with goes on."""
    store = open_store(settings())
    making.new_tokens(store, making.workspace_id(store, workspace), connection, access_token, refresh_token)
    return {"connection": connection}, sentence(f"{connection} is connected again.")


@click.command()
@click.argument("connection")
@click.argument("file", type=_FILE)
@_WORKSPACE
@printing
def rules(connection: str, file: Path, workspace: str | None) -> Printed:
    """Put the rulebook in FILE (JSON) in force for CONNECTION, and try what was parked for want of a rule."""
    store = open_store(settings())
    found = making.workspace_id(store, workspace)
    version = making.new_rulebook(store, found, connection, file.read_text(), "command line")
    return {"version": version}, sentence(f"Version {version} of the rulebook of {connection} is in force.")


@click.command()
@click.argument("book")
@click.argument("currency")
@click.argument("on")
@click.argument("value")
@click.option("--source", required=True, help="Who published it, such as ECB.")
@_WORKSPACE
@printing
def rate(book: str, currency: str, on: str, value: str, source: str, workspace: str | None) -> Printed:
    """One CURRENCY was worth VALUE in BOOK's base currency ON that day; what waited for it is tried again."""
    store = open_store(settings())
    wanted = {"currency": currency, "on": on, "value": value, "source": source}
    making.new_rate(store, making.workspace_id(store, workspace), book, wanted)
    return wanted, sentence(f"1 {currency} was {value} on {on} ({source}).")
