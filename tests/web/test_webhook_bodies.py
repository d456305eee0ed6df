"""What is in the message: whatever a vendor has signed is kept byte for byte and answered with 200."""

import gzip
import json

import pytest

from core.store import schema

SIGNED_BUT_STRANGE = {
    "not JSON": b"{",
    "empty": b"",
    "a list": b"[]",
    "an object without anything": b"{}",
    "null": b"null",
    "a number": b"1",
    "nested 100,000 deep": b"[" * 100_000,
    "nested 100,000 deep in objects": b'{"a":' * 100_000,
    "the same name twice": b'{"id": "evt_1", "id": "evt_2", "type": "invoice.paid"}',
    "NaN": b'{"id": "evt_1", "type": "invoice.paid", "created": NaN}',
    "Infinity": b'{"id": "evt_1", "type": "invoice.paid", "created": Infinity}',
    "1e400": b'{"id": "evt_1", "type": "invoice.paid", "created": 1e400}',
    "5,000 digits": b'{"id": "evt_1", "type": "invoice.paid", "created": ' + b"9" * 5000 + b"}",
    "a byte order mark": b'\xef\xbb\xbf{"id": "evt_1"}',
    "not UTF-8": b'{"id": "\xff\xfe"}',
    "UTF-16": '{"id": "evt_1"}'.encode("utf-16"),
    "an id that is a number": b'{"id": 1, "type": "invoice.paid"}',
    "a list where an object was": b'{"id": "evt_1", "type": "invoice.paid", "data": {"object": []}}',
    "compressed": gzip.compress(b'{"id": "evt_1", "type": "invoice.paid"}'),
}


@pytest.mark.parametrize("body", SIGNED_BUT_STRANGE.values(), ids=SIGNED_BUT_STRANGE.keys())
def test_a_signed_body_that_cannot_be_read_is_kept_whole_and_parked_with_the_reason(doors, body):
    assert doors.tell(body).status_code == 200
    assert doors.receipts() == [body]
    assert [row.readable for row in doors.rows(schema.receipt)] == [False]
    (parked,) = doors.events()
    assert (parked.state, parked.reason_code) == ("parked", "unreadable_body")
    assert parked.reason_params["connection"] == "stripe"
    assert parked.reason_params["problem"]
    assert doors.hub.bell.rung == []


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800", "\\udc00\\ud800", "\N{CRAB}", "\N{RIGHT-TO-LEFT OVERRIDE}"])
def test_text_that_no_database_can_hold_does_not_keep_an_event_out(doors, sign, text):
    body = sign.event().replace(b'"object": "event"', f'"object": "{text}"'.encode())
    assert doors.tell(body).status_code == 200
    assert doors.receipts() == [body]
    assert [row.state for row in doors.events()] == ["pending"]


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800"])
def test_an_id_that_no_database_can_hold_is_still_stored(doors, sign, text):
    body = sign.event(event_id="EVENT", remote_id="REMOTE").replace(b"EVENT", text.encode())
    assert doors.tell(body.replace(b"REMOTE", text.encode())).status_code == 200
    assert [row.key for row in doors.events()] == ["\N{REPLACEMENT CHARACTER}"]


def test_a_compressed_message_is_never_unpacked(doors):
    bomb = gzip.compress(b"0" * 50_000_000)
    assert doors.tell(bomb, **{"Content-Encoding": "gzip"}).status_code == 200
    assert doors.receipts() == [bomb]
    assert doors.tell(bomb, "", **{"Content-Encoding": "gzip"}).status_code == 401


def test_the_raw_bytes_are_what_is_signed(doors, sign):
    body = sign.event()
    same_meaning = json.dumps(json.loads(body), indent=1).encode()
    assert doors.tell(same_meaning, sign.stripe(body)).status_code == 401
    assert doors.tell(same_meaning).status_code == 200
    assert doors.receipts() == [same_meaning]


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data", "", "a/b; x=ä"])
def test_what_the_body_is_said_to_be_changes_nothing(doors, sign, content_type):
    body = sign.event()
    assert doors.tell(body, **{"Content-Type": content_type}).status_code == 200
    assert doors.receipts() == [body]


def test_a_body_of_exactly_the_limit_is_taken_and_one_byte_more_is_not(doors):
    assert doors.tell(b" " * 1024 * 1024).status_code == 200
    assert doors.tell(b" " * (1024 * 1024 + 1)).status_code == 413
    assert len(doors.rows(schema.receipt)) == 1


@pytest.mark.parametrize("given", [None, {}, {"object": None}, {"object": {"id": None}}])
def test_an_event_that_names_no_object_is_kept_and_needs_no_work(doors, sign, given):
    body = sign.event(data=given)
    assert doors.tell(body).status_code == 200
    assert doors.receipts() == [body]
    assert [row.state for row in doors.events()] == ["ignored"]


@pytest.mark.parametrize("kind", ["sunshine", "invoice.", "billing_portal.session"])
def test_an_event_of_an_unknown_type_is_kept_and_needs_no_work(doors, sign, kind):
    assert doors.tell(sign.event(kind=kind)).status_code == 200
    assert [row.state for row in doors.events()] == ["ignored"]
    assert doors.hub.bell.rung == []


def test_an_event_with_unknown_fields_is_an_event(doors, sign):
    assert doors.tell(sign.event(pending_webhooks=None, new_in_2031={"deep": [1, 2.5]})).status_code == 200
    assert [row.state for row in doors.events()] == ["pending"]


def test_a_known_id_with_other_contents_is_kept_beside_the_first(doors, sign):
    doors.tell(sign.event())
    doors.tell(sign.event(remote_id="in_2"))
    assert [(row.key.partition("#")[0], row.state) for row in doors.events()] == [
        ("evt_1", "pending"),
        ("evt_1", "parked"),
    ]
    assert doors.events()[1].reason_code == "same_id_other_body"


def xero_events(*tenants):
    return json.dumps(
        {
            "events": [
                {
                    "resourceId": f"invoice-{number}",
                    "tenantId": tenant,
                    "eventCategory": "INVOICE",
                    "eventType": "UPDATE",
                    "eventDateUtc": "2026-11-23T12:00:00.000",
                }
                for number, tenant in enumerate(tenants)
            ]
        }
    ).encode()


def test_events_of_an_account_that_is_not_connected_are_parked_and_their_neighbours_go_on(doors):
    assert doors.tell_xero(xero_events("tenant-1", "tenant-2", "tenant-1")).status_code == 200
    assert [(row.remote_id, row.state, row.reason_code) for row in doors.events()] == [
        ("invoice-0", "pending", None),
        ("invoice-1", "parked", "foreign_account"),
        ("invoice-2", "pending", None),
    ]
    assert len(doors.hub.bell.rung) == 1


def test_xeros_intent_to_receive_is_answered_by_signature_alone(doors):
    body = b'{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"S0m3r4nd0mt3xt"}'
    good = doors.tell_xero(body)
    answers = [good, doors.tell_xero(body, "bm90IGdlbnVpbmU="), doors.tell_xero(body, ""), doors.tell_xero(body)]
    assert [one.status_code for one in answers] == [200, 401, 401, 200]
    for answer in answers:
        assert (answer.data, sorted(dict(answer.headers))) == (b"", ["Content-Length"])
    assert doors.events() == []
