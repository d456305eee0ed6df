"""The server under the doors, spoken to over real sockets: smuggling, slowness, forged proxies."""

import logging
import resource
import socket
import threading
from contextlib import closing

import pytest

from core.errors import Misconfigured
from web.proxies import behind
from web.server import PAGE_THREADS, bind, listen

GENTLE_SECONDS = 20
CONNECTIONS = 500


class Served:
    """A server in a thread, and what its application saw."""

    def __init__(self, app, **limits):
        self.server = listen(app, bind("127.0.0.1", 0), **limits)
        self.address = ("127.0.0.1", self.server.effective_port)
        self._thread = threading.Thread(target=self.server.run, daemon=True)
        self._thread.start()

    def connect(self):
        return closing(socket.create_connection(self.address, timeout=GENTLE_SECONDS))

    def say(self, raw):
        """Everything that comes back until the server closes or falls silent."""
        with self.connect() as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def close(self):
        self.server.close()
        self.server.task_dispatcher.shutdown()


@pytest.fixture
def seen():
    return []


@pytest.fixture
def served(seen):
    """An application that notes each request and answers 200, behind no proxy that is known."""

    def app(environ, start_response):
        body = environ["wsgi.input"].read()
        seen.append((environ, body))
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    started = Served(behind(app, ()))
    yield started
    started.close()


