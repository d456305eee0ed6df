import gzip
import socket
import threading
import zlib
from decimal import Decimal

import pytest
import requests
import responses

from connectors.http import Answer, Door, wait_seconds
from connectors.transport import Limits
from core import failpoint
from core.errors import (
    CallRefused,
    ContractBroken,
    Misconfigured,
    NotThere,
    OutcomeUnknown,
    RetryAfter,
    TokenRefused,
)
from core.tripwire import inside_work
from tests.connectors import wire

BASE = "https://api.vendor.example"
TOKEN = "sk_test_sandbox_canary"


def door(base_url=BASE, **settings):
    return Door(base_url, lambda: {"Authorization": f"Bearer {TOKEN}"}, **settings)


def write(to, **options):
    return to.send("PUT", "/things?key=1", b'{"name": "Ada Lovelace"}', {"Content-Type": "application/json"}, **options)


@pytest.fixture
def vendor():
    with responses.RequestsMock() as mock:
        yield mock


def test_a_read_gives_exact_numbers_and_sends_the_credentials_of_the_moment(vendor):
    vendor.get(f"{BASE}/v1/things?limit=1", body=b'{"amount": 12.30, "count": 3}', headers={"X-Left": "7"})
    tokens = iter(["first", "second"])
    to = Door(BASE, lambda: {"Authorization": f"Bearer {next(tokens)}"})
    answer = to.get("/v1/things?limit=1")
    to.get("/v1/things?limit=1")
    assert answer.body == {"amount": Decimal("12.30"), "count": 3}
    assert isinstance(answer.body["amount"], Decimal)
    assert answer.headers["x-left"] == "7"
    assert [call.request.headers["Authorization"] for call in vendor.calls] == ["Bearer first", "Bearer second"]


def test_a_write_sends_its_exact_bytes(vendor):
    vendor.put(f"{BASE}/things", body=b"{}")
    write(door())
    assert vendor.calls[0].request.body == b'{"name": "Ada Lovelace"}'


STATUSES = [
    (301, ContractBroken, ContractBroken),
    (307, ContractBroken, ContractBroken),
    (400, CallRefused, CallRefused),
    (401, TokenRefused, TokenRefused),
    (403, CallRefused, CallRefused),
    (404, NotThere, NotThere),
    (408, RetryAfter, OutcomeUnknown),
    (409, CallRefused, OutcomeUnknown),
    (429, RetryAfter, OutcomeUnknown),
    (500, RetryAfter, OutcomeUnknown),
    (503, RetryAfter, OutcomeUnknown),
]


@pytest.mark.parametrize(("status", "read", "written"), STATUSES)
def test_each_status_becomes_the_error_of_its_remedy(vendor, status, read, written):
    vendor.get(f"{BASE}/things", status=status, body=b"{}", headers={"Location": "https://evil.example/"})
    vendor.put(f"{BASE}/things", status=status, body=b"{}", headers={"Location": "https://evil.example/"})
    with pytest.raises(read):
        door().get("/things")
    with pytest.raises(written):
        write(door())
    assert len(vendor.calls) == 2


def test_overload_of_a_write_may_be_retried_only_where_the_vendor_promises_that_nothing_was_done(vendor):
    vendor.put(f"{BASE}/things", status=429, body=b"", headers={"Retry-After": "7"})
    with pytest.raises(RetryAfter) as caught:
        write(door(), not_executed=frozenset({429}))
    assert caught.value.seconds == 7


def test_a_refusal_carries_what_the_vendor_said_but_does_not_print_it(vendor):
    vendor.put(f"{BASE}/things", status=400, json={"Message": "Ada Lovelace is taken"})
    with pytest.raises(CallRefused) as caught:
        write(door())
    assert caught.value.status == 400
    assert caught.value.body == {"Message": "Ada Lovelace is taken"}
    assert "Ada" not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize("body", [b"", b"<html>Log in</html>", b'{"a": NaN}', b'{"a": 1', b"\xff", b'{"a": 1, "a": 2}'])
def test_a_good_status_without_a_readable_answer_is_never_a_success(vendor, body):
    vendor.get(f"{BASE}/things", body=body)
    vendor.put(f"{BASE}/things", body=body)
    with pytest.raises(RetryAfter):
        door().get("/things")
    with pytest.raises(OutcomeUnknown):
        write(door())


