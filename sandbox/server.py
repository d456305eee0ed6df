"""A vendor on a loopback port: HTTP/1.1 with keep-alive, and the faults that need the socket itself."""

import socket
import struct
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from email.utils import format_datetime
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sandbox.desk import Desk, Exchange
from sandbox.kit import Active, Request, Response, Vendor

HOST = "127.0.0.1"
BODY_MAX_BYTES = 10 * 1024 * 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_BODILESS = frozenset({204, 304})


class Server:
    """Serves one vendor until closed; usable in-process by tests and by the command."""

    def __init__(self, vendor: Vendor, port: int, save: Callable[[], None] | None) -> None:
        self.desk = Desk(vendor, save)
        self._closing = threading.Event()
        self._http = _Listener(self.desk, self._closing, port)
        self.base_url = f"http://{HOST}:{self._http.server_address[1]}"
        if isinstance(vendor, Active):
            vendor.start(self.desk.lock)
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(0.05,), name=f"{vendor.name}-sandbox", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """No connection and no thread is left afterwards."""
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()
        if isinstance(self.desk.vendor, Active):
            self.desk.vendor.stop()
        self._thread.join()


def serve(vendor: Vendor, port: int = 0, save: Callable[[], None] | None = None) -> Server:
    """Starts at once; port 0 takes a free one. `save` is what POST /_sandbox/save calls."""
    return Server(vendor, port, save)


class _Listener(ThreadingHTTPServer):
    def __init__(self, desk: Desk, closing: threading.Event, port: int) -> None:
        self.desk = desk
        self.closing = closing
        self._open: dict[socket.socket, threading.Thread] = {}
        self._busy = 0
        self._count = threading.Lock()
        super().__init__((HOST, port), _Connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        with self._count:
            self._open[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._count:
            self._open.pop(request, None)

    def server_close(self) -> None:
        super().server_close()
        with self._count:
            left = dict(self._open)
        for connection, thread in left.items():
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join()

    def begin(self) -> int:
        with self._count:
            self._busy += 1
            return self._busy

    def end(self) -> None:
        with self._count:
            self._busy -= 1

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a client that went away is nobody's error
            super().handle_error(request, client_address)


class _Connection(BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Quiet: the call log is what is read."""

    def _exchange(self) -> None:
        in_flight = self.server.begin()
        try:
            self._answer(in_flight)
        finally:
            self.server.end()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _exchange  # noqa: N815 - http.server looks them up

    def _answer(self, in_flight: int) -> None:
        body = self._body()
        if body is None:
            self.close_connection = True
            return
        path, _, query = self.path.partition("?")
        names = {name.lower() for name in self.headers}
        headers = {name: ", ".join(self.headers.get_all(name, [])) for name in names}
        request = Request(self.command, path, query, headers, body, in_flight)
        try:
            exchange = self.server.desk.answer(request, self.server.closing.wait)
        except Exception:  # noqa: BLE001 - a bug of the sandbox: shown to whoever asked, the server lives on
            exchange = Exchange(Response(500, traceback.format_exc().encode(), {"Content-Type": "text/plain"}))
        if exchange.wait_seconds:
            self.server.closing.wait(exchange.wait_seconds)
        if exchange.way == "nothing" or exchange.response is None:
            self._reset_connection()
            return
        head, content = self._wire(exchange.response)
        if exchange.way == "cut":
            self.connection.sendall(head + content[: len(content) // 2])
            self.close_connection = True
            return
        self.connection.sendall(head + content)
        self.server.desk.answered(exchange)

    def _wire(self, response: Response) -> tuple[bytes, bytes]:
        reason = responses.get(response.status, "Unknown")
        lines = [f"HTTP/1.1 {response.status} {reason}"]
        headers = {
            "Date": format_datetime(self.server.desk.vendor.clock.now(), usegmt=True),
            **response.headers,
        }
        if response.status not in _BODILESS:
            headers["Content-Length"] = str(len(response.body))
        if self.close_connection:
            headers["Connection"] = "close"
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        return head, b"" if self.command == "HEAD" or response.status in _BODILESS else response.body

    def _reset_connection(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.close_connection = True

    def _body(self) -> bytes | None:
        """None where the request cannot be read; it has then been answered."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal():
            self._refuse(400)
            return None
        if int(length) > BODY_MAX_BYTES:
            self._refuse(413)
            return None
        body = self.rfile.read(int(length))
        return body if len(body) == int(length) else None

    def _chunks(self) -> bytes | None:
        body = bytearray()
        while True:
            size_line = self.rfile.readline(1024).split(b";")[0].strip()
            try:
                size = int(size_line, 16)
            except ValueError:
                self._refuse(400)
                return None
            if size < 0 or len(body) + size > BODY_MAX_BYTES:
                self._refuse(413)
                return None
            chunk = self.rfile.read(size + 2)
            if size == 0:
                return bytes(body)
            body += chunk[:size]
            if len(chunk) != size + 2:
                return None

    def _refuse(self, status: int) -> None:
        self.close_connection = True
        head, content = self._wire(Response(status))
        self.connection.sendall(head + content)
