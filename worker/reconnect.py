"""Connecting again with new secrets: what a connection was paused with goes on."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from connectors.contract import Address, Connector
from connectors.http import Door
from connectors.registry import CONNECTORS
from core.errors import Misconfigured, NotAllowed, TokenRefused, VendorError
from core.kinds import Kind
from core.store import audit, connections, links
from core.store.audit import Deed
from core.store.connections import Connection
from core.store.work import Store, Work
from worker.setup import COMMAND_LINE, TOKEN_SECONDS
from worker.tokens import bearer

_KNOWN = 5
"""Of so many invoices one has to be there, to know an account again."""


def new_tokens(store: Store, workspace_id: str, connection_name: str, access_token: str, refresh_token: str) -> None:
    """A person gave their consent again."""

    def put(work: Work) -> None:
        connection = connections.named(work.connection, workspace_id, connection_name)
        if CONNECTORS[connection.vendor].oauth is None:
            raise Misconfigured(f"{connection_name} is not connected by tokens.")
        texts = {"access_token": access_token, "refresh_token": refresh_token}
        _go_on(store, work, connection, texts, work.now + timedelta(seconds=TOKEN_SECONDS))

    store.write(workspace_id, put)


def new_key(store: Store, workspace_id: str, connection_name: str, api_key: str) -> None:
    """In place of the one that expired or was taken back, once it was seen to open the same account: documents of
    another one would be written into these books.
    """
    with store.read() as database:
        connection = connections.named(database, workspace_id, connection_name)
        known = links.newest(database, workspace_id, connection.id, Kind.INVOICE, _KNOWN)
    connector = CONNECTORS[connection.vendor]
    if connector.oauth is not None:
        raise Misconfigured(f"{connection_name} is connected by tokens, not by a key.")
    try:
        is_same = _opens(connection, connector, api_key, known)
    except TokenRefused:
        raise Misconfigured(f"{connection_name} refuses this key. Nothing was changed.") from None
    except NotAllowed as refusal:
        raise Misconfigured(f"{connection_name} {refusal}, and try again. Nothing was changed.") from None
    except VendorError as trouble:
        raise Misconfigured(f"This key could not be tried ({trouble}). Nothing was changed.") from None
    if not is_same:
        raise Misconfigured(
            f"This key opens another account: none of the invoices that came from {connection_name} is there. "
            "Nothing was changed."
        )

    store.write(workspace_id, lambda work: _go_on(store, work, connection, {"api_key": api_key}, None))


def _go_on(
    store: Store, work: Work, connection: Connection, texts: Mapping[str, str], expires_at: datetime | None
) -> None:
    connections.connect_again(store, work, connection, texts, expires_at)
    audit.note(work, [Deed("connected again", connection.id, "setup", actor=COMMAND_LINE)])


def _opens(connection: Connection, connector: Connector, api_key: str, known: Sequence[str]) -> bool:
    door = Door(connection.base_url, lambda: bearer(api_key))
    client = connector.client(door, Address(connection.base_url, connection.account))
    if known:
        return bool(client.fetch(Kind.INVOICE, known))
    # a key that may read what we need may not be allowed to say whose it is
    with suppress(NotAllowed):
        client.whoami()
    return True
