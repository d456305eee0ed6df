"""The HTTP server under the doors, with limits that a stranger cannot stretch."""

import logging
import socket
import time

import waitress
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from connectors.registry import CONNECTORS
from core.errors import Misconfigured
from web.webhooks import PREFIX

DOOR_THREADS = 32
"""Each that waits is written with the others in one commit, so that more of them cost less."""
PAGE_THREADS = 8
REQUEST_SECONDS = 30
_CONNECTIONS_MAX = 1000
_HEADER_BYTES_MAX = 32 * 1024
_BODY_BYTES_MAX = 2 * max(one.webhook.max_bytes for one in CONNECTORS.values() if one.webhook is not None)
"""More than any door takes, so that a door says itself, without a word, that it was too much."""


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    def parse_header(self, header_plus: bytes) -> None:
        """Refuses what a proxy before us could read as another request than we do."""
        if b"\r\n " in header_plus or b"\r\n\t" in header_plus:
            raise ParsingError("A header stands on one line")
        super().parse_header(header_plus)
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("A request has one length")


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection whose idle time counts from a request's first byte: one byte a second keeps nothing open."""

    parser_class = _Parser
    _began: float | None = None

    def received(self, data: bytes) -> bool:
        if self._began is None:
            self._began = time.time()
        taken: bool = super().received(data)
        if self.request is None:
            self._began = None
        else:
            self.last_activity = self._began
        return taken


class _Threads:
    """Some for the webhook doors and others for the pages: whoever looks at a page that takes long keeps no vendor
    waiting.
    """

    def __init__(self) -> None:
        self._doors, self._pages = ThreadedTaskDispatcher(), ThreadedTaskDispatcher()
        self._doors.set_thread_count(DOOR_THREADS)
        self._pages.set_thread_count(PAGE_THREADS)

    def add_task(self, channel: HTTPChannel) -> None:
        request = channel.requests[0]
        at_a_door = request.error is None and request.path.startswith(PREFIX)
        (self._doors if at_a_door else self._pages).add_task(channel)

    def shutdown(self) -> None:
        for each in (self._doors, self._pages):
            each.shutdown()


def bind(host: str, port: int) -> socket.socket:
    """The address, taken. Raises Misconfigured if that cannot be."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise Misconfigured(
            f"Nothing can be served on {host}:{port}: {error.strerror}. Set SUBLEDGER_HOST and SUBLEDGER_PORT."
        ) from None


def listen(app: object, taken: socket.socket, *, request_seconds: int = REQUEST_SECONDS) -> TcpWSGIServer:
    """Its `run()` serves until SystemExit or KeyboardInterrupt."""
    server = waitress.create_server(
        app,
        _dispatcher=_Threads(),
        sockets=[taken],
        ident="",
        clear_untrusted_proxy_headers=False,  # whom to believe is the affair of web/proxies.py
        connection_limit=_CONNECTIONS_MAX,
        asyncore_use_poll=True,
        channel_timeout=request_seconds,
        cleanup_interval=max(request_seconds // 3, 1),
        max_request_header_size=_HEADER_BYTES_MAX,
        max_request_body_size=_BODY_BYTES_MAX,
    )
    server.channel_class = _Channel
    # it warns of every request that waits for a thread, which at a peak is nearly each
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    return server
