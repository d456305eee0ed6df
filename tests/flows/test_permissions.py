"""A key that may not read everything: one sentence for a person, nothing lost, and on by itself once it may."""

import json
from collections import Counter

import pytest

from core.store import schema
from worker.pull import WHOLE_EVERY

REST_SECONDS = 600
MISSING = {
    "error": {
        "type": "invalid_request_error",
        "message": "The provided key 'rk_test_****7Kgd' does not have the required permissions for this endpoint on "
        "account 'acct_1'. Having the 'rak_coupon_read' permission would allow this request to continue.",
    }
}
SENTENCE = (
    "Stripe does not let our key read coupons. Give the key the permission rak_coupon_read there; what waits goes on "
    "by itself within minutes, and nothing is lost."
)


def forbid(outside, path, times=99, body=MISSING):
    fault = {"fault": "refuse", "status": 403, "times": times, "body": json.dumps(body)}
    outside.fail("stripe", {"match": f"GET {path}", **fault})


def asked(outside):
    return Counter(call["path"] for call in outside.calls("stripe"))


@pytest.fixture
def coupon(outside):
    return outside.stripe.create("coupons", percent_off=15, duration="forever")["id"]


def test_a_list_that_the_key_may_not_read_is_told_once_and_read_when_it_may(hub, outside, coupon):
    outside.trade()
    hub.pull()
    assert outside.agree()
    hub.clock.sleep(WHOLE_EVERY.total_seconds() + 1)
    outside.sell()
    forbid(outside, "/v1/coupons")
    hub.pull()
    stripe = hub.connection("Stripe")
    assert (stripe.state, stripe.pause_sentence) == ("active", SENTENCE)
    assert hub.open_work() == {}, "the documents do not wait for it"
    assert outside.agree()
    hub.pull()
    assert asked(outside)["/v1/coupons"] == 1, "it is left alone for a while"
    hub.clock.sleep(REST_SECONDS)
    hub.pull()
    assert asked(outside)["/v1/coupons"] == 2
    assert hub.connection("Stripe").pause_sentence == SENTENCE
    outside.mend()
    hub.clock.sleep(REST_SECONDS)
    hub.pull()
    assert hub.connection("Stripe").pause_sentence == ""
    assert coupon in {row.origin_id for row in hub.rows(schema.record, schema.record.c.origin_id)}
    assert asked(outside)["/v1/invoices"] == 1 + 1, "the reading goes on where it was"
    assert asked(outside)["/v1/customers"] == 1
    assert (hub.open_work(), hub.sentences()) == ({}, [])


def test_an_event_about_what_the_key_may_not_read_waits_and_is_not_parked(hub, outside, coupon):
    forbid(outside, "/v1/coupons/*")
    hub.tell_all()
    hub.work(until=lambda: hub.connection("Stripe").pause_sentence)
    assert hub.connection("Stripe").pause_sentence == SENTENCE
    assert hub.open_work() == {"event pending": 1}
    outside.mend()
    hub.clock.sleep(REST_SECONDS)
    hub.work()
    assert (hub.open_work(), hub.connection("Stripe").pause_sentence) == ({}, "")
    assert coupon in {row.origin_id for row in hub.rows(schema.record, schema.record.c.origin_id)}


def test_where_stripe_does_not_name_the_permission_the_list_is_named(hub, outside):
    forbid(outside, "/v1/balance_transactions", body={})
    hub.pull()
    sentence = hub.connection("Stripe").pause_sentence
    assert sentence.startswith("Stripe does not let our key read balance transactions. Give the key that permission")
