"""Hop 1: the raw body's signature first, then one commit, then 2xx. Nothing else happens before the commit.

A plain WSGI function before the pages: what is told at a peak passes through nothing that it does not need. Messages
that come together are committed together.
"""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneFree
from werkzeug.wsgi import get_content_length, get_input_stream

from connectors.contract import Notification, Webhook
from connectors.registry import CONNECTORS
from core.errors import Busy, HubError
from core.failpoint import failpoint
from core.reasons import Reason, ReasonCode
from core.store import connections, inbox
from core.store.connections import App
from core.store.inbox import Message, Told
from core.store.together import Together
from core.store.work import Store, Work
from worker.bell import LaneName
from worker.hub import Hub

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX = "/webhooks/"

_log = logging.getLogger(__name__)
_DOOR = re.compile(f"{PREFIX}([^/]+)/([^/]+)")
_SECRET_NAMES = ("webhook_secret", "webhook_secret_previous")
_HEADERS_KEPT = ("content-type", "user-agent", "stripe-signature", "x-xero-signature")
_HEADER_CHARACTERS_MAX = 1000
_LOOKS_MAX = 3


@dataclass(frozen=True, slots=True)
class _Genuine:
    """A message and the app whose secret it was signed with."""

    app: App
    message: Message

    @property
    def kind(self) -> str:
        return self.message.told[0].kind if self.message.told else ""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: HTTPStatus
    headers: tuple[tuple[str, str], ...] = ()
    rings: frozenset[LaneName] = frozenset()


