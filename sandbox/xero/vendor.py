"""Xero as its clients meet it: who is asking, has it been asked before, which operation, and the envelope."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID, uuid5

from sandbox.kit import Clock, Effect, Request, Response
from sandbox.xero import routes, settings, tokens, wire
from sandbox.xero.bank_accounts import balance
from sandbox.xero.calls import Answer, Call
from sandbox.xero.chart import open_books
from sandbox.xero.codec import encode
from sandbox.xero.errors import RefusedError, denied, no_such_thing, unreadable
from sandbox.xero.ledger import Ledger
from sandbox.xero.limits import Limits
from sandbox.xero.replays import Replays
from sandbox.xero.table import Change
from sandbox.xero.tokens import NotAuthorisedError, Tokens

API = "/api.xro/2.0"
_ANSWERS = UUID("0b8cf3f4-14a5-5b0f-9d15-8b0c2a0d6c11")
_JSON = "application/json; charset=utf-8"


class Xero:
    name = "xero"

    def __init__(self, clock: Clock | None = None, seed: int = 1) -> None:
        self.clock = clock or Clock()
        self.ledger = Ledger(self.clock)
        self._tokens = Tokens(self.clock)
        self._replays = Replays(self.clock)
        self._limits = Limits(self.clock)
        self._connected = True
        self._answers = 0
        open_books(self.ledger, seed)

    def credentials(self) -> dict[str, str]:
        return {
            "client_id": tokens.CLIENT_ID,
            "client_secret": tokens.CLIENT_SECRET,
            "tenant_id": self.ledger.organisation_id,
            "access_token": tokens.FIRST_ACCESS_TOKEN,
            "refresh_token": tokens.FIRST_REFRESH_TOKEN,
        }

    def handle(self, request: Request) -> Response:
        self._answers += 1
        if not request.path.casefold().startswith(f"{API}/"):
            return self._answer(request, self._identity)
        response = self._answer(request, self._accounting)
        return replace(response, headers={**response.headers, **self._limits.headers()})

    def _answer(self, request: Request, find: Callable[[Request], Response]) -> Response:
        try:
            return find(request)
        except RefusedError as refused:
            return self._refusal(refused)
        except NotAuthorisedError as no:
            return self._refusal(denied(401, self._instance(), str(no)))
        except wire.UnreadableError as bad:
            return self._refusal(unreadable(str(bad)))

    def refusal(self, status: int) -> Response:
        if status in {401, 403}:
            return self._refusal(denied(status, self._instance()))
        return self._response(status, "")

    def state(self) -> dict[str, Any]:
        return {
            "ledger": self.ledger.state(),
            "tokens": self._tokens.state(),
            "connected": self._connected,
            "answers": self._answers,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.ledger.restore(state["ledger"])
        self._tokens.restore(state["tokens"])
        self._connected, self._answers = state["connected"], state["answers"]
        self._replays.clear()

    def reset(self, seed: int) -> None:
        self._connected = True
        self._answers = 0
        self._replays.clear()
        self._limits.clear()
        open_books(self.ledger, seed)

    def snapshot(self) -> Callable[[Request], Response]:
        past = Xero(self.clock)
        past.ledger, past._tokens = self.ledger.frozen(), self._tokens
        past._connected, past._answers = self._connected, self._answers
        return past.handle

    def administer(self, request: Request) -> Response | None:
        """POST /_sandbox/organisation, rules and limits change what no API of the vendor can; GET
        /_sandbox/balances tells what is on each bank account, by its code.
        """
        ledger = self.ledger
        if (request.method, request.path) == ("GET", "/_sandbox/balances"):
            banks = [account for account in ledger.accounts if account.type == "BANK"]
            return Response.of_json(
                200, {account.code: str(wire.amount(balance(ledger, account))) for account in banks}
            )
        if request.method != "POST":
            return None
        try:
            wanted = wire.parse(request.body or b"{}")
            match request.path:
                case "/_sandbox/rules":
                    ledger.rules = replace(ledger.rules, **_switches(wanted))
                    return Response.of_json(200, encode(ledger.rules))
                case "/_sandbox/organisation":
                    ledger.organisation = replace(ledger.organisation, **_organisation(wanted))
                    return Response.of_json(200, encode(ledger.organisation))
                case "/_sandbox/limits":
                    return Response.of_json(200, encode(self._limits.allow(wanted)))
        except (TypeError, ValueError) as bad:
            return Response.of_json(400, {"error": str(bad)})
        return None

    def _identity(self, request: Request) -> Response:
        path = request.path.casefold().rstrip("/")
        if (request.method, path) == ("POST", "/connect/token"):
            grace = self.ledger.rules.rotated_refresh_tokens_have_grace
            issued = self._tokens.issue(request, grace=grace)
            return self._response(200, issued, {"Cache-Control": "no-store"})
        if (request.method, path) == ("POST", "/connect/revocation"):
            self._tokens.revoke(request)
            return self._response(200, "")
        if path == "/connections" or path.startswith("/connections/"):
            self._tokens.scope_of(request.headers.get("authorization", ""))
            return self._connections(request.method, path)
        raise no_such_thing()

    def _connections(self, method: str, path: str) -> Response:
        connection_id = str(uuid5(_ANSWERS, "connection"))
        if method == "GET" and path == "/connections":
            moment = "2026-01-01T00:00:00.0000000"
            connection = {
                "id": connection_id,
                "authEventId": str(uuid5(_ANSWERS, "authorisation")),
                "tenantId": self.ledger.organisation_id,
                "tenantType": "ORGANISATION",
                "tenantName": self.ledger.organisation.name,
                "createdDateUtc": moment,
                "updatedDateUtc": moment,
            }
            return self._response(200, [connection] if self._connected else [])
        if method == "DELETE" and path == f"/connections/{connection_id}" and self._connected:
            self._connected = False
            return self._response(204, "")
        raise no_such_thing()

    def _accounting(self, request: Request) -> Response:
        self._tokens.scope_of(request.headers.get("authorization", ""))
        tenant = request.headers.get("xero-tenant-id", "").lower()
        if tenant != self.ledger.organisation_id or not self._connected:
            raise denied(403, self._instance())
        self._limits.count(request.in_flight)
        if (replayed := self._replays.of(request)) is not None:
            return replayed
        response = self._run(request)
        self._replays.keep(request, response)
        return response

    def _run(self, request: Request) -> Response:
        def run(request: Request) -> Response:
            operation, ids = routes.find(request.method, request.path[len(API) :])
            with self.ledger.journal.savepoint():
                answer = operation(Call(self.ledger, ids, *_read(request)))
            body = self._envelope(answer) if answer.status != 204 else ""
            effects = _effects(self.ledger.journal.take())
            return replace(self._response(answer.status, body), effects=effects)

        return self._answer(request, run)

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
        return self._response(refused.status, refused.body, refused.headers)

    def _response(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
        text = isinstance(body, str)
        content = body.encode() if text else wire.render(body).encode()
        kind = "text/html; charset=utf-8" if text else _JSON
        every = {"Content-Type": kind, "Xero-Correlation-Id": self._instance()}
        return Response(status, content, every | dict(headers or {}))


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


def _switches(wanted: Any) -> dict[str, bool]:
    if not isinstance(wanted, dict) or not all(isinstance(value, bool) for value in wanted.values()):
        raise TypeError("rules are switched by true and false")
    return wanted


def _organisation(wanted: Any) -> dict[str, Any]:
    """{"name", "country", "timezone", "period_lock_date": "2026-01-31" or null, ...}"""
    if not isinstance(wanted, dict):
        raise TypeError("the organisation is an object")
    if wanted.get("timezone", "Europe/Berlin") not in settings.TIME_ZONES:
        raise ValueError(f"timezone is one of {', '.join(sorted(settings.TIME_ZONES))}")
    dates = {name for name in wanted if name.endswith("_lock_date")}
    return {
        name: date.fromisoformat(value) if name in dates and value is not None else value
        for name, value in wanted.items()
    }
