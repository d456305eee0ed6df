"""One vendor behind its lock, with its call log, its faults and its admin routes: all but the sockets."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import parse_qs

from sandbox.calls import CallLog
from sandbox.faults import NOT_EXECUTED, BadFaultError, Fault, Faults
from sandbox.kit import (
    Administered,
    Crashing,
    Notifying,
    Receiving,
    Refusing,
    Request,
    Response,
    Restorable,
    Snapshotting,
    Vendor,
)

ADMIN = "/_sandbox/"
_PAGE = b"<!doctype html><html><head><title>Bad gateway</title></head><body>Bad gateway</body></html>"


@dataclass(frozen=True, slots=True)
class Exchange:
    """What happens on the socket: the response leaves whole, is cut, or nothing leaves at all."""

    response: Response | None
    way: Literal["whole", "cut", "nothing"] = "whole"
    wait_seconds: float = 0
    """Before the answer, or before the connection is closed."""
    call: int | None = None
    """Its number in the log."""
    as_decided: bool = True
    """Whether the response is the vendor's own, so that sending it whole means "answered"."""


class Desk:
    def __init__(self, vendor: Vendor, save: Callable[[], None] | None = None) -> None:
        self.vendor = vendor
        self.lock = threading.RLock()
        self._log = CallLog()
        self._faults = Faults()
        self._save = save
        if isinstance(vendor, Notifying):
            vendor.heed(self._faults.take_for_webhook)

    def answer(self, request: Request, wait: Callable[[float], Any]) -> Exchange:
        if request.path.startswith(ADMIN):
            with self.lock:
                return Exchange(self._administer(request))
        with self.lock:
            refused = self.vendor.receive(request) if isinstance(self.vendor, Receiving) else None
            if refused is not None:
                return Exchange(refused, call=self._log.add(self.vendor.clock.now(), request, refused, None))
            fault = self._faults.take(request.method, request.path)
        if fault and fault.fault == "slow":
            wait(fault.seconds)
        with self.lock:
            try:
                decided = self._decide(request, fault)
            finally:
                if isinstance(self.vendor, Receiving):
                    self.vendor.release(request)
            call = self._log.add(self.vendor.clock.now(), request, decided, fault.fault if fault else None)
            if decided and fault and fault.fault == "commit_then_500":
                return Exchange(self._crash(request, decided), call=call, as_decided=False)
        return _spoil(Exchange(decided, call=call), fault)

    def _crash(self, request: Request, decided: Response) -> Response:
        if isinstance(self.vendor, Crashing):
            return self.vendor.crash(request, decided)
        return Response(500)

    def answered(self, exchange: Exchange) -> None:
        if exchange.call is not None and exchange.as_decided:
            with self.lock:
                self._log.answered(exchange.call)

    def _decide(self, request: Request, fault: Fault | None) -> Response | None:
        if fault is None or fault.fault not in NOT_EXECUTED:
            return self.vendor.handle(request)
        if fault.past is not None:
            return fault.past(request)
        if fault.fault != "refuse":
            return None
        if fault.body is None and isinstance(self.vendor, Refusing):
            refusal = self.vendor.refusal(fault.status)
        else:
            refusal = Response(fault.status, fault.body or b"", {"Content-Type": "text/plain"})
        return replace(refusal, headers={**refusal.headers, **fault.headers})

    def _administer(self, request: Request) -> Response:
        try:
            wanted = json.loads(request.body) if request.body else {}
            if not isinstance(wanted, dict):
                return _unclear("the body is a JSON object")
            return self._admin_route(request, wanted)
        except BadFaultError as bad:
            return _unclear(str(bad))
        except json.JSONDecodeError as bad:
            return _unclear(f"the body is not JSON: {bad}")

    def _admin_route(self, request: Request, wanted: dict[str, Any]) -> Response:
        match request.method, request.path.removeprefix(ADMIN):
            case "GET", "calls":
                after = parse_qs(request.query).get("after", ["0"])[0]
                if not after.isdecimal():
                    return _unclear("after is the number of a call")
                return Response.of_json(200, {"calls": self._log.after(int(after))})
            case "GET", "state":
                return Response.of_json(200, self.vendor.state())
            case "POST", "reset":
                return self._reset(wanted)
            case "POST", "clock":
                offset = wanted.get("offset_seconds")
                if isinstance(offset, bool) or not isinstance(offset, int | float) or not abs(offset) < 10**10:
                    return _unclear("offset_seconds is a number of seconds")
                self.vendor.clock.move_to_offset(offset)
                return Response.of_json(200, {"offset_seconds": offset, "now": self.vendor.clock.now().isoformat()})
            case "POST", "faults":
                snapshot = self.vendor.snapshot if isinstance(self.vendor, Snapshotting) else None
                return Response.of_json(200, {"ids": self._faults.add(wanted.get("faults"), snapshot)})
            case "GET", "faults":
                return Response.of_json(200, {"faults": self._faults.shown()})
            case "DELETE", "faults":
                self._faults.clear()
                return Response.of_json(200, {"faults": []})
            case "POST", "save":
                if self._save is None:
                    return _unclear("started without --state, so there is no file to save to")
                self._save()
                return Response.of_json(200, {"saved": True})
        own = self.vendor.administer(request) if isinstance(self.vendor, Administered) else None
        return own or Response.of_json(404, {"error": f"no admin route {request.method} {request.path}"})

    def _reset(self, wanted: dict[str, Any]) -> Response:
        seed = wanted.get("seed", 1)
        if type(seed) is not int:
            return _unclear("seed is a whole number")
        self.vendor.clock.move_to_offset(0)
        self.vendor.reset(seed)
        self._log.clear()
        self._faults.clear()
        return Response.of_json(200, {"seed": seed})

    def saved(self) -> dict[str, Any]:
        with self.lock:
            return {"clock": self.vendor.clock.offset_seconds, "state": self.vendor.state()}

    def restore(self, saved: dict[str, Any]) -> None:
        if not isinstance(self.vendor, Restorable):
            raise TypeError(f"the {self.vendor.name} sandbox cannot be restored")
        with self.lock:
            self.vendor.clock.move_to_offset(saved["clock"])
            self.vendor.restore(saved["state"])


def _unclear(sentence: str) -> Response:
    return Response.of_json(400, {"error": sentence})


def _spoil(exchange: Exchange, fault: Fault | None) -> Exchange:
    if fault is None:
        return exchange
    match fault.fault:
        case "commit_then_hang" | "hang":
            return replace(exchange, way="nothing", wait_seconds=fault.seconds)
        case "commit_then_close" | "close":
            return replace(exchange, way="nothing")
        case "commit_then_truncate":
            return replace(exchange, way="cut")
        case "empty":
            return replace(exchange, response=Response(200), as_decided=False)
        case "malformed":
            page = Response(200, fault.body or _PAGE, {"Content-Type": "text/html"})
            return replace(exchange, response=page, as_decided=False)
    return exchange
