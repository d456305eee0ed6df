"""Hop 1: the raw body's signature first, then one commit, then 2xx. Nothing else happens before the commit."""

import logging
from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, current_app, request
from sqlalchemy.exc import DBAPIError

from connectors.contract import Notification, Webhook
from connectors.registry import CONNECTORS
from core.errors import HubError
from core.failpoint import failpoint
from core.reasons import Reason, ReasonCode
from core.store import connections, inbox
from core.store.connections import App
from core.store.inbox import Told
from core.store.work import Work
from worker.bell import LaneName
from worker.hub import Hub

doors = Blueprint("webhooks", __name__)

_log = logging.getLogger(__name__)
_SECRET_NAMES = ("webhook_secret", "webhook_secret_previous")
_HEADERS_KEPT = ("content-type", "user-agent", "stripe-signature", "x-xero-signature")
_HEADER_CHARACTERS_MAX = 1000


@doors.post("/webhooks/<vendor>/<app_id>")
def receive(vendor: str, app_id: str) -> Response:
    """200 stored (again), 401 not genuine, 413 too large, 503 genuine but not now. No body, no cookie."""
    failpoint("P1")
    hub: Hub = current_app.extensions["hub"]
    connector = CONNECTORS.get(vendor)
    if connector is None or connector.webhook is None:
        return _empty(401)
    body = _body(connector.webhook.max_bytes)
    if body is None:
        return _empty(413)
    failpoint("P2")
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        app = _app(hub, vendor, app_id)
        verdict = connector.webhook.verify(headers, body, _secrets(app), hub.clock.now())
        if app is None or verdict == "signature":
            return _empty(401)
        if verdict == "time":
            _log.error("a genuine webhook for app %s is outside its time tolerance: check this machine's clock", app_id)
            return _empty(503, retry_after=30)
        failpoint("P3")
        rings = _store(hub, app, connector.webhook, headers, body)
    except (HubError, DBAPIError) as error:
        # whatever keeps us from storing it is ours, not the vendor's: it is told again
        _log.error("a webhook for app %.26s was not stored: %s", app_id, _cause(error))
        return _empty(503, retry_after=5)
    hub.bell.ring(*rings)
    failpoint("P6")
    return _empty(200)


def _app(hub: Hub, vendor: str, app_id: str) -> App | None:
    """An unknown door has no secret, so that every signature for it is wrong: it looks like any other."""
    if not (app_id.isascii() and app_id.isalnum()):
        return None
    with hub.store.read() as database:
        app = connections.app(hub.store, database, app_id)
    return app if app is not None and app.vendor == vendor else None


def _secrets(app: App | None) -> list[str]:
    """The current one and the one before it: while a secret is changed, both are good."""
    return [secret for name in _SECRET_NAMES if app is not None and (secret := app.secrets[name])]


def _body(limit: int) -> bytes | None:
    """The raw bytes; None if there are more than the vendor ever sends. Reads no more than that."""
    if (request.content_length or 0) > limit:
        return None
    body = request.stream.read(limit + 1)
    return None if len(body) > limit else body


def _store(hub: Hub, app: App, webhook: Webhook, headers: Mapping[str, str], body: bytes) -> set[LaneName]:
    kept = {name: headers[name][:_HEADER_CHARACTERS_MAX] for name in _HEADERS_KEPT if name in headers}
    try:
        notifications, problem = webhook.parse(body), ""
    except ValueError as error:
        notifications, problem = (), str(error)

    def file(work: Work) -> list[Told]:
        receipt_id = inbox.receive(hub.store, work, app.id, kept, body, readable=not problem)
        told = [_unreadable(app, receipt_id, body, problem)] if problem else _resolved(app, notifications)
        inbox.note(hub.store, work, told, receipt_id, "webhook")
        failpoint("P4", told[0].kind if told else "")
        return told

    told = hub.store.write(app.workspace_id, file)
    failpoint("P5", told[0].kind if told else "")
    return {
        LaneName(app.workspace_id, one.connection_id, one.kind, "ingest")
        for one in told
        if one.kind and one.connection_id and not one.parked
    }


def _resolved(app: App, notifications: Sequence[Notification]) -> list[Told]:
    """Each notification with the connection it is about; what is about an account we do not know is kept, parked."""
    by_account = {account: connection_id for connection_id, account in app.connections.items()}
    only = next(iter(app.connections)) if len(app.connections) == 1 else None
    told = []
    for one in notifications:
        connection_id = by_account.get(one.account) if one.account else only
        foreign = Reason(ReasonCode.FOREIGN_ACCOUNT, {"account": one.account or "(none named)"})
        told.append(
            Told(
                connection_id,
                one.key,
                one.type,
                one.kind or "",
                one.remote_id,
                one.account,
                one.content,
                one.occurred_at,
                None if connection_id else foreign,
            )
        )
    return told


def _unreadable(app: App, receipt_id: str, body: bytes, problem: str) -> Told:
    reason = Reason(ReasonCode.UNREADABLE_BODY, {"connection": app.vendor, "problem": problem})
    return Told(None, f"unreadable:{receipt_id}", "unreadable", "", "", "", body, None, reason)


def _cause(error: Exception) -> str:
    """Never the statement: what it would have stored stands in its parameters."""
    return str(error.orig) if isinstance(error, DBAPIError) else str(error)


def _empty(status: int, retry_after: int | None = None) -> Response:
    response = Response(status=status)
    del response.headers["Content-Type"]
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response
