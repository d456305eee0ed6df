"""The same intake fed by "what changed since": the first import, and the net under lost webhooks.

News can be missed for good: a vendor forgets them after a while, or never told. So once a day everything is read from
the beginning again; what is as we know it costs a comparison of hashes, and what is not is taken like any news.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from rq.timeouts import BaseTimeoutException

from connectors.contract import Client, Page, Role, Row
from connectors.registry import CONNECTORS
from core.canonical import digest
from core.errors import GrantLost, HubError, RetryAfter, VendorError
from core.failpoint import failpoint
from core.kinds import Kind
from core.store import connections, cursors, inbox
from core.store.connections import Connection
from core.store.cursors import Cursor, Reading
from core.store.inbox import Told
from core.store.work import Work
from worker import absence
from worker.absorb import Absorbed, absorb, portions, read
from worker.bell import LaneName
from worker.calls import Caller, rest
from worker.hub import Hub
from worker.lane import Held, working
from worker.recognise import recognise

WHOLE_EVERY = timedelta(days=1)
"""Well within what any vendor remembers of its news."""

_log = logging.getLogger(__name__)


def pull(hub: Hub, workspace_id: str, connection_id: str, stream: str) -> set[LaneName]:
    """Reads on from the cursor to the present, a page and a commit at a time. The lanes that now have work."""
    rings: set[LaneName] = set()
    with working(hub, workspace_id, connection_id, stream, "pull") as held:
        if held is None or stream not in CONNECTORS[held.connection.vendor].pulls:
            return rings
        connector = CONNECTORS[held.connection.vendor]
        caller = Caller(held, connector)
        take = _absorb_page if connector.role is Role.GATEWAY else _recognise_page
        while held.time_left():
            with hub.store.read() as database:
                cursor = cursors.cursor(database, workspace_id, connection_id, stream)
                waiting = inbox.waiting(database, workspace_id, connection_id)
            seen_at = hub.clock.now()
            position, reading = _onward(cursor, seen_at)
            try:
                page = caller.call(partial(_changes, stream=stream, cursor=position))
            except RetryAfter as trouble:
                rest(hub, held.connection, trouble)
                return rings
            except GrantLost:
                return rings
            except VendorError as error:
                rest(hub, held.connection, RetryAfter(str(error), 60))
                return rings
            failpoint("P21", stream)
            missing: Sequence[Told] = ()
            if reading.whole_at is None and not page.more:
                reading = replace(reading, whole_at=seen_at)
                if reading.begun_before_at:
                    missing = absence.missing(hub, held.connection, connector.pulls[stream], reading.begun_before_at)
            asked = _Asked(hub, held, stream, page, waiting, seen_at, reading, missing)
            try:
                rings |= take(asked)
            except (HubError, BaseTimeoutException):
                raise
            except Exception:  # noqa: BLE001 - whatever it is, it is logged, and isolated
                # one row of it makes the work stop: each goes by itself, so that only that one is set aside
                _log.exception("a page could not be taken as a whole", extra={"lane": held.name.text})
                rings |= held.write(partial(_one_by_one, asked))
            if not page.more:
                return rings
        rings.add(held.name)
    return rings


def _onward(cursor: Cursor | None, now: datetime) -> tuple[Row | None, Reading]:
    """Where to read on: None for the first time, nothing at all for everything again. A reading that stopped half-way
    for so long begins again too: its own news may be told no more.
    """
    if cursor is None:
        return None, Reading(now)
    if now - (cursor.reading.whole_at or cursor.saved_at) > WHOLE_EVERY:
        return {}, cursor.reading.again(now)
    return dict(cursor.position), cursor.reading


def _changes(client: Client, *, stream: str, cursor: Row | None) -> Page:
    return client.changes(stream, cursor)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A page, and what was known when it was asked for."""

    hub: Hub
    held: Held
    stream: str
    page: Page
    waiting: inbox.Waiting
    seen_at: datetime
    reading: Reading
    missing: Sequence[Told]
    """What the reading that ended with this page did not show any more."""

    @property
    def connection(self) -> Connection:
        return self.held.connection


def _absorb_page(asked: _Asked) -> set[LaneName]:
    """Rows of a gateway become records at once; what cannot, and what was only announced, goes through the inbox.

    The page is turned last: what is cut short before is read again, and leaves the same.
    """
    hub, connection, rows = asked.hub, asked.connection, asked.page.rows
    connector = CONNECTORS[connection.vendor]
    done = Absorbed()
    for portion in portions(read(connector, *key, row, "pull") for key, row in rows.items()):
        done = asked.held.write(partial(absorb, hub, connection, portion, asked.seen_at, done))

    def turn(work: Work) -> set[LaneName]:
        inbox.finish(work, asked.waiting.answered_by(rows.keys() - done.problems.keys()))
        return _file(asked, work, done.problems)

    rings = {LaneName(connection.workspace_id, target, owed.value, "deliver") for target, owed in done.owed}
    return rings | asked.held.write(turn)


def _recognise_page(asked: _Asked) -> set[LaneName]:
    of_kind: dict[Kind, dict[str, Row]] = {}
    for (kind, remote_id), row in asked.page.rows.items():
        of_kind.setdefault(kind, {})[remote_id] = row

    def turn(work: Work) -> set[LaneName]:
        for kind, rows in of_kind.items():
            recognise(asked.hub, work, asked.connection, kind, rows, asked.seen_at, "pull")
        return _file(asked, work, ())

    return asked.held.write(turn)


def _one_by_one(asked: _Asked, work: Work) -> set[LaneName]:
    """The page's rows as hints, and its notifications: ingest reads each again and isolates what it cannot take."""
    return _file(asked, work, asked.page.rows)


def _file(asked: _Asked, work: Work, unread: Iterable[tuple[Kind, str]]) -> set[LaneName]:
    """What is to be read by itself, and what the page announced, goes to the inbox; then the page is turned."""
    moment = digest(str(asked.seen_at))[:16]
    connection_id = asked.connection.id
    told = [
        Told(connection_id, f"pull:{kind} {remote_id}:{moment}", "pull", kind, remote_id, "", b"", None)
        for kind, remote_id in unread
    ]
    told += [
        Told(connection_id, one.key, one.type, one.kind or "", one.remote_id, one.account, one.content, one.occurred_at)
        for one in asked.page.notifications
    ]
    told += asked.missing
    inbox.note(asked.hub.store, work, told, None, "poll")
    connections.succeeded(work, connection_id)
    cursors.save(work, connection_id, asked.stream, asked.page.cursor, asked.reading)
    return {LaneName(work.workspace_id, connection_id, one.kind, "ingest") for one in told if one.kind}
