"""Signed Stripe events at a door, of several clients that each ask again as soon as they are answered.

One thread that does next to nothing, so that what is measured is the door.
"""

import hmac
import json
import selectors
import socket
import time
from collections.abc import Iterator
from hashlib import sha256

_ANSWER_BYTES_MAX = 4096


def load(port: int, path: str, secret: str, *, clients: int, seconds: float) -> list[float]:
    """How many seconds each answer took. Raises RuntimeError for an answer that is not 200."""
    messages = _messages(path, secret)
    times: list[float] = []
    with selectors.DefaultSelector() as answers:
        until = time.perf_counter() + seconds
        for _ in range(clients):
            client = socket.create_connection(("127.0.0.1", port))
            client.sendall(next(messages))
            answers.register(client, selectors.EVENT_READ, time.perf_counter())
        while answers.get_map():
            for key, _ in answers.select():
                client = key.fileobj
                answer = client.recv(_ANSWER_BYTES_MAX)
                now = time.perf_counter()
                if not answer.startswith(b"HTTP/1.1 200 "):
                    raise RuntimeError(f"the door answered {answer[:40]!r}")
                times.append(now - key.data)
                if now < until:
                    client.sendall(next(messages))
                    answers.modify(client, selectors.EVENT_READ, now)
                else:
                    answers.unregister(client)
                    client.close()
    return times


def _messages(path: str, secret: str) -> Iterator[bytes]:
    """Events of about the size that Stripe sends, each with an id of its own, signed at the moment of asking."""
    padding = {f"field_{number}": "x" * 40 for number in range(50)}
    run, number = time.time_ns(), 0
    while True:
        number += 1
        changed = {"id": f"in_{number % 500}", "object": "invoice", **padding}
        event = {"id": f"evt_{run}_{number}", "object": "event", "type": "invoice.paid", "created": 1795000000}
        body = json.dumps({**event, "data": {"object": changed}}).encode()
        stamp = str(int(time.time()))
        signature = hmac.new(secret.encode(), stamp.encode() + b"." + body, sha256).hexdigest()
        yield (
            f"POST {path} HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"Stripe-Signature: t={stamp},v1={signature}\r\n\r\n"
        ).encode() + body
