import hmac
import json
import os
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from connectors.stripe import STRIPE
from connectors.stripe.events import EVENTS
from connectors.stripe.webhook import parse, verify
from core.kinds import Kind

SECRET = "whsec_sandbox_now"
OLD = "whsec_sandbox_before"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BODY = b'{"id": "evt_1"}'


def signed(body=BODY, secret=SECRET, at=NOW, scheme="v1"):
    stamp = str(int(at.timestamp()))
    signature = hmac.new(secret.encode(), stamp.encode() + b"." + body, sha256).hexdigest()
    return f"t={stamp},{scheme}={signature}"


def verdict(header, body=BODY, secrets=(SECRET, OLD)):
    return verify({"stripe-signature": header}, body, secrets, NOW)


def test_a_genuine_signature_is_taken_with_the_current_and_with_the_previous_secret():
    assert verdict(signed()) is None
    assert verdict(signed(secret=OLD)) is None
    assert verdict(signed(secret="whsec_sandbox_other")) == "signature"


def test_one_of_several_signatures_is_enough():
    other = signed(secret="whsec_sandbox_other").partition(",")[2]
    assert verdict(signed().replace(",", f",{other},", 1)) is None


def test_the_test_scheme_proves_nothing():
    assert verdict(signed(scheme="v0")) == "signature"


@pytest.mark.parametrize("minutes", [-6, 6, 60 * 24])
def test_a_genuine_signature_of_another_time_is_told_apart(minutes):
    assert verdict(signed(at=NOW + timedelta(minutes=minutes))) == "time"


@pytest.mark.parametrize("seconds", [-300, 300])
def test_five_minutes_are_tolerated(seconds):
    assert verdict(signed(at=NOW + timedelta(seconds=seconds))) is None


def test_a_changed_body_or_moment_is_not_genuine():
    assert verdict(signed(), BODY + b" ") == "signature"
    later = str(int(NOW.timestamp()) + 1)
    assert verdict(signed().replace(str(int(NOW.timestamp())), later)) == "signature"


def test_an_empty_secret_never_proves_anything():
    assert verdict(signed(secret=""), secrets=("", SECRET)) == "signature"
    assert verdict(signed(), secrets=()) == "signature"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=",
        "v1=",
        "t=1,v1=",
        "t=-1,v1=00",
        "t=1e9,v1=00",
        "t=" + "9" * 18 + ",v1=00",
        "t=٣,v1=00",
        "=,=,=",
        "t=1,v1=" + "é" * 10,
        "t=1,v1=\udcff",
        "," * 10_000,
        "x" * 10_000,
    ],
)
def test_a_strange_header_is_refused_without_a_crash(header):
    assert verdict(header) == "signature"


def test_no_header_is_no_signature():
    assert verify({}, BODY, [SECRET], NOW) == "signature"


def event(event_type, changed, **fields):
    return json.dumps({"id": "evt_1", "type": event_type, "created": 1768460400, "data": {"object": changed}, **fields})


