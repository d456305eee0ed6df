"""The append-only log of every request and of what it changed: the tests' witness of what was really done."""

import hashlib
import re
from datetime import datetime
from typing import Any

from sandbox.kit import Request, Response
from sandbox.log import Log

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
        self._calls = Log()

    def add(self, at: datetime, request: Request, response: Response | None, fault: str | None) -> int:
        """The number of the new entry, to be said again when the answer has left whole.

        `response` is what the vendor decided, None where it was never asked.
        """
        content_type = request.headers.get("content-type", "")
        call = {
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
        return self._calls.append(call)

    def answered(self, number: int) -> None:
        self._calls.change(number, answered=True)

    def after(self, number: int) -> list[dict[str, Any]]:
        return self._calls.after(number)

    def clear(self) -> None:
        self._calls.clear()
