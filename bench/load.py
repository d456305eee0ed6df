"""Signed Stripe events at a door, of several clients that each ask again as soon as they are answered.

One thread that does next to nothing, so that what is measured is the door.
"""

import hmac
import json
import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

_ANSWER_BYTES_MAX = 4096


@dataclass(slots=True)
class Answers:
    seconds: list[float] = field(default_factory=list)
    """How long each 200 took, the late ones too."""
    in_time: int = 0
    """How many 200 there were before the time was over."""
    others: int = 0

    def slowest_of_a_hundred(self) -> float:
        return sorted(self.seconds)[len(self.seconds) * 99 // 100]


def load(port: int, path: str, secret: str, *, clients: int, seconds: float) -> Answers:
    messages = _messages(path, secret)
    found = Answers()
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
                if answer.startswith(b"HTTP/1.1 200 "):
                    found.seconds.append(now - key.data)
                    found.in_time += now < until
                else:
                    found.others += 1
                answers.unregister(client)
                if now < until:
                    if b"close" in answer:
                        client.close()
                        client = socket.create_connection(("127.0.0.1", port))
                    client.sendall(next(messages))
                    answers.register(client, selectors.EVENT_READ, now)
                else:
                    client.close()
    return found


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