@pytest.mark.parametrize(
    ("event_type", "changed", "kind", "remote_id"),
    [
        ("customer.updated", {"id": "cus_1"}, Kind.CUSTOMER, "cus_1"),
        ("invoice.paid", {"id": "in_1"}, Kind.INVOICE, "in_1"),
        ("price.deleted", {"id": "price_1"}, Kind.PRICE, "price_1"),
        ("invoice_payment.paid", {"id": "inpay_1", "payment": {"payment_intent": "pi_1"}}, Kind.PAYMENT, "pi_1"),
        ("invoice_payment.paid", {"payment": {"payment_intent": {"id": "pi_1"}}}, Kind.PAYMENT, "pi_1"),
        ("invoice_payment.paid", {"payment": {"charge": "ch_1"}}, Kind.PAYMENT, "ch_1"),
        ("invoice_payment.paid", {"id": "inpay_1", "payment": {"payment_record": "prec_1"}}, None, ""),
        ("charge.succeeded", {"id": "ch_1", "payment_intent": "pi_1"}, Kind.PAYMENT, "pi_1"),
        ("charge.updated", {"id": "ch_1", "payment_intent": None}, Kind.PAYMENT, "ch_1"),
        ("payment_intent.succeeded", {"id": "pi_1"}, Kind.PAYMENT, "pi_1"),
        ("invoice.upcoming", {"object": "invoice"}, None, ""),
        ("customer.subscription.updated", {"id": "sub_1"}, Kind.SUBSCRIPTION, "sub_1"),
        ("coupon.deleted", {"id": "SPRING"}, Kind.COUPON, "SPRING"),
        ("promotion_code.created", {"id": "promo_1"}, Kind.PROMOTION_CODE, "promo_1"),
        ("credit_note.voided", {"id": "cn_1", "refunds": []}, Kind.CREDIT_NOTE, "cn_1"),
        ("refund.failed", {"id": "re_1"}, Kind.REFUND, "re_1"),
        ("charge.refund.updated", {"id": "re_1"}, Kind.REFUND, "re_1"),
        ("charge.refunded", {"id": "ch_1", "payment_intent": "pi_1"}, Kind.PAYMENT, "pi_1"),
        ("a.type.of.tomorrow", {"id": "x"}, None, ""),
        ("invoice.paid", {}, None, ""),
    ],
)
def test_an_event_says_what_may_have_changed(event_type, changed, kind, remote_id):
    (told,) = parse(event(event_type, changed, account="acct_1").encode())
    assert (told.kind, told.remote_id, told.key, told.type) == (kind, remote_id, "evt_1", event_type)
    assert told.account == "acct_1"
    assert told.occurred_at == datetime.fromtimestamp(1768460400, UTC)


def test_a_credit_note_may_explain_refunds_that_were_made_before():
    paying_out = {"id": "cn_1", "refunds": [{"refund": "re_1"}, {"refund": {"id": "re_2"}}, {"refund": None}]}
    told = parse(event("credit_note.created", paying_out).encode())
    assert [(one.key, one.kind, one.remote_id) for one in told] == [
        ("evt_1", Kind.CREDIT_NOTE, "cn_1"),
        ("evt_1:re_1", Kind.REFUND, "re_1"),
        ("evt_1:re_2", Kind.REFUND, "re_2"),
    ]


def test_a_second_attempt_to_tell_an_event_says_the_same():
    first, second = (
        parse(event("invoice.paid", {"id": "in_1"}, pending_webhooks=count).encode())[0] for count in (2, 1)
    )
    assert first == second
    (other,) = parse(event("invoice.paid", {"id": "in_1", "total": 1}, pending_webhooks=1).encode())
    assert other.content != first.content


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b"1",
        b'{"id": 1, "type": "x"}',
        b'{"id": "evt_1"}',
        b"[" * 100_000,
        b'{"id": NaN}',
        b'{"id": "evt_1", "type": "invoice.paid", "data": []}',
        b'{"id": "a", "id": "b", "type": "x"}',
    ],
)
def test_a_body_that_is_no_event_is_refused_with_a_reason(body):
    with pytest.raises(ValueError, match=r"\w"):
        parse(body)


def test_every_type_is_one_of_stripes_and_every_kind_is_told_of():
    folder = Path(os.environ.get("SUBLEDGER_CONTRACTS", Path(__file__).parents[4] / "shared" / "contracts"))
    contract = folder / "stripe" / "stripe_contract_2026-10-28.endive.derived.json"
    if not contract.exists():
        pytest.skip(f"the contract files are not at {folder}")
    known = json.loads(contract.read_text())["components"]["schemas"]["Event"]["properties"]["type"]["enum"]
    assert set(EVENTS) <= set(known)
    # no event tells of a balance transaction
    assert {kind for kind, _ in EVENTS.values()} == set(STRIPE.reads) - {Kind.BALANCE_TRANSACTION}
