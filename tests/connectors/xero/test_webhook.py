import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from connectors.xero.webhook import parse, verify
from core.kinds import Kind

KEY = "xero_webhook_key_sandbox"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
EVENT = {
    "resourceUrl": "https://api.xero.com/api.xro/2.0/Contacts/717f2bfc-c6d4-41fd-b238-3f2f0c0cf777",
    "resourceId": "717f2bfc-c6d4-41fd-b238-3f2f0c0cf777",
    "eventDateUtc": "2024-06-21T01:15:39.902",
    "eventType": "UPDATE",
    "eventCategory": "CONTACT",
    "tenantId": "c2cc9b6e-9458-4c7d-93cc-f02b81b0594f",
    "tenantType": "ORGANISATION",
}
BODY = json.dumps(
    {"events": [EVENT], "firstEventSequence": 1, "lastEventSequence": 1, "entropy": "S0m3r4Nd0mt3xt"}
).encode()


def signed(body, key=KEY):
    return b64encode(hmac.new(key.encode(), body, sha256).digest()).decode()


def verdict(header, body=BODY, secrets=(KEY,)):
    return verify({"x-xero-signature": header}, body, secrets, NOW)


def test_a_genuine_signature_is_taken_with_any_current_key():
    assert verdict(signed(BODY)) is None
    assert verdict(signed(BODY, "older"), secrets=(KEY, "older")) is None


@pytest.mark.parametrize(
    "header",
    ["", "x", signed(b"other"), signed(BODY, "other key"), signed(BODY)[:-2], "é" * 44, "\udcff"],
)
def test_anything_else_is_refused(header):
    assert verdict(header) == "signature"
    assert verify({}, BODY, (KEY,), NOW) == "signature"


def test_a_wrongly_signed_intent_to_receive_is_refused_and_a_genuine_one_says_nothing():
    body = b'{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"X"}'
    assert verdict(signed(body, "wrong on purpose"), body) == "signature"
    assert verdict(signed(body), body) is None
    assert parse(body) == []


def test_an_empty_key_never_proves_anything():
    assert verdict(signed(BODY, ""), secrets=("",)) == "signature"


def test_an_event_says_what_may_have_changed():
    (told,) = parse(BODY)
    assert (told.kind, told.remote_id, told.type) == (Kind.CUSTOMER, EVENT["resourceId"], "CONTACT.UPDATE")
    assert told.account == EVENT["tenantId"]
    assert told.occurred_at == datetime(2024, 6, 21, 1, 15, 39, 902000, tzinfo=UTC)
    assert told.key == "717f2bfc-c6d4-41fd-b238-3f2f0c0cf777:2024-06-21T01:15:39.902:UPDATE:CONTACT"


@pytest.mark.parametrize(
    ("category", "kind"),
    [("INVOICE", Kind.INVOICE), ("CREDITNOTE", Kind.CREDIT_NOTE), ("SUBSCRIPTION", None), ("TOMORROW", None)],
)
def test_a_category_is_a_kind_or_needs_no_work(category, kind):
    (told,) = parse(json.dumps({"events": [{**EVENT, "eventCategory": category}]}).encode())
    assert told.kind is kind


def test_two_changes_of_one_document_have_different_keys():
    later = {**EVENT, "eventDateUtc": "2024-06-21T01:15:40.000"}
    first, second = parse(json.dumps({"events": [EVENT, later]}).encode())
    assert first.key != second.key


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"events": {}}', b'{"events": [1]}'],
)
def test_a_body_that_cannot_be_read_is_refused_with_a_reason(body):
    with pytest.raises(ValueError, match=r"\w"):
        parse(body)


@pytest.mark.parametrize("strange", [{}, {"resourceId": 5}, {**EVENT, "eventDateUtc": None}])
def test_an_event_that_cannot_be_read_is_told_as_such_beside_its_neighbours(strange):
    unreadable, readable = parse(json.dumps({"events": [strange, EVENT]}).encode())
    assert (unreadable.kind, unreadable.type) == (None, "unreadable")
    assert unreadable.problem
    assert (readable.kind, readable.problem) == (Kind.CUSTOMER, "")
