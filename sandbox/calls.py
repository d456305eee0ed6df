"""The append-only log of every request and of what it changed: the tests' witness of what was really done."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.kit import Request, Response

KEPT_HEADERS = (
    "idempotency-key",
    "content-type",
    "stripe-version",
    "xero-tenant-id",
    "if-modified-since",
    "user-agent",
)
_NAMES = "client_secret|refresh_token|access_token|client_assertion|token"
_IN_FORM = re.compile(rf"(?<![\w.\[-])({_NAMES})=([^&\s]*)")
_IN_JSON = re.compile(rf'"({_NAMES})"\s*:\s*"[^"]*"')


def without_secrets(text: str, content_type: str) -> str:
    if "json" in content_type:
        return _IN_JSON.sub(r'"\1":"***"', text)
    if "form" in content_type:
        return _IN_FORM.sub(r"\1=***", text)
    return text


class CallLog:
    def __init__(self) -> None:
        self._calls: list[dict[str, Any]] = []

    def add(self, at: datetime, request: Request, response: Response | None, fault: str | None) -> dict[str, Any]:
        """The new entry; whoever sends the answer sets its "answered" when it has left whole.

        `response` is what the vendor decided, None where it was never asked.
        """
        content_type = request.headers.get("content-type", "")
        call = {
            "n": len(self._calls) + 1,
            "at": at.isoformat(),
            "method": request.method,
            "path": request.path,
            "query": without_secrets(request.query, "form"),
            "headers": {name: request.headers[name] for name in KEPT_HEADERS if name in request.headers},
            "body": without_secrets(request.body.decode("utf-8", "replace"), content_type),
            "body_sha256": hashlib.sha256(request.body).hexdigest(),
            "status": None if response is None else response.status,
            "effects": [] if response is None else [dict(effect) for effect in response.effects],
            "fault": fault,
            "replayed": response is not None and response.replayed,
            "answered": False,
        }
        self._calls.append(call)
        return call

    def after(self, n: int) -> list[Mapping[str, Any]]:
        return [*self._calls[max(n, 0) :]]

    def clear(self) -> None:
        self._calls.clear()
