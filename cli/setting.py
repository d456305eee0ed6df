"""Setting a hub up: its database, its key, its workspaces, rulebooks and rates."""

from pathlib import Path

import click

from cli.output import Printed, printing, progress, sentence
from core.errors import Misconfigured
from core.seal import make_key_file, new_master_key
from core.settings import settings
from core.store.engine import check_engine, open_engine
from core.store.migrate import upgrade
from worker import reconnect
from worker import setup as making
from worker.doctor import check_disk
from worker.hub import open_store

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_WORKSPACE = click.option("--workspace", help="Its name; needed only where there are several.")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Misconfigured(f"{file} is not a text in UTF-8.") from None


@click.group("db")
def database() -> None:
    """The database's schema."""


@database.command("upgrade")
@printing
def upgrade_database() -> Printed:
    """Bring the database to this version's schema.

    Where no key is set, one is made beside it.
    """
    wanted = settings()
    check_disk(wanted)
    if wanted.embedded_database:
        wanted.make_home()
    if not wanted.keys:
        make_key_file(wanted.home / "key")
    engine = open_engine(wanted.database_url)
    check_engine(engine)
    with progress("bringing the database up to date") as told:
        upgrade(engine, told=told)
    return {"database": "up to date"}, sentence("The database is up to date.")


@click.command()
@printing
def key() -> Printed:
    """Make a master key.

    It goes into SUBLEDGER_KEYS, in front of the older ones, which stay behind a comma each for as long as something is
    sealed with them.
    """
    made = new_master_key()
    return {"key": made}, sentence(made)


@click.command()
@click.argument("file", type=_FILE)
@printing
def setup(file: Path) -> Printed:
    """Make a workspace from FILE.

    FILE is JSON and names its book, connections, rulebooks and rates; docs/setup.md goes through one. It is made as a
    whole or not at all.
    """
    made = making.set_up(open_store(settings()), _text(file))
    lines = ["The workspace is set up."]
    lines += [f"Webhooks of {name} go to {path}" for name, path in made.doors.items()]
    return {"workspace_id": made.workspace_id, "doors": dict(made.doors)}, sentence("\n".join(lines))


@click.command("webhook-secret")
@click.argument("connection")
@click.option("--secret", prompt=True, hide_input=True, help="Asked for where it is not given.")
@_WORKSPACE
@printing
def webhook_secret(connection: str, secret: str, workspace: str | None) -> Printed:
    """Set the key that signs a connection's webhooks.

    It is the one that the vendor of CONNECTION shows, and holds from now on; the one before it stays good too.
    """
    store = open_store(settings())
    making.set_webhook_secret(store, making.workspace_id(store, workspace), connection, secret)
    return {"connection": connection}, sentence(f"Webhooks of {connection} are checked against the new key.")


@click.command("api-key")
@click.argument("connection")
@click.option("--key", "new", prompt="Key", hide_input=True, help="Asked for where it is not given.")
@_WORKSPACE
@printing
def api_key(connection: str, new: str, workspace: str | None) -> Printed:
    """Connect again, with a new key.

    It is tried at the vendor first, and has to open the same account. What CONNECTION was paused with goes on.
    """
    store = open_store(settings())
    reconnect.new_key(store, making.workspace_id(store, workspace), connection, new)
    return {"connection": connection}, sentence(f"{connection} is connected again.")


@click.command()
@click.argument("connection")
@click.option("--access-token", prompt=True, hide_input=True, help="Asked for where it is not given.")
@click.option("--refresh-token", prompt=True, hide_input=True, help="Asked for where it is not given.")
@_WORKSPACE
@printing
def tokens(connection: str, access_token: str, refresh_token: str, workspace: str | None) -> Printed:
    """Connect again, with new tokens.

    What CONNECTION was paused with goes on.
    """
    store = open_store(settings())
    reconnect.new_tokens(store, making.workspace_id(store, workspace), connection, access_token, refresh_token)
    return {"connection": connection}, sentence(f"{connection} is connected again.")


@click.command()
@click.argument("connection")
@click.argument("file", type=_FILE)
@_WORKSPACE
@printing
def rules(connection: str, file: Path, workspace: str | None) -> Printed:
    """Put a rulebook in force for a connection.

    FILE is JSON. What was parked at CONNECTION for want of a rule is tried again.
    """
    store = open_store(settings())
    found = making.workspace_id(store, workspace)
    version = making.new_rulebook(store, found, connection, _text(file), "command line")
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
    """Set the exchange rate of a day.

    One CURRENCY was worth VALUE in BOOK's base currency ON that day. What waited for the rate is tried again.
    """
    store = open_store(settings())
    wanted = {"currency": currency, "on": on, "value": value, "source": source}
    making.new_rate(store, making.workspace_id(store, workspace), book, wanted)
    return wanted, sentence(f"1 {currency} was {value} on {on} ({source}).")
