"""Who may log in to the pages."""

import click
from rich.console import Console

from cli.output import Printed, printing, sentence, table
from core.errors import Misconfigured
from core.roles import Role
from core.settings import settings
from core.store import users
from core.store.users import User
from core.store.work import Store
from web.passwords import hashed, new_password
from worker.hub import open_store
from worker.setup import workspace_id

_WORKSPACE = click.option("--workspace", help="Its name; needed only where there are several.")
_ASK = click.option("--ask", is_flag=True, help="Type the password instead of having one made.")
_COMMAND_LINE = "command line"


@click.group("user")
def people() -> None:
    """Who may log in to the pages, and as what."""


@people.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.VIEWER.value, show_default=True)
@_ASK
@_WORKSPACE
@printing
def add(name: str, role: str, ask: bool, workspace: str | None) -> Printed:
    """Let NAME log in. A password is made and shown once."""
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise Misconfigured("A user's name has 1 to 100 printable characters.")
    store = open_store(settings())
    found = workspace_id(store, workspace)
    password = _password(name, ask)
    password_hash = hashed(password, name)
    store.write(found, lambda work: users.add(work, name, password_hash, Role(role), _COMMAND_LINE))
    return _told(f"{name} may log in as {role}.", {"user": name, "role": role}, password, ask)


@people.command("password")
@click.argument("name")
@_ASK
@printing
def password(name: str, ask: bool) -> Printed:
    """Give NAME a new password and end every session of theirs."""
    store = open_store(settings())
    user = _user(store, name)
    chosen = _password(name, ask)
    password_hash = hashed(chosen, name)
    store.write(user.workspace_id, lambda work: users.set_password(work, user.id, password_hash, _COMMAND_LINE))
    return _told(f"{name} has a new password.", {"user": name}, chosen, ask)


@people.command("disable")
@click.argument("name")
@printing
def disable(name: str) -> Printed:
    """Let NAME in no more, at once."""
    store = open_store(settings())
    user = _user(store, name)
    store.write(user.workspace_id, lambda work: users.disable(work, user.id, _COMMAND_LINE))
    return {"user": name}, sentence(f"{name} is no longer let in; open sessions are over.")


@people.command("list")
@_WORKSPACE
@printing
def list_users(workspace: str | None) -> Printed:
    """Who may log in, and as what."""
    store = open_store(settings())
    found = workspace_id(store, workspace)
    with store.read() as database:
        there = users.users(database, found)
    rows = [{"user": one.name, "role": one.role.value, "disabled": one.disabled_at is not None} for one in there]

    def show(console: Console) -> None:
        console.print(
            table(["user", "role", ""], [[one.name, one.role, "disabled" if one.disabled_at else ""] for one in there])
        )

    return {"users": rows}, show


def _user(store: Store, name: str) -> User:
    with store.read() as database:
        found = users.by_name(database, name)
    if found is None:
        raise Misconfigured(f"There is no user named {name}.")
    return found[0]


def _password(name: str, ask: bool) -> str:
    if not ask:
        return new_password(name)
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed


def _told(text: str, told: dict[str, str], password: str, ask: bool) -> Printed:
    if ask:
        return told, sentence(text)
    return told | {"password": password}, sentence(f"{text} The password, shown this once: {password}")
