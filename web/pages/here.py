"""What every page needs of the request it answers: the hub, whose workspace it is, and its connections."""

from collections.abc import Mapping

from flask import abort, current_app, g, request
from sqlalchemy import Connection as Database

from core.kinds import Kind
from core.store import connections
from core.store.connections import Connection
from core.store.reading import waiting
from worker.hub import Hub

_ID_LENGTH = 26
_WORDS_MAX = 100


def hub() -> Hub:
    running: Hub = current_app.extensions["hub"]
    return running


def workspace_id() -> str:
    found: str = g.session.workspace_id
    return found


def links(database: Database) -> Mapping[str, Connection]:
    """The workspace's connections by id."""
    if "links" not in g:
        g.links = {one.id: one for one in connections.connections(database, workspace_id())}
    found: Mapping[str, Connection] = g.links
    return found


def needs_you() -> int:
    """How much waits for a person: stands beside the page's name in the navigation."""
    with hub().store.read() as database:
        return waiting.count(database, workspace_id())


def words(name: str = "q") -> str:
    """A text that somebody typed, cut to what anybody needs."""
    return request.args.get(name, "").replace("\0", "").strip()[:_WORDS_MAX]


def older() -> str | None:
    """Where a list goes on."""
    return words("before") or None


def bare_id(shown: str) -> str:
    """One of our ids from how it is shown, `inv_...`; 404 for what is none."""
    found = shown.rpartition("_")[2]
    if len(found) != _ID_LENGTH or not found.isascii() or not found.isalnum():
        abort(404)
    return found


def kind_named(name: str) -> Kind:
    try:
        return Kind(name)
    except ValueError:
        abort(404)