def post(*headers, body=b"", version="1.1"):
    lines = [f"POST /hook HTTP/{version}", "Host: hub", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


CHUNKED = b"5\r\nhello\r\n0\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: hub\r\n\r\n"


def test_a_plain_request_and_a_chunked_one_are_read_whole(served, seen):
    assert served.say(post("Content-Length: 5", body=b"hello")).startswith(b"HTTP/1.1 200")
    assert served.say(post("Transfer-Encoding: chunked", body=CHUNKED)).startswith(b"HTTP/1.1 200")
    assert [body for _, body in seen] == [b"hello", b"hello"]


AMBIGUOUS = {
    "two kinds of length": post("Content-Length: 5", "Transfer-Encoding: chunked", body=CHUNKED + SMUGGLED),
    "two kinds of length, the other way round": post(
        "Transfer-Encoding: chunked", "Content-Length: 15", body=CHUNKED + SMUGGLED
    ),
    "two lengths": post("Content-Length: 5", "Content-Length: 6", body=b"hello!" + SMUGGLED),
    "a negative length": post("Content-Length: -1", body=SMUGGLED),
    "a signed length": post("Content-Length: +5", body=b"hello" + SMUGGLED),
    "a length in hexadecimal": post("Content-Length: 0x5", body=b"hello" + SMUGGLED),
    "a length that is no number": post("Content-Length: five", body=b"hello" + SMUGGLED),
    "a folded header": post("X-Long: one", " two", "Content-Length: 5", body=b"hello" + SMUGGLED),
    "a space before the colon": post("Content-Length : 5", body=b"hello" + SMUGGLED),
    "a bare line feed": b"POST /hook HTTP/1.1\r\nHost: hub\nContent-Length: 5\r\n\r\nhello" + SMUGGLED,
    "a chunk that is not one": post("Transfer-Encoding: chunked", body=b"zz\r\nhello\r\n0\r\n\r\n" + SMUGGLED),
    "an unknown encoding": post("Transfer-Encoding: xchunked", body=CHUNKED + SMUGGLED),
    "an encoding twice": post("Transfer-Encoding: chunked", "Transfer-Encoding: identity", body=CHUNKED + SMUGGLED),
}


@pytest.mark.parametrize("raw", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_a_request_that_two_readers_could_read_differently_is_refused_and_the_connection_ends(served, seen, raw):
    answer = served.say(raw)
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 501", b"HTTP/1.0 400"))
    assert answer.count(b"HTTP/1.") == 1
    assert seen == []


def test_a_body_larger_than_any_door_takes_is_refused_before_it_is_read(served, seen):
    answer = served.say(post(f"Content-Length: {50 * 1024 * 1024}"))
    assert answer.startswith(b"HTTP/1.1 413")
    assert seen == []


def test_headers_without_end_are_refused(served, seen):
    endless = b"POST /hook HTTP/1.1\r\nX-Long: "
    answer = served.say(endless + b"x" * (32 * 1024 - len(endless)))
    assert answer.startswith(b"HTTP/1.0 431")
    assert seen == []


def test_a_request_cut_off_half_way_never_reaches_the_door(served, seen):
    assert served.say(post("Content-Length: 100", body=b"hello")) == b""
    assert served.say(post("Transfer-Encoding: chunked", body=b"5\r\nhel")) == b""
    assert seen == []


def test_what_a_stranger_says_about_a_proxy_is_not_believed(served, seen):
    forged = (
        "X-Forwarded-For: 10.0.0.1",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Host: evil",
        "Forwarded: for=10.0.0.1",
    )
    served.say(post(*forged, "Content-Length: 0"))
    ((environ, _),) = seen
    assert environ["REMOTE_ADDR"] == "127.0.0.1"
    assert environ["wsgi.url_scheme"] == "http"
    assert not [name for name in environ if "FORWARDED" in name]


def test_the_server_does_not_name_itself(served):
    assert b"Server:" not in served.say(post("Content-Length: 0"))


@pytest.fixture
def many_files():
    """Both ends of every connection are in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * CONNECTIONS
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
def test_many_that_dawdle_keep_nobody_out(served, seen):
    slow = [socket.create_connection(served.address, timeout=GENTLE_SECONDS) for _ in range(CONNECTIONS)]
    try:
        for connection in slow:
            connection.sendall(b"POST /hook HTTP/1.1\r\nContent-Length: 10\r\n\r\n1")
        assert served.say(post("Content-Length: 5", body=b"hello")).startswith(b"HTTP/1.1 200")
        assert len(seen) == 1
    finally:
        for connection in slow:
            connection.close()


def test_pages_that_take_long_keep_no_vendor_waiting():
    done, begun = threading.Event(), threading.Semaphore(0)

    def app(environ, start_response):
        if environ["PATH_INFO"] == "/a-page":
            begun.release()
            assert done.wait(GENTLE_SECONDS)
        start_response("200 OK", [("Content-Length", "0")])
        return ()

    served = Served(app)
    pages = [socket.create_connection(served.address, timeout=GENTLE_SECONDS) for _ in range(2 * PAGE_THREADS)]
    try:
        for page in pages:
            page.sendall(b"GET /a-page HTTP/1.1\r\nHost: hub\r\n\r\n")
        for _ in range(PAGE_THREADS):
            assert begun.acquire(timeout=GENTLE_SECONDS)
        told = post("Content-Length: 5", body=b"hello").replace(b"/hook", b"/webhooks/stripe/app")
        assert served.say(told).startswith(b"HTTP/1.1 200")
        assert not done.is_set()
    finally:
        done.set()
        for page in pages:
            assert page.recv(65536).startswith(b"HTTP/1.1 200")
            page.close()
        served.close()


def test_one_byte_at_a_time_does_not_keep_a_connection_open(seen):
    served = Served(lambda *_: seen.append("answered"), request_seconds=1)
    try:
        with served.connect() as slow:
            slow.sendall(b"POST /hook HTTP/1.1\r\nContent-Length: 1000\r\n\r\n")
            slow.settimeout(0.1)
            assert dripped_until_closed(slow, drips_max=200)
        assert seen == []
    finally:
        served.close()


@pytest.mark.parametrize("length", ["Content-Length: {size}", "Transfer-Encoding: chunked"], ids=["counted", "chunked"])
def test_a_message_that_stops_half_way_is_hung_up_on_and_leaves_no_row(doors, sign, length):
    served = Served(doors.app, request_seconds=1)
    body = sign.event()
    try:
        with served.connect() as slow:
            lines = [f"POST {doors.stripe} HTTP/1.1", "Host: hub", f"Stripe-Signature: {sign.stripe(body)}", length]
            head = "\r\n".join([*lines, "", ""])
            half = b"10\r\n" + body[:8] if "chunked" in length else body[: len(body) // 2]
            slow.sendall(head.format(size=len(body)).encode() + half)
            assert slow.recv(1) == b""
    finally:
        served.close()
    assert doors.receipts() == []


def dripped_until_closed(connection, drips_max):
    for _ in range(drips_max):
        try:
            connection.sendall(b".")
            if connection.recv(1) == b"":
                return True
        except TimeoutError:
            continue
        except ConnectionError:
            return True
    return False


def test_a_connection_that_is_kept_alive_may_ask_again_and_again(served, seen):
    with served.connect() as connection:
        for _ in range(20):
            connection.sendall(post("Content-Length: 5", body=b"hello"))
            answer = b""
            while not answer.endswith(b"\r\n\r\nok"):
                answer += connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200")
    assert len(seen) == 20


def test_an_application_that_fails_tells_nothing_about_it(caplog):
    caplog.set_level(logging.CRITICAL, "waitress")
    served = Served(lambda *_: 1 / 0)
    try:
        answer = served.say(post("Content-Length: 0"))
    finally:
        served.close()
    assert answer.startswith(b"HTTP/1.1 500")
    assert b"Zero" not in answer
    assert b"Traceback" not in answer


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", None), ("192.0.2.1", 8086), ("no.such.host.invalid", 80)])
def test_an_address_that_cannot_be_served_is_one_sentence(host, port):
    sentence = r"^Nothing can be served on .*SUBLEDGER_HOST and SUBLEDGER_PORT\.$"
    with closing(socket.create_server(("127.0.0.1", 0))) as taken, pytest.raises(Misconfigured, match=sentence):
        bind(host, port or taken.getsockname()[1])


def test_the_doors_behind_the_server_answer_a_vendor(doors, sign):
    served = Served(doors.app)
    body = sign.event()
    try:
        answer = served.say(
            f"POST {doors.stripe} HTTP/1.1\r\nHost: hub\r\nStripe-Signature: {sign.stripe(body)}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        refused = served.say(post("Content-Length: 0").replace(b"/hook", doors.stripe.encode()))
    finally:
        served.close()
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n")
    assert refused.startswith(b"HTTP/1.1 401 ")
    for one in (answer, refused):
        assert b"Content-Length: 0\r\n" in one
        assert b"Content-Type" not in one
        assert b"Set-Cookie" not in one
    assert doors.receipts() == [body]