@pytest.mark.parametrize(
    "trouble", [requests.ReadTimeout(), requests.ConnectionError("reset"), requests.exceptions.ChunkedEncodingError()]
)
def test_trouble_after_a_write_may_have_been_sent_leaves_its_outcome_unknown(vendor, trouble):
    vendor.put(f"{BASE}/things", body=trouble)
    vendor.get(f"{BASE}/things", body=trouble)
    with pytest.raises(OutcomeUnknown):
        write(door())
    with pytest.raises(RetryAfter):
        door().get("/things")


def test_a_refused_connection_means_that_nothing_was_sent():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(RetryAfter):
        write(door(f"http://127.0.0.1:{port}"))


def test_an_answer_that_breaks_off_is_lost():
    script = [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", wire.CLOSE]
    with wire.answering(script, script) as (base_url, _):
        with pytest.raises(OutcomeUnknown):
            write(door(base_url))
        with pytest.raises(RetryAfter):
            door(base_url).get("/things")


def test_a_connection_that_closes_without_a_word_leaves_a_write_unknown():
    with wire.answering([wire.CLOSE]) as (base_url, requests_seen):
        with pytest.raises(OutcomeUnknown):
            write(door(base_url))
        assert b"Ada Lovelace" in requests_seen[0]


def test_silence_ends_after_the_read_timeout():
    gate = threading.Event()
    with wire.answering([lambda: gate.wait(5)]) as (base_url, _):
        with pytest.raises(OutcomeUnknown):
            write(door(base_url, limits=Limits(read_seconds=0.2)))
        gate.set()


def test_an_answer_that_trickles_ends_after_the_total_time():
    pause = threading.Event()
    trickle = [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"]
    for _ in range(40):
        trickle += [b"x", lambda: pause.wait(0.05)]
    with wire.answering(trickle) as (base_url, _), pytest.raises(OutcomeUnknown, match="TooSlow"):
        write(door(base_url, limits=Limits(read_seconds=5, total_seconds=0.3)))


def test_an_answer_longer_than_the_limit_is_not_kept():
    body = b"[" + b"1," * 5000 + b"1]"
    with wire.answering([wire.http(200, body)], [wire.http(200, body)]) as (base_url, _):
        with pytest.raises(ContractBroken):
            door(base_url, limits=Limits(answer_bytes=1000)).get("/things")
        with pytest.raises(OutcomeUnknown):
            write(door(base_url, limits=Limits(answer_bytes=1000)))


def test_a_packed_answer_is_read_and_a_bomb_is_not_unpacked():
    small, bomb = gzip.compress(b'{"a": 1}'), gzip.compress(b" " * 10_000_000)
    assert len(bomb) < 50_000
    scripts = [[wire.http(200, body, Content_Encoding="gzip")] for body in (small, bomb, small[:-9])]
    with wire.answering(*scripts) as (base_url, _):
        assert door(base_url).get("/things").body == {"a": 1}
        with pytest.raises(ContractBroken):
            door(base_url, limits=Limits(answer_bytes=1_000_000)).get("/things")
        with pytest.raises(RetryAfter):
            door(base_url).get("/things")


def test_a_packing_that_was_not_asked_for_is_not_read():
    with (
        wire.answering([wire.http(200, zlib.compress(b"{}"), Content_Encoding="deflate")]) as (base_url, _),
        pytest.raises(RetryAfter),
    ):
        door(base_url).get("/things")


def test_one_connection_serves_many_requests_and_keeps_no_cookie():
    script = [wire.http(200, Set_Cookie="session=1"), b"next", wire.http(200)]
    with wire.answering(script) as (base_url, seen):
        to = door(base_url)
        to.get("/one")
        to.get("/two")
    assert len(seen) == 2
    assert b"cookie" not in seen[1].lower()


def test_chunked_answers_are_read_to_their_end():
    chunked = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n4\r\n: 1}\r\n0\r\n\r\n'
    with wire.answering([chunked, b"next", wire.http(200)]) as (base_url, seen):
        to = door(base_url)
        assert to.get("/one").body == {"a": 1}
        to.get("/two")
    assert len(seen) == 2


def test_a_redirect_is_not_followed_anywhere():
    with wire.answering([wire.http(302, Location="/elsewhere")]) as (base_url, seen):
        with pytest.raises(ContractBroken):
            door(base_url).get("/things")
        assert len(seen) == 1


def test_proxies_of_the_environment_are_not_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with wire.answering([wire.http(200)]) as (base_url, _):
        assert door(base_url).get("/things").status == 200


def test_credentials_of_the_environment_are_not_used(monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else")
    monkeypatch.setenv("NETRC", str(netrc))
    with wire.answering([wire.http(200)]) as (base_url, seen):
        door(base_url).get("/things")
    assert f"Authorization: Bearer {TOKEN}".encode() in seen[0]


@pytest.mark.parametrize(
    "base_url",
    [
        "http://api.vendor.example",
        "ftp://127.0.0.1",
        "https://user:word@api.vendor.example",
        "https://api.vendor.example/?a=1",
        "https://",
        "http://localhost.evil.example",
        "api.vendor.example",
    ],
)
def test_an_address_that_would_carry_credentials_in_the_open_is_refused(base_url):
    with pytest.raises(Misconfigured):
        door(base_url)


@pytest.mark.parametrize(
    "base_url", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "https://a.example/x/"]
)
def test_loopback_may_be_plain(base_url):
    assert base_url.rstrip("/") in repr(door(base_url))


@pytest.mark.parametrize("path", ["things", "@evil.example/", "/a b", "/a\r\nHost: evil", "\\evil"])
def test_a_path_cannot_lead_elsewhere(path):
    with pytest.raises(ContractBroken):
        door().get(path)


def test_pacing_comes_before_the_request_and_every_answer_is_noticed(vendor):
    told = []
    vendor.get(f"{BASE}/things", body=b"{}", status=429, headers={"X-MinLimit-Remaining": "0"})
    to = door(admit=lambda: told.append("admit"), noticed=lambda answer: told.append((answer.status, answer.headers)))
    with pytest.raises(RetryAfter):
        to.get("/things")
    assert told[0] == "admit"
    assert told[1][0] == 429
    assert told[1][1]["x-minlimit-remaining"] == "0"


def test_a_request_that_is_not_admitted_is_not_sent(vendor):
    def refuse():
        raise RetryAfter("the minute is used up", 12)

    with pytest.raises(RetryAfter):
        door(admit=refuse).get("/things")
    assert len(vendor.calls) == 0


def test_no_request_leaves_inside_a_unit_of_work(vendor):
    token = inside_work.set(True)
    try:
        with pytest.raises(AssertionError, match="unit of work"):
            door().get("/things")
    finally:
        inside_work.reset(token)
    assert len(vendor.calls) == 0


def test_no_token_body_or_query_is_printed(vendor):
    vendor.put(f"{BASE}/things", status=500, body=b'{"Name": "Ada Lovelace"}')
    to = door()
    with pytest.raises(OutcomeUnknown) as caught:
        write(to)
    answer = Answer(200, {"Set-Cookie": TOKEN}, {"Name": "Ada Lovelace"})
    printed = f"{to!r} {to} {caught.value!r} {caught.value} {answer!r} {answer}"
    assert "canary" not in printed
    assert "Ada" not in printed
    assert "key=1" not in printed


def test_a_token_that_breaks_its_header_is_not_printed():
    to = Door(BASE, lambda: {"Authorization": f"Bearer {TOKEN}\r\nX: y"})
    with pytest.raises(Misconfigured) as caught:
        to.get("/things")
    assert "canary" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 60),
        ({"Retry-After": "5"}, 5),
        ({"Retry-After": "-5"}, 1),
        ({"Retry-After": "0"}, 1),
        ({"Retry-After": "86400"}, 3600),
        ({"Retry-After": "9" * 400}, 3600),
        ({"Retry-After": "9" * 6000}, 60),
        ({"Retry-After": "soon"}, 60),
        ({"Retry-After": "1e3"}, 60),
        ({"Retry-After": "nan"}, 60),
        ({"Retry-After": "Mon, 23 Nov 2026 10:02:00 GMT", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"}, 120),
        ({"Retry-After": "Mon, 23 Nov 2026 09:00:00 GMT", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"}, 1),
        ({"Retry-After": "Mon, 23 Nov 2026 10:02:00 GMT"}, 60),
        ({"Retry-After": "Mon, 23 Nov 2026 10:02:00 -0000", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"}, 60),
    ],
)
def test_the_vendors_word_on_waiting_is_taken_within_bounds(headers, seconds):
    assert wait_seconds(Answer(429, headers, None)) == seconds


@pytest.mark.parametrize("place", ["P16", "P16/things"])
def test_the_failpoint_of_a_lost_answer_lies_after_the_headers_of_a_write_only(monkeypatch, vendor, place):
    monkeypatch.setattr(failpoint, "_ASKED", f"{place}:raise")
    monkeypatch.setattr(failpoint, "_RULES", {place: ("raise", 1), "P16/others": ("raise", 1)})
    monkeypatch.setattr(failpoint, "_PASSED", {})
    vendor.get(f"{BASE}/things", body=b"{}")
    vendor.put(f"{BASE}/things", body=b"{}")
    door().get("/things")
    with pytest.raises(failpoint.FailpointError, match=place):
        write(door())
