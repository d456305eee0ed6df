import json
import socket

import pytest
import requests

from sandbox.server import Server


def raw(server: Server, request: bytes) -> bytes:
    """All that comes back before the connection ends; a reset counts as its end."""
    host, port = server.base_url.removeprefix("http://").split(":")
    answer = b""
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request)
        while True:
            try:
                piece = connection.recv(65536)
            except ConnectionResetError:
                return answer
            if not piece:
                return answer
            answer += piece


POST = b"POST /coins HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1"


@pytest.mark.parametrize("name", ["commit_then_close", "commit_then_hang"])
def test_a_commit_whose_answer_is_lost_is_logged_as_decided_and_not_answered(server, till, fault, calls, name):
    fault(name, seconds=0.05)
    assert raw(server, POST) == b""
    assert till.coins == 1
    (call,) = calls()
    assert (call["status"], call["answered"], call["fault"]) == (200, False, name)
    assert call["effects"] == [{"operation": "create", "kind": "coin", "id": 1}]


@pytest.mark.parametrize("name", ["close", "hang"])
def test_a_request_that_is_cut_off_before_the_work_has_no_effect_and_no_status(server, till, fault, calls, name):
    fault(name, seconds=0.05)
    assert raw(server, POST) == b""
    assert till.coins == 0
    (call,) = calls()
    assert (call["status"], call["effects"], call["answered"], call["fault"]) == (None, [], False, name)


def test_a_truncated_answer_promises_its_whole_length_and_brings_half(server, till, fault, calls):
    fault("commit_then_truncate")
    head, _, body = raw(server, POST).partition(b"\r\n\r\n")
    whole = json.dumps({"coins": 1}).encode()
    assert f"Content-Length: {len(whole)}".encode() in head
    assert body == whole[: len(whole) // 2]
    assert till.coins == 1
    assert calls()[0]["answered"] is False


def test_commit_then_500_does_the_work_and_denies_it(server, client, till, fault, calls):
    fault("commit_then_500")
    assert client.post(f"{server.base_url}/coins").status_code == 500
    assert till.coins == 1
    assert (calls()[0]["status"], calls()[0]["answered"]) == (200, False)


def test_a_malformed_answer_is_a_page_with_status_200_after_the_work(server, client, till, fault):
    fault("malformed")
    answer = client.post(f"{server.base_url}/coins")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()
    assert till.coins == 1


def test_an_empty_answer_is_200_without_a_body_after_the_work(server, client, till, fault):
    fault("empty")
    answer = client.post(f"{server.base_url}/coins")
    assert (answer.status_code, answer.content) == (200, b"")
    assert till.coins == 1


@pytest.mark.parametrize("retry_after", ["7", "-5", "soon", "99999999999", "Wed, 21 Oct 2026 07:28:00 GMT", 3])
def test_a_refusal_carries_the_headers_it_was_given_and_is_not_executed(client, server, fault, calls, retry_after):
    fault("refuse", status=429, headers={"Retry-After": retry_after})
    answer = client.post(f"{server.base_url}/coins")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, str(retry_after))
    assert answer.json() == {"error": "as the till words it"}
    (call,) = calls()
    assert (call["status"], call["answered"], call["effects"]) == (429, True, [])


def test_a_refusal_with_its_own_body_leaves_with_that_body(server, client, fault):
    fault("refuse", status=503, body="oauth_problem=rate limit exceeded")
    assert client.post(f"{server.base_url}/coins").text == "oauth_problem=rate limit exceeded"


def test_a_slow_request_is_executed_and_answered(server, client, till, fault, calls):
    fault("slow", seconds=0.05)
    assert client.post(f"{server.base_url}/coins").json() == {"coins": 1}
    assert calls()[0]["answered"] is True


def test_stale_reads_come_from_the_moment_the_fault_was_set_and_writes_do_not(server, client, fault):
    client.post(f"{server.base_url}/coins")
    fault("stale", match="* /coins", times=1)
    assert client.post(f"{server.base_url}/coins").json() == {"coins": 2}
    assert client.get(f"{server.base_url}/coins").json()["coins"] == 1
    assert client.get(f"{server.base_url}/coins").json()["coins"] == 2


def test_a_fault_skips_strikes_its_number_of_times_and_is_then_spent(server, client, fault):
    fault("refuse", match="post /COIN*", skip=1, times=2, status=401)
    statuses = [client.post(f"{server.base_url}/coins").status_code for _ in range(5)]
    assert statuses == [200, 401, 401, 200, 200]
    assert client.get(f"{server.base_url}/_sandbox/faults").json()["faults"][0]["times"] == 0


def test_faults_strike_in_the_order_they_were_set_and_only_where_they_match(server, client, fault):
    fault("refuse", status=429)
    fault("refuse", status=503)
    fault("refuse", match="GET /other", status=500)
    assert [client.post(f"{server.base_url}/coins").status_code for _ in range(3)] == [429, 503, 200]


def test_cleared_faults_strike_no_more(server, client, fault):
    fault("close", times=9)
    client.delete(f"{server.base_url}/_sandbox/faults")
    assert client.post(f"{server.base_url}/coins").status_code == 200


@pytest.mark.parametrize(
    ("wanted", "word"),
    [
        ({"fault": "explode"}, "explode"),
        ({"fault": "close", "mach": "x"}, "mach"),
        ({"fault": "close", "times": -1}, "times"),
        ({"fault": "close", "skip": "1"}, "skip"),
        ({"fault": "refuse", "status": 99}, "status"),
        ({"fault": "hang", "seconds": 10**6}, "seconds"),
        ({"fault": "refuse", "headers": "x"}, "headers"),
    ],
)
def test_a_fault_that_cannot_be_set_is_refused_with_its_reason_and_none_of_its_company_is_set(
    server, client, wanted, word
):
    answer = client.post(f"{server.base_url}/_sandbox/faults", json={"faults": [{"fault": "close"}, wanted]})
    assert answer.status_code == 400
    assert word in answer.json()["error"]
    assert client.get(f"{server.base_url}/_sandbox/faults").json() == {"faults": []}
