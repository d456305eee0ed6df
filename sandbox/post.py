"""One outgoing webhook: a POST to loopback, and what came of it."""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

BODY_MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    status: int | None
    """None where there was no answer; `problem` then says why."""
    problem: str | None = None
    body: bytes = b""
    sets_cookie: bool = False


def is_loopback(url: str) -> bool:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http":
        return False
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def post(url: str, body: bytes, headers: Mapping[str, str], seconds_max: float) -> Answer:
    parts = urlsplit(url)
    if not is_loopback(url):
        return Answer(None, "this sandbox delivers to http on loopback only")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=seconds_max)
    try:
        connection.request("POST", target, body=body, headers=dict(headers))
        response = connection.getresponse()
        content = response.read(BODY_MAX_BYTES)
    except (OSError, http.client.HTTPException) as problem:
        return Answer(None, f"{type(problem).__name__}: {problem}")
    else:
        return Answer(response.status, None, content, response.getheader("Set-Cookie") is not None)
    finally:
        connection.close()
