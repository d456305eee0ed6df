import hashlib
import threading

import pytest

from sandbox.server import BODY_MAX_BYTES, serve
from tests.sandbox.kit.conftest import Till
from tests.sandbox.kit.test_faults import raw


def test_a_connection_is_kept_for_the_next_request(server, client):
    client.get(f"{server.base_url}/coins")
    connection = next(iter(client.get_adapter(server.base_url).poolmanager.pools._container.values()))
    client.get(f"{server.base_url}/coins")
    assert (connection.num_connections, connection.num_requests) == (1, 2)


def test_a_chunked_body_is_read(server, client, till):
    client.post(f"{server.base_url}/coins", data=iter([b"1", b"2"]))
    assert till.coins == 12


@pytest.mark.parametrize(
    ("length", "status"), [(b"ten", b"400"), (b"-1", b"400"), (str(BODY_MAX_BYTES + 1).encode(), b"413")]
)
def test_a_body_of_unclear_or_unreasonable_length_is_refused(server, till, length, status):
    answer = raw(server, b"POST /coins HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + b"\r\n\r\n1")
    assert answer.split()[1] == status
    assert till.coins == 0


def test_a_broken_chunk_size_is_refused(server, till):
    answer = raw(server, b"POST /coins HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    assert answer.split()[1] == b"400"
    assert till.coins == 0


def test_the_vendor_gets_lower_case_header_names_and_the_raw_query(server, client):
    seen = client.get(f"{server.base_url}/coins?where=A%3D1&x", headers={"X-Thing": "Yes"}).json()
    assert seen["query"] == "where=A%3D1&x"
    assert seen["headers"]["x-thing"] == "Yes"


def test_a_request_knows_how_many_are_being_served(server, client, fault):
    fault("slow", match="POST /coins", seconds=0.5)
    other = threading.Thread(target=raw, args=(server, b"POST /coins HTTP/1.0\r\nContent-Length: 0\r\n\r\n"))
    other.start()
    while client.get(f"{server.base_url}/coins").json()["in_flight"] != 2:
        assert other.is_alive()
    other.join()
    assert client.get(f"{server.base_url}/coins").json()["in_flight"] == 1


def test_a_bug_in_a_vendor_is_a_500_that_names_it(server, client):
    answer = client.get(f"{server.base_url}/bug")
    assert answer.status_code == 500
    assert "ZeroDivisionError" in answer.text


def test_closing_ends_idle_connections_and_requests_that_hang(client):
    server = serve(Till())
    client.get(f"{server.base_url}/coins")
    client.post(f"{server.base_url}/_sandbox/faults", json={"faults": [{"fault": "hang", "seconds": 600}]})
    answers = []
    hanging = threading.Thread(target=lambda: answers.append(raw(server, b"GET /coins HTTP/1.1\r\n\r\n")))
    hanging.start()
    while not client.get(f"{server.base_url}/_sandbox/calls").json()["calls"][1:]:
        assert hanging.is_alive()
    server.close()
    hanging.join()
    assert answers == [b""]


def test_the_log_is_numbered_from_one_and_can_be_read_from_a_call_on(server, client, calls):
    for _ in range(3):
        client.post(
            f"{server.base_url}/coins",
            data=b"5",
            headers={"Idempotency-Key": "k", "Authorization": "Bearer s"},
        )
    assert [call["n"] for call in calls()] == [1, 2, 3]
    later = client.get(f"{server.base_url}/_sandbox/calls?after=2").json()["calls"]
    assert [call["n"] for call in later] == [3]
    assert later[0]["body"] == "5"
    assert later[0]["body_sha256"] == hashlib.sha256(b"5").hexdigest()
    assert later[0]["headers"]["idempotency-key"] == "k"
    assert "authorization" not in later[0]["headers"]


def test_secrets_in_bodies_never_stand_in_the_log(server, client, calls):
    client.put(
        f"{server.base_url}/t",
        data={"grant_type": "refresh_token", "refresh_token": "s1", "client_secret": "s2"},
    )
    client.put(f"{server.base_url}/t", json={"refresh_token": "s1", "access_token": "s2", "Code": "200"})
    form, value = (call["body"] for call in calls())
    assert form == "grant_type=refresh_token&refresh_token=***&client_secret=***"
    assert "s1" not in value
    assert "s2" not in value
    assert '"Code": "200"' in value


def test_the_clock_moves_by_its_offset_and_starts_at_zero(server, client, till):
    assert till.clock.offset_seconds == 0
    before = till.clock.now()
    assert client.post(f"{server.base_url}/_sandbox/clock", json={"offset_seconds": 86400}).status_code == 200
    assert 86400 <= (till.clock.now() - before).total_seconds() < 86500
    assert client.post(f"{server.base_url}/_sandbox/clock", json={"offset_seconds": "x"}).status_code == 400


def test_reset_forgets_objects_log_faults_and_offset(server, client, till, fault, calls):
    client.post(f"{server.base_url}/coins")
    fault("close")
    client.post(f"{server.base_url}/_sandbox/clock", json={"offset_seconds": 9})
    assert client.post(f"{server.base_url}/_sandbox/reset", json={"seed": 2}).status_code == 200
    assert calls() == []
    assert client.get(f"{server.base_url}/_sandbox/faults").json() == {"faults": []}
    assert client.get(f"{server.base_url}/_sandbox/state").json() == {"coins": 0}
    assert till.clock.offset_seconds == 0


def test_admin_calls_are_not_logged_and_unknown_ones_are_said_to_be(server, client, calls):
    answer = client.get(f"{server.base_url}/_sandbox/nothing")
    assert (answer.status_code, "nothing" in answer.json()["error"]) == (404, True)
    assert calls() == []


@pytest.mark.parametrize(("path", "body"), [("clock", "{"), ("reset", "[]"), ("reset", '{"seed": "x"}'), ("save", "")])
def test_an_admin_body_that_makes_no_sense_is_refused_with_a_sentence(server, client, path, body):
    answer = client.post(f"{server.base_url}/_sandbox/{path}", data=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