class WebhookDoors:
    """Takes /webhooks/<vendor>/<app id>; every other path goes on to the pages.

    200 stored (again), 401 not genuine, 413 too large, 503 genuine but not now. No body, no cookie.
    """

    def __init__(self, hub: Hub, pages: "WSGIApplication") -> None:
        self._hub = hub
        self._pages = pages
        self._known: dict[str, App] = {}
        """As they were last read; each is compared with its row in the transaction that relies on it."""
        self._writers: dict[str, Together[_Genuine, frozenset[LaneName] | None]] = {}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        door = _DOOR.fullmatch(environ["PATH_INFO"])
        if door is None:
            return self._pages(environ, start_response)
        try:
            answer = self._answer(environ, *door.groups())
        except Exception:  # noqa: BLE001 - a mistake of ours is no success, and tells nothing about the inside
            _log.exception("a webhook could not be answered")
            answer = _Answer(HTTPStatus.INTERNAL_SERVER_ERROR)
        line = f"{answer.status.value} {answer.status.phrase}"
        # written at once: the vendor has its answer before anybody is told that there is work
        start_response(line, [("Content-Length", "0"), *answer.headers])(b"")
        if answer.status is HTTPStatus.OK:
            failpoint("P6")
            self._hub.bell.ring(*answer.rings)
        return ()

    def _answer(self, environ: "WSGIEnvironment", vendor: str, app_id: str) -> _Answer:
        if environ["REQUEST_METHOD"] != "POST":
            return _Answer(HTTPStatus.METHOD_NOT_ALLOWED, (("Allow", "POST"),))
        failpoint("P1")
        connector = CONNECTORS.get(vendor)
        if connector is None or connector.webhook is None:
            return _Answer(HTTPStatus.UNAUTHORIZED)
        body = _body(environ, connector.webhook.max_bytes)
        if body is None:
            return _Answer(HTTPStatus(413))
        failpoint("P2")
        try:
            return self._receive(connector.webhook, vendor, app_id, _headers(environ), body)
        except (HubError, DBAPIError, NoneFree) as error:
            # whatever keeps us from storing it is ours, not the vendor's: it is told again
            _log.error("a webhook for app %.26s was not stored: %s", app_id, _cause(error))
            return _not_now(retry_after=5)

    def _receive(self, webhook: Webhook, vendor: str, app_id: str, headers: Mapping[str, str], body: bytes) -> _Answer:
        for _ in range(_LOOKS_MAX):
            app, verdict = self._judge(webhook, vendor, app_id, headers, body)
            if app is None or verdict == "signature":
                return _Answer(HTTPStatus.UNAUTHORIZED)
            if verdict == "time":
                _log.error(
                    "a genuine webhook for app %s is outside its time tolerance: check this machine's clock", app_id
                )
                return _not_now(retry_after=30)
            failpoint("P3")
            genuine = _Genuine(app, _message(self._hub.store, app, webhook, headers, body))
            rings = self._writer(app.workspace_id).write(genuine)
            if rings is not None:
                failpoint("P5", genuine.kind)
                return _Answer(HTTPStatus.OK, rings=rings)
            self._known.pop(app_id, None)
        raise Busy("The app changes all the time; nothing was written, try again shortly.")

    def _judge(
        self, webhook: Webhook, vendor: str, app_id: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[App | None, str | None]:
        """(the app, None if it is genuine). Good by a known secret is checked again before it counts, in the commit;
        for whatever is not, the app is read now. An unknown door has no secret, so every signature for it is wrong.
        """
        now = self._hub.clock.now()
        known = self._known.get(app_id)
        if known is not None and known.vendor == vendor and not webhook.verify(headers, body, _secrets(known), now):
            return known, None
        app = self._read(vendor, app_id)
        return app, webhook.verify(headers, body, _secrets(app), now)

    def _read(self, vendor: str, app_id: str) -> App | None:
        if not (app_id.isascii() and app_id.isalnum()):
            return None
        with self._hub.store.read() as database:
            app = connections.app(self._hub.store, database, app_id)
        if app is None or app.vendor != vendor:
            return None
        self._known[app_id] = app
        return app

    def _writer(self, workspace_id: str) -> Together[_Genuine, frozenset[LaneName] | None]:
        """A unit of work is of one workspace, and so is a group."""
        writer = self._writers.get(workspace_id)
        if writer is None:
            writer = self._writers.setdefault(workspace_id, Together(lambda some: self._store(workspace_id, some)))
        return writer

    def _store(self, workspace_id: str, some: Sequence[_Genuine]) -> list[frozenset[LaneName] | None]:
        """In one commit. None for what was judged by an app that has changed; the lanes to ring, all for the first."""

        def file(work: Work) -> list[bool]:
            same = connections.unchanged(work.connection, [one.app for one in some])
            kept = [one for one, is_same in zip(some, same, strict=True) if is_same]
            if kept:
                inbox.receive(self._hub.store, work, [one.message for one in kept])
            for one in kept:
                failpoint("P4", one.kind)
            return same

        kept = self._hub.store.write(workspace_id, file)
        outcomes = [frozenset[LaneName]() if is_kept else None for is_kept in kept]
        if any(kept):
            told = [told for one, is_kept in zip(some, kept, strict=True) if is_kept for told in one.message.told]
            outcomes[kept.index(True)] = _lanes(workspace_id, told)
        return outcomes


def _body(environ: "WSGIEnvironment", limit: int) -> bytes | None:
    """The raw bytes; None if there are more than the vendor ever sends. Reads no more than that."""
    if (get_content_length(environ) or 0) > limit:
        return None
    body = get_input_stream(environ).read(limit + 1)
    return None if len(body) > limit else body


def _headers(environ: "WSGIEnvironment") -> dict[str, str]:
    """By their names in small letters."""
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    return headers


def _secrets(app: App | None) -> list[str]:
    """The current one and the one before it: while a secret is changed, both are good."""
    return [secret for name in _SECRET_NAMES if app is not None and (secret := app.secrets[name])]


def _message(store: Store, app: App, webhook: Webhook, headers: Mapping[str, str], body: bytes) -> Message:
    kept = {name: headers[name][:_HEADER_CHARACTERS_MAX] for name in _HEADERS_KEPT if name in headers}
    try:
        told = _resolved(app, webhook.parse(body))
    except ValueError as error:
        reason = Reason(ReasonCode.UNREADABLE_BODY, {"connection": app.vendor, "problem": str(error)})
        unreadable = Told(None, f"unreadable:{store.new_id()}", "unreadable", "", "", "", body, None, reason)
        return Message(app.id, kept, body, readable=False, told=[unreadable])
    return Message(app.id, kept, body, readable=True, told=told)


def _resolved(app: App, notifications: Sequence[Notification]) -> list[Told]:
    """Each notification with the connection it is about; what is about an account we do not know, of the other mode,
    or unreadable beside others, is kept, parked.
    """
    by_account = {account: connection_id for connection_id, account in app.connections.items()}
    only = next(iter(app.connections)) if len(app.connections) == 1 else None
    told = []
    for one in notifications:
        connection_id = by_account.get(one.account) if one.account else only
        reason = None
        if one.problem:
            reason = Reason(ReasonCode.UNREADABLE_BODY, {"connection": app.vendor, "problem": one.problem})
        elif one.is_live is not None and one.is_live != (app.environment == "live"):
            mode = "live" if one.is_live else "test"
            reason = Reason(ReasonCode.FOREIGN_ACCOUNT, {"account": f"{one.account or '(none named)'} in {mode} mode"})
        elif connection_id is None:
            reason = Reason(ReasonCode.FOREIGN_ACCOUNT, {"account": one.account or "(none named)"})
        told.append(
            Told(
                None if reason else connection_id,
                one.key,
                one.type,
                one.kind or "",
                one.remote_id,
                one.account,
                one.content,
                one.occurred_at,
                reason,
            )
        )
    return told


def _lanes(workspace_id: str, told: Sequence[Told]) -> frozenset[LaneName]:
    return frozenset(
        LaneName(workspace_id, one.connection_id, one.kind, "ingest")
        for one in told
        if one.kind and one.connection_id and not one.parked
    )


def _cause(error: Exception) -> str:
    """Never the statement: what it would have stored stands in its parameters."""
    return str(error.orig) if isinstance(error, DBAPIError) else str(error)


def _not_now(retry_after: int) -> _Answer:
    return _Answer(HTTPStatus.SERVICE_UNAVAILABLE, (("Retry-After", str(retry_after)),))
