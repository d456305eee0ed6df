"""Servers on loopback that answer with exact bytes, for what a polite HTTP server cannot do."""

import socket
import threading
from contextlib import contextmanager

CLOSE = object()
"""In a script: close the connection."""


@contextmanager
def answering(*scripts):
    """Serves one connection per script: an iterable of bytes to send, callables to run, or CLOSE.

    Yields (base_url, requests) where `requests` grows by the raw bytes of every request as it is read.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)
    requests = []

    def serve():
        for script in scripts:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                try:
                    _play(connection, script, requests)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", requests
    finally:
        listener.close()
        thread.join(timeout=10)


def _play(connection, script, requests):
    requests.append(_request(connection))
    for step in script:
        if step is CLOSE:
            return
        if callable(step):
            step()
        elif step == b"next":
            requests.append(_request(connection))
        else:
            connection.sendall(step)


def _request(connection):
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return received
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def http(status, body=b"{}", **headers):
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
