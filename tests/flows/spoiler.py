"""Stands between the hub and a vendor: passes requests on, and spoils some of the answers on the way back."""

import gzip
import threading
import time
from contextlib import suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_PIECES_MAX = 200


class Spoiler:
    def __init__(self, base_url):
        self._left = {}
        self._way = ""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _passing(self, urlsplit(base_url).netloc))
        self._server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def spoil(self, way, counts):
        """The answers to so many writes to paths that end so: `endless`, `dripping`, `bomb` or `huge`."""
        self._way, self._left = way, dict(counts)

    @property
    def left(self):
        """What was to be spoilt, and was not asked for."""
        return {ending: count for ending, count in self._left.items() if count}

    def take(self, method, path):
        ending = path.partition("?")[0].rpartition("/")[2]
        if method == "GET" or not self._left.get(ending):
            return ""
        self._left[ending] -= 1
        return self._way

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _passing(spoiler, vendor):
    class Passing(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            """Quiet."""

        def _pass(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            onward = HTTPConnection(vendor, timeout=30)
            onward.request(self.command, self.path, body or None, {**self.headers, "Host": vendor})
            answer = onward.getresponse()
            content = answer.read()
            onward.close()
            way = spoiler.take(self.command, self.path)
            self.close_connection = bool(way)
            with suppress(OSError):  # the hub may hang up at any time
                _answer(self, way, answer.status, content)

        do_GET = do_PUT = do_POST = do_DELETE = _pass  # noqa: N815 - http.server looks them up

    return Passing


def _answer(handler, way, status, content):
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    if way == "bomb":
        content = gzip.compress(b" " * 10_000_000)
        handler.send_header("Content-Encoding", "gzip")
    if way == "huge":
        content = b" " * 1_000_000
    if way == "endless":
        handler.send_header("Transfer-Encoding", "chunked")
    else:
        handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    if way == "endless":
        for _ in range(_PIECES_MAX):
            handler.wfile.write(b"1\r\n \r\n")
            time.sleep(0.05)
    elif way == "dripping":
        for place in range(min(len(content), _PIECES_MAX)):
            handler.wfile.write(content[place : place + 1])
            time.sleep(0.05)
    else:
        handler.wfile.write(content)
