"""Xero as its clients meet it: who is asking, has it been asked before, which operation, and the envelope."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID, uuid5

from sandbox.kit import Clock, Effect, Request, Response
from sandbox.webhook_fault import WebhookFault
from sandbox.xero import identity, routes, scopes, tokens, wire, xml
from sandbox.xero.administration import Administration
from sandbox.xero.calls import Answer, Call
from sandbox.xero.chart import open_books
from sandbox.xero.courier import Courier
from sandbox.xero.errors import OBJECT_MISSING, RefusedError, denied, exception, unreadable
from sandbox.xero.identity import Identity
from sandbox.xero.ledger import Ledger
from sandbox.xero.limits import Limits
from sandbox.xero.replays import Replays
from sandbox.xero.table import Change
from sandbox.xero.tokens import NotAuthorisedError
from sandbox.xero.webhooks import Webhooks

API = "/api.xro/2.0"
BODY_MAX_BYTES = 3_500_000
_ANSWERS = UUID("0b8cf3f4-14a5-5b0f-9d15-8b0c2a0d6c11")
_JSON = "application/json; charset=utf-8"


class Xero:
    name = "xero"

    def __init__(self, clock: Clock | None = None, seed: int = 1) -> None:
        self.clock = clock or Clock()
        self.ledger = Ledger(self.clock)
        self._identity = Identity(self.clock, self.ledger)
        self._limits = Limits(self.clock)
        self._replays = Replays(self.clock, self._limits)
        self._webhooks = Webhooks(self.clock)
        self._courier = Courier(self._webhooks, self.clock)
        self._administration = Administration(self.ledger, self._limits, self._webhooks)
        self._answers = 0
        open_books(self.ledger, seed)

    def credentials(self) -> dict[str, str]:
        return {
            "client_id": identity.CLIENT_ID,
            "client_secret": identity.CLIENT_SECRET,
            "tenant_id": self.ledger.organisation_id,
            "access_token": tokens.FIRST_ACCESS_TOKEN,
            "refresh_token": tokens.FIRST_REFRESH_TOKEN,
        }

    def handle(self, request: Request) -> Response:
        self._answers += 1
        if not request.path.casefold().startswith(f"{API}/"):
            return self._answer(request, self._identify)
        response = self._answer(request, self._account)
        response = replace(response, headers={**response.headers, **self._limits.headers()})
        accepts_json = "json" in request.headers.get("accept", "").lower()
        if self.ledger.rules.answers_are_xml_unless_json_is_accepted and not accepts_json:
            return _in_xml(response)
        return response

    def refusal(self, status: int) -> Response:
        if status in {401, 403}:
            return self._refusal(denied(status, self._instance()))
        return self._response(status, "")

    def state(self) -> dict[str, Any]:
        return {
            "ledger": self.ledger.state(),
            **self._identity.state(),
            "webhooks": self._webhooks.state(),
            "answers": self._answers,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.ledger.restore(state["ledger"])
        self._identity.restore(state)
        self._webhooks.restore(state["webhooks"])
        self._answers = state["answers"]
        self._replays.clear()

    def reset(self, seed: int) -> None:
        self._identity.connected = True
        self._answers = 0
        self._replays.clear()
        self._limits.clear()
        self._webhooks.clear()
        open_books(self.ledger, seed)

    def snapshot(self) -> Callable[[Request], Response]:
        past = Xero(self.clock)
        past.ledger, past._identity = self.ledger.frozen(), self._identity
        past._answers = self._answers
        return past.handle

    def administer(self, request: Request) -> Response | None:
        answer = self._administration.answer(request)
        self.clock.wake()
        return answer

    def heed(self, fault_of: Callable[[str], WebhookFault | None]) -> None:
        self._webhooks.fault_of = fault_of

    def start(self, lock: threading.RLock) -> None:
        self._courier.start(lock)

    def stop(self) -> None:
        self._courier.stop()

    def _answer(self, request: Request, find: Callable[[Request], Response]) -> Response:
        try:
            return find(request)
        except RefusedError as refused:
            return self._refusal(refused)
        except NotAuthorisedError as no:
            return self._refusal(denied(401, self._instance(), str(no)))
        except wire.UnreadableError as bad:
            return self._refusal(unreadable(str(bad)))

    def _identify(self, request: Request) -> Response:
        reply = self._identity.answer(request)
        return self._response(reply.status, reply.body, dict(reply.headers))

    def _account(self, request: Request) -> Response:
        grant = self._identity.tokens.bearer(request.headers.get("authorization", ""))
        tenant = request.headers.get("xero-tenant-id", "").lower()
        if not tenant and grant.cause == "client_credentials":
            tenant = self.ledger.organisation_id  # Xero: a custom connection reaches its one tenant unnamed
        if tenant != self.ledger.organisation_id or not self._identity.connected:
            raise denied(403 if self.ledger.rules.unconnected_tenants_are_forbidden else 401, self._instance())
        enough = scopes.suffices(grant.scope, request.method, request.path[len(API) :])
        if not enough and self.ledger.rules.scopes_are_enforced:
            raise denied(401, self._instance(), "AuthorizationUnsuccessful")
        self._limits.count(request.in_flight, self.ledger.rules)
        if len(request.body) > BODY_MAX_BYTES:
            raise RefusedError(413, "The request is too large")
        if (replayed := self._replays.of(request)) is not None:
            return replayed
        response = self._answer(request, self._run)
        self._replays.keep(request, response)
        return response

    def _run(self, request: Request) -> Response:
        operation, ids = routes.find(request.method, request.path[len(API) :])
        with self.ledger.journal.savepoint():
            answer = operation(Call(self.ledger, ids, *_read(request)))
        changes = self.ledger.journal.take()
        self._webhooks.notice(changes, self.ledger.organisation_id, self.ledger.rules)
        self.clock.wake()
        body = self._envelope(answer) if answer.status != 204 else ""
        return replace(self._response(answer.status, body), effects=_effects(changes))

    def _envelope(self, answer: Answer) -> dict[str, Any]:
        if answer.bare:
            return dict(answer.content)
        return {
            "Id": self._instance(),
            "Status": "OK",
            "ProviderName": "Sandbox",
            "DateTimeUTC": wire.ms_moment(self.ledger.now()).replace("+0000", ""),
            **answer.content,
        }

    def _instance(self) -> str:
        return str(uuid5(_ANSWERS, f"{self.ledger.seed}:{self._answers}"))

    def _refusal(self, refused: RefusedError) -> Response:
        if refused.status == 404 and not self.ledger.rules.missing_things_are_plain_404s:
            return self._response(404, exception(*OBJECT_MISSING, refused.body), refused.headers)
        return self._response(refused.status, refused.body, refused.headers)

    def _response(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
        text = isinstance(body, str)
        content = body.encode() if text else wire.render(body).encode()
        kind = "text/html; charset=utf-8" if text else _JSON
        every = {"Content-Type": kind}
        if self.ledger.rules.answers_carry_a_correlation_id:
            every["Xero-Correlation-Id"] = self._instance()
        return Response(status, content, every | dict(headers or {}))


def _in_xml(response: Response) -> Response:
    """Refusals at the door, which stand before the API, are JSON for everybody."""
    if response.headers["Content-Type"] != _JSON or response.status in {401, 403}:
        return response
    headers = {**response.headers, "Content-Type": "text/xml; charset=utf-8"}
    return replace(response, body=xml.rendered(wire.parse(response.body)), headers=headers)


def _read(request: Request) -> tuple[dict[str, str], Any, Any]:
    query = {name.lower(): value for name, value in parse_qsl(request.query, keep_blank_values=True)}
    body = wire.parse(request.body) if request.body.strip() else None
    since = request.headers.get("if-modified-since")
    try:
        return query, body, wire.read_moment(since) if since else None
    except wire.UnreadableError as bad:
        raise RefusedError(412, "If-Modified-Since is not a date") from bad


def _effects(changes: list[Change[Any]]) -> list[Effect]:
    """One for each row that changed, in the order of the first change, as the row now is."""
    effects: dict[tuple[str, str], dict[str, Any]] = {}
    for change in changes:
        row, operation = change.row, change.operation
        earlier = effects.get((change.table.kind, row.id))
        if earlier is not None and operation == "update":
            operation = earlier["operation"]
        effects[change.table.kind, row.id] = {
            "operation": operation,
            "kind": change.table.kind,
            "id": row.id,
            **change.table.natural(row),
        }
    return [*effects.values()]
