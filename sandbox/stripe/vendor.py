"""Stripe as the kit sees it: a request in, a response out, everything else behind it."""

import base64
import binascii
import hmac
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from sandbox.kit import Clock, Request, Response
from sandbox.stripe import admin, automation, balance, settings, webhook_endpoints, wire
from sandbox.stripe.account import API_VERSION, Account, Asked
from sandbox.stripe.courier import Courier, Delivery
from sandbox.stripe.errors import MalformedParameterError, Rehearsal, StripeError
from sandbox.stripe.expand import expand, paths
from sandbox.stripe.idempotency import Answers, canonical
from sandbox.stripe.pacing import RateLimitError
from sandbox.stripe.routes import ROUTER
from sandbox.stripe.routing import Answer, Route
from sandbox.stripe.rows import Row, Shown
from sandbox.stripe.store import Page
from sandbox.webhook_fault import WebhookFault

API_KEY = "sk_test_sandbox_subledger"
WEBHOOK_SECRET = "whsec_sandbox_subledger"  # noqa: S105  the sandbox's own, good for nothing elsewhere

CARD_REFUSED = 402


class Stripe:
    name = "stripe"

    def __init__(self, clock: Clock | None = None, seed: int = 1) -> None:
        self.clock = clock or Clock()
        self.courier = Courier(self.clock.now, self._wanted, self._acknowledged)
        self._lock = threading.RLock()
        self._outgoing: list[Delivery] = []
        """Webhooks of a request that may still be taken back."""
        self._under_way: Counter[str] = Counter()
        """Idempotency keys, and ids of objects that are being written to."""
        self._requests = 0
        self.account = self._new_account(seed)
        self._answers = Answers(self.account.store)

    def _new_account(self, seed: int) -> Account:
        account = Account(self.clock, seed, API_KEY, WEBHOOK_SECRET)
        account.happened = self._dispatch
        return account

    def credentials(self) -> dict[str, str]:
        return {"api_key": API_KEY, "webhook_secret": WEBHOOK_SECRET}

    def start(self, lock: threading.RLock) -> None:
        self._lock = lock
        self.courier.start()

    def heed(self, fault_of: Callable[[str], WebhookFault | None]) -> None:
        self.courier.fault_of = fault_of

    def stop(self) -> None:
        self.courier.stop()

    def reset(self, seed: int) -> None:
        self.courier.clear()
        self._requests = 0
        self.account = self._new_account(seed)
        self._answers = Answers(self.account.store)

    def state(self) -> dict[str, Any]:
        return {
            "store": self.account.store.dump(),
            "webhook_secret": self.account.webhook_secret,
            "answers": self._answers.dump(),
            "agenda": self.account.agenda.dump(),
            "requests": self._requests,
            "settings": self.account.settings.shown(),
            "undelivered": self.courier.dump(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.account.store.load(state["store"])
        self.account.settings.change(state["settings"])
        self.account.webhook_secret = state["webhook_secret"]
        self._answers.load(state["answers"])
        self._requests = state["requests"]
        self.account.agenda.load(state["agenda"])
        balance.remember_settling(self.account)
        self.courier.load(state["undelivered"])

    def snapshot(self) -> Callable[[Request], Response]:
        """A copy of this moment that answers reads by itself."""
        past = Stripe(self.clock)
        self.account.store.copy_into(past.account.store)
        past.account.settings.change(self.account.settings.shown())
        return past.handle

    def receive(self, request: Request) -> Response | None:
        """Stripe: a key that is still under way is refused, not waited for."""
        try:
            self._let_in(request)
        except StripeError as refused:
            return self._refused(refused)
        self._under_way += Counter(_busy_with(request))
        return None

    def _let_in(self, request: Request) -> None:
        wanted, key = self.account.settings, _idempotency_key(request)
        if self._under_way[f"key {key}"] and wanted.key_under_way_refused:
            raise StripeError(
                f"There is currently another in-progress request using this Idempotency Key: {key}.",
                status=409,
                kind="idempotency_error",
                code="idempotency_key_in_use",
            )
        if self._under_way[_written_to(request)] and wanted.lock_timeouts:
            raise _lock_timeout(wanted.lock_timeout_status)
        self.account.pacing.enter(_operation(request))

    def release(self, request: Request) -> None:
        self.account.pacing.leave(_operation(request))
        self._under_way -= Counter(_busy_with(request))

    def refusal(self, status: int) -> Response:
        """What the fault `refuse` answers."""
        if status == 429:
            return self._refused(RateLimitError("global-rate", self.account.settings.rate_limit_type))
        if status == 409:
            return self._refused(_lock_timeout(409))
        message = "Invalid API Key provided." if status == 401 else "An unknown error occurred."
        kind = "api_error" if status >= 500 else "invalid_request_error"
        return self._refused(StripeError(message, status=status, kind=kind))

    def _refused(self, refused: StripeError) -> Response:
        """At the door: nothing was begun."""
        headers = {"Content-Type": "application/json", **self._reason(refused)}
        return Response(refused.status, wire.encode({"error": refused.error}), headers)

    def _reason(self, refused: StripeError) -> dict[str, str]:
        if isinstance(refused, RateLimitError) and self.account.settings.rate_limit_reason:
            return {"Stripe-Rate-Limited-Reason": refused.reason}
        if refused.error.get("code") == "lock_timeout" and self.account.settings.should_retry:
            return {"Stripe-Should-Retry": "true"}
        return {}

    def handle(self, request: Request) -> Response:
        with settings.of(self.account.settings):
            return self._handle(request)

    def _handle(self, request: Request) -> Response:
        self._requests += 1
        asked = f"req_sandbox{self._requests:08}"
        key = _idempotency_key(request)
        headers = {"Content-Type": "application/json", "Request-Id": asked, "Stripe-Version": API_VERSION}
        if key:
            headers["Idempotency-Key"] = key
        replayed = False
        try:
            self._admit(request)
            status, body, replayed = self._answer(request, key, asked)
        except StripeError as refused:
            status, body = refused.status, {"error": {**refused.error, "request_log_url": _log_url(asked)}}
            headers |= self._reason(refused)
        if replayed:
            headers["Idempotent-Replayed"] = "true"
            if status >= 500 and self.account.settings.should_retry:
                # the key gives the same answer however often it is asked
                headers["Stripe-Should-Retry"] = "false"
        automation.run_due(self.account)
        self.account.store.rest()
        self._send()
        effects = self.account.store.pop_effects()
        return Response(status, wire.encode(body), headers, [] if replayed else effects, replayed)

    def crash(self, request: Request, response: Response) -> Response:
        """Stripe: the 500 is what the key remembers, and what it answers from now on."""
        error = {
            "message": "An unknown error occurred. Try again, or contact us.",
            "type": "api_error",
            "request_log_url": _log_url(response.headers["Request-Id"]),
        }
        key = _idempotency_key(request)
        if key:
            self._answers.replace(key, 500, {"error": error})
        return Response(500, wire.encode({"error": error}), response.headers)

    def _admit(self, request: Request) -> None:
        """Who asks, and in which version."""
        given = _key_of(request.headers.get("authorization", ""))
        if not given:
            raise StripeError(
                "You did not provide an API key. You need to provide your API key in the Authorization "
                "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
                status=401,
            )
        if not hmac.compare_digest(given.encode(), self.account.api_key.encode()):
            raise StripeError(f"Invalid API Key provided: {given[:8]}****{given[-4:]}", status=401)
        if self.account.settings.api_key_expired:
            raise StripeError(
                f"Expired API Key provided: {given[:8]}****{given[-4:]}", status=401, code="api_key_expired"
            )
        version = request.headers.get("stripe-version", API_VERSION)
        if version != API_VERSION:
            raise StripeError(
                f"Invalid Stripe API version: {version}. This sandbox plays {API_VERSION} only.",
                param="Stripe-Version",
            )
        acting_on = request.headers.get("stripe-account", self.account.id)
        if acting_on != self.account.id:
            raise StripeError(
                f"The provided key does not have access to account '{acting_on}' (or that account does not exist).",
                status=403,
                code="account_invalid",
            )

    def _answer(self, request: Request, key: str | None, asked: str) -> tuple[int, Any, bool]:
        """Status, body, and whether it is an earlier answer given again."""
        found = ROUTER.find(request.method, request.path)
        if found is None:
            raise StripeError(
                f"Unrecognized request URL ({request.method}: {request.path}). Please see https://stripe.com/docs.",
                status=404,
            )
        route, ids = found
        params = wire.decode(request.query)
        if request.method == "POST":
            params |= wire.decode(_text(request.body))
        canonically, now = canonical(request.method, request.path, params), self.clock.now().timestamp()
        if key:
            earlier = self._answers.recall(key, canonically, now)
            if earlier is not None:
                return *earlier, True
        balance.mature(self.account)
        early: StripeError | None = None
        try:
            self._admit_to(route, ids, now)
            status, body = 200, self._perform(request, route, ids, params, Asked(asked, key))
        except StripeError as refused:
            status, body = refused.status, {"error": {**refused.error, "request_log_url": _log_url(asked)}}
            early = refused if isinstance(refused, MalformedParameterError | RateLimitError) else None
        if key and (early is None or self.account.settings.key_remembers_early_refusals):
            self._answers.keep(key, canonically, now, status, body)
        if early is not None:
            raise early
        return status, body, False

    def _admit_to(self, route: Route, ids: list[str], now: float) -> None:
        self.account.pacing.admit(f"{route.method} {route.path}", now)
        if route.method == "POST" and route.path.startswith("/v1/payment_intents/{"):
            self.account.pacing.payment_intent_is_updated(ids[0], now)

    def _perform(self, request: Request, route: Route, ids: list[str], given: wire.Tree, asked: Asked) -> Shown:
        wanted = paths(given.pop("expand", []))
        params = route.form.parse(given)
        self.account.asked = asked
        self.account.store.begin()
        try:
            shown = self._shown(route.endpoint(self.account, params, *ids), request)
            if wanted:
                shown = expand(self.account.store, shown, wanted)
        except Rehearsal as rehearsal:
            self._take_back()
            return rehearsal.shown
        except StripeError as refused:
            if refused.status == CARD_REFUSED:
                self.account.store.commit()
            else:
                self._take_back()
            raise
        finally:
            self.account.asked = Asked()
        self.account.store.commit()
        return shown

    def _take_back(self) -> None:
        """A refusal leaves nothing behind; only a declined card does."""
        self.account.store.roll_back()
        self._outgoing.clear()

    def _shown(self, answer: Answer, request: Request) -> Shown:
        if isinstance(answer, Row):
            return self.account.show(answer)
        if isinstance(answer, Page):
            data = [self.account.show(row) for row in answer.rows]
            return {"object": "list", "data": data, "has_more": answer.has_more, "url": request.path}
        return answer

    def administer(self, request: Request) -> Response | None:
        if (request.method, request.path) == ("GET", "/_sandbox/deliveries"):
            after = parse_qs(request.query).get("after", ["0"])[0]
            if not after.isdecimal():
                return Response.of_json(400, {"error": "after is the number of a delivery"})
            listed = self.courier.deliveries(int(after))
            return Response.of_json(200, {"deliveries": listed, "pending": self.courier.pending()})
        with settings.of(self.account.settings):
            answer = admin.administer(self.account, request)
        self.account.store.rest()
        self._send()
        return answer

    def _dispatch(self, event: Row) -> None:
        """Hands a new event to the courier, once for each endpoint that wants it."""
        endpoints = [
            endpoint
            for endpoint in self.account.store.every("webhook_endpoint")
            if endpoint["status"] == "enabled" and {"*", event["type"]} & set(endpoint["enabled_events"])
        ]
        if not endpoints:
            return
        self.account.store.save(event, _pending=len(endpoints), _delivered=False)
        body = wire.encode(self.account.show(event))
        self._outgoing += [
            Delivery(
                event.id,
                event["type"],
                endpoint.id,
                endpoint["url"],
                webhook_endpoints.secrets(self.account, endpoint),
                body,
            )
            for endpoint in endpoints
        ]

    def _send(self) -> None:
        for delivery in self._outgoing:
            self.courier.take(delivery)
        self._outgoing.clear()

    def _wanted(self, delivery: Delivery) -> bool:
        with self._lock:
            endpoint = self.account.store.find("webhook_endpoint", delivery.endpoint)
            return endpoint is not None and endpoint["status"] == "enabled"

    def _acknowledged(self, delivery: Delivery) -> None:
        with self._lock:
            event = self.account.store.find("event", delivery.event)
            if event is not None and event["_pending"]:
                left = event["_pending"] - 1
                self.account.store.save(event, _pending=left, _delivered=not left)


def _idempotency_key(request: Request) -> str | None:
    return request.headers.get("idempotency-key") if request.method == "POST" else None


def _operation(request: Request) -> str:
    found = ROUTER.find(request.method, request.path)
    return f"{found[0].method} {found[0].path}" if found else ""


def _written_to(request: Request) -> str:
    """The id of the object that the address names, where the request may change it."""
    found = ROUTER.find(request.method, request.path) if request.method != "GET" else None
    return found[1][0] if found and found[1] else ""


def _busy_with(request: Request) -> list[str]:
    """What nobody else may have at the same time: its key, and the object that it writes to."""
    key, written = _idempotency_key(request), _written_to(request)
    return [*([f"key {key}"] if key else []), *([written] if written else [])]


def _lock_timeout(status: int) -> StripeError:
    return StripeError(
        "This object cannot be accessed right now because another API request or Stripe process is currently "
        "accessing it.",
        status=status,
        code="lock_timeout",
    )


def _key_of(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise MalformedParameterError("Invalid request: the body is not UTF-8") from None


def _log_url(asked: str) -> str:
    return f"https://dashboard.stripe.com/test/logs/{asked}"
