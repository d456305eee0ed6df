"""The wire, guarded: bounded time and size, no proxy, no cookie, nothing taken from the environment."""

import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from core.errors import Misconfigured

_CHUNK = 64 * 1024
_GZIP = zlib.MAX_WBITS | 16


@dataclass(frozen=True, slots=True)
class Limits:
    connect_seconds: float = 5
    read_seconds: float = 30
    """The longest silence."""
    total_seconds: float = 60
    """From the first byte sent to the last byte read."""
    answer_bytes: int = 32 * 1024 * 1024
    """As it arrives, and again once it is unpacked."""


DEFAULT_LIMITS = Limits()


class TooSlow(requests.Timeout):
    """The answer was still arriving when the total time was over."""


class TooLong(requests.RequestException):
    """The answer is longer than any answer we ask for."""


class Garbled(requests.RequestException):
    """The answer broke off or cannot be unpacked."""


class BoundedAdapter(HTTPAdapter):
    """Reads the whole answer within the limits, so that whoever reads it later reads memory."""

    def __init__(self, limits: Limits, answering: Callable[[requests.PreparedRequest], None] | None = None) -> None:
        super().__init__(max_retries=0)
        self._limits = limits
        self._answering = answering

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002
        timeout: Any = None,  # noqa: ARG002
        verify: bool | str = True,  # noqa: ARG002
        cert: Any = None,  # noqa: ARG002
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> requests.Response:
        """Whatever the session says, the limits hold and certificates are verified."""
        deadline = time.monotonic() + self._limits.total_seconds
        silence = (self._limits.connect_seconds, self._limits.read_seconds)
        response = super().send(request, stream=True, timeout=silence, verify=True)
        try:
            if self._answering is not None:
                self._answering(request)
            body = self._unpacked(
                self._read(response.raw, deadline), response.headers.get("Content-Encoding", "").lower()
            )
        except HTTPError as trouble:
            raise Garbled(type(trouble).__name__) from trouble
        finally:
            response.raw.close()
        # the session looks for cookies in the raw answer, and finds none in this one
        response.raw = HTTPResponse(BytesIO(body), preload_content=False)
        return response

    def _read(self, raw: HTTPResponse, deadline: float) -> bytes:
        body = bytearray()
        while piece := raw.read1(_CHUNK, decode_content=False):
            body += piece
            if len(body) > self._limits.answer_bytes:
                raise TooLong
            if time.monotonic() > deadline:
                raise TooSlow
        return bytes(body)

    def _unpacked(self, body: bytes, encoding: str) -> bytes:
        if encoding in {"", "identity"}:
            return body
        if encoding != "gzip":
            raise Garbled(f"encoded as {encoding!r}, which was not asked for")
        gunzip = zlib.decompressobj(_GZIP)
        try:
            plain = gunzip.decompress(body, self._limits.answer_bytes + 1)
        except zlib.error as trouble:
            raise Garbled("no gzip") from trouble
        if len(plain) > self._limits.answer_bytes:
            raise TooLong
        if not gunzip.eof:
            raise Garbled("the gzip breaks off")
        return plain


def guard(session: requests.Session, adapter: BoundedAdapter) -> None:
    session.trust_env = False
    session.headers.update({"User-Agent": "Subledger", "Accept": "application/json", "Accept-Encoding": "gzip"})
    session.mount("https://", adapter)
    session.mount("http://", adapter)


def nothing_was_sent(trouble: requests.RequestException) -> bool:
    """True only if it is certain: no connection, or a certificate that was refused before the request."""
    if isinstance(trouble, requests.ConnectTimeout):
        return True
    reason = getattr(trouble.args[0] if trouble.args else None, "reason", None)
    if isinstance(trouble, requests.exceptions.SSLError):
        return "certificate verify failed" in str(reason)
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def checked_base_url(url: str) -> str:
    """Without its trailing slash. Misconfigured unless it is https, or http to this very machine."""
    parts = urlsplit(url)
    if parts.username is not None or parts.query or parts.fragment or not parts.hostname:
        raise Misconfigured(
            "A vendor's address is a scheme, a host and at most a path, such as https://api.stripe.com."
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise Misconfigured(f"{parts.hostname} is only spoken to over https; plain http is for loopback addresses.")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
