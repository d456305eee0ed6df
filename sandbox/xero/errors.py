"""How Xero says no."""

from collections.abc import Sequence
from typing import Any

from sandbox.xero.wire import Element

VALIDATION = (10, "ValidationException", "A validation exception occurred")
OBJECT_MISSING = (17, "ObjectDoesNotExistException")
_STATUS_BODIES = {
    401: ("Unauthorized", "AuthenticationUnsuccessful"),
    403: ("Forbidden", "AuthenticationUnsuccessful"),
}


class RefusedError(Exception):
    """The whole request is refused: a status, a body, headers."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = headers or {}


class InvalidError(Exception):
    """One element is refused, in the vendor's words."""

    def __init__(self, *messages: str) -> None:
        super().__init__(*messages)
        self.messages = messages


def exception(number: int, kind: str, message: str, elements: Sequence[Element] | None = None) -> dict[str, Any]:
    body: dict[str, Any] = {"ErrorNumber": number, "Type": kind, "Message": message}
    if elements is not None:
        body["Elements"] = list(elements)
    return body


def unreadable(message: str) -> RefusedError:
    return RefusedError(400, exception(14, "PostDataInvalidException", message))


def query_unreadable(message: str) -> RefusedError:
    return RefusedError(400, exception(16, "QueryParseException", message))


def no_such_thing() -> RefusedError:
    """Xero: a missing resource is a plain sentence, not JSON."""
    return RefusedError(404, "The resource you're looking for cannot be found")


def denied(status: int, instance: str, detail: str | None = None) -> RefusedError:
    title, usual = _STATUS_BODIES[status]
    body: dict[str, Any] = {
        "Type": None,
        "Title": title,
        "Status": status,
        "Detail": detail or usual,
        "Instance": instance,
        "Extensions": {},
    }
    return RefusedError(status, body)
