"""The same intake fed by "what changed since": the first import, and the net under lost webhooks."""

import logging
from collections.abc import Iterable
from datetime import datetime
from functools import partial

from rq.timeouts import BaseTimeoutException

from connectors.contract import Client, Page, Role, Row
from connectors.registry import CONNECTORS
from core.canonical import digest
from core.errors import GrantLost, HubError, RetryAfter, VendorError
from core.failpoint import failpoint
from core.kinds import Kind
from core.store import connections, cursors, inbox
from core.store.inbox import Told
from core.store.work import Work
from worker.absorb import Absorbed, Shown, absorb
from worker.bell import LaneName
from worker.calls import Caller, rest
from worker.hub import Hub
from worker.lane import Held, working
from worker.recognise import recognise

_log = logging.getLogger(__name__)


def pull(hub: Hub, workspace_id: str, connection_id: str, kind: Kind) -> set[LaneName]:
    """Reads on from the cursor to the present, a page and a commit at a time. The lanes that now have work."""
    rings: set[LaneName] = set()
    with working(hub, workspace_id, connection_id, kind, "pull") as held:
        if held is None or kind not in CONNECTORS[held.connection.vendor].pulls:
            return rings
        connector = CONNECTORS[held.connection.vendor]
        caller = Caller(held, connector)
        take = _absorb_page if connector.role is Role.GATEWAY else _recognise_page
        while held.time_left():
            with hub.store.read() as database:
                cursor = cursors.position(database, workspace_id, connection_id, kind)
            seen_at = hub.clock.now()
            try:
                page = caller.call(partial(_changes, kind=kind, cursor=cursor))
            except RetryAfter as trouble:
                rest(hub, held.connection, trouble)
                return rings
            except GrantLost:
                return rings
            except VendorError as error:
                rest(hub, held.connection, RetryAfter(str(error), 60))
                return rings
            failpoint("P21", kind)
            try:
                rings |= held.write(partial(take, hub, held, kind, page, seen_at))
            except (HubError, BaseTimeoutException):
                raise
            except Exception:  # noqa: BLE001 - whatever it is, it is logged, and isolated
                # one row of it makes the work stop: each goes by itself, so that only that one is set aside
                _log.exception("a page could not be taken as a whole", extra={"lane": held.name.text})
                rings |= held.write(partial(_one_by_one, hub, held, kind, page, seen_at))
            if not page.more:
                return rings
        rings.add(held.name)
    return rings


def _changes(client: Client, *, kind: Kind, cursor: Row | None) -> Page:
    return client.changes(kind, cursor)


def _absorb_page(hub: Hub, held: Held, kind: Kind, page: Page, seen_at: datetime, work: Work) -> set[LaneName]:
    """Rows of a gateway become records at once; what cannot, and what was only announced, goes through the inbox."""
    connection = held.connection
    reads = CONNECTORS[connection.vendor].reads[kind]
    shown = [Shown(kind, reads.remote_id(row), row, "pull") for row in page.rows]
    absorbed: Absorbed = absorb(hub, work, connection, shown, seen_at)
    told = _hints(connection.id, kind, [remote_id for _, remote_id in absorbed.problems], seen_at)
    told += _announced(connection.id, page)
    inbox.note(hub.store, work, told, None, "poll")
    _turn_page(work, connection.id, kind, page)
    rings = {LaneName(work.workspace_id, target, owed.value, "deliver") for target, owed in absorbed.owed}
    rings |= {LaneName(work.workspace_id, connection.id, one.kind, "ingest") for one in told if one.kind}
    return rings


def _recognise_page(hub: Hub, held: Held, kind: Kind, page: Page, seen_at: datetime, work: Work) -> set[LaneName]:
    reads = CONNECTORS[held.connection.vendor].reads[kind]
    rows = {reads.remote_id(row): row for row in page.rows}
    recognise(hub, work, held.connection, kind, rows, seen_at, "pull")
    _turn_page(work, held.connection.id, kind, page)
    return set()


def _one_by_one(hub: Hub, held: Held, kind: Kind, page: Page, seen_at: datetime, work: Work) -> set[LaneName]:
    """The page's rows as hints, and its notifications: ingest reads each again and isolates what it cannot take."""
    connection = held.connection
    reads = CONNECTORS[connection.vendor].reads[kind]
    told = _hints(connection.id, kind, [reads.remote_id(row) for row in page.rows], seen_at) + _announced(
        connection.id, page
    )
    inbox.note(hub.store, work, told, None, "poll")
    _turn_page(work, connection.id, kind, page)
    return {LaneName(work.workspace_id, connection.id, one.kind, "ingest") for one in told if one.kind}


def _hints(connection_id: str, kind: Kind, remote_ids: Iterable[str], seen_at: datetime) -> list[Told]:
    moment = digest(str(seen_at))[:16]
    return [
        Told(connection_id, f"pull:{remote_id}:{moment}", "pull", kind, remote_id, "", b"", None)
        for remote_id in remote_ids
    ]


def _announced(connection_id: str, page: Page) -> list[Told]:
    return [
        Told(connection_id, one.key, one.type, one.kind or "", one.remote_id, one.account, one.content, one.occurred_at)
        for one in page.notifications
    ]


def _turn_page(work: Work, connection_id: str, kind: Kind, page: Page) -> None:
    connections.succeeded(work, connection_id)
    cursors.save(work, connection_id, kind, page.cursor)
