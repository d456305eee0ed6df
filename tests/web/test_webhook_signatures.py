"""Who gets in: attacks A1-A10 and A15-A16, a stranger's view of the door."""

import ast
import hmac
from hashlib import sha256
from pathlib import Path

import pytest

from core.store import schema
from worker.setup import set_webhook_secret

ROOT = Path(__file__).parents[2]


def nothing_was_stored(doors):
    return doors.rows(schema.receipt) == [] and doors.events() == [] and doors.hub.bell.rung == []


def is_the_same_page(answer):
    """401 without a word, whatever was wrong."""
    return (answer.status_code, answer.data, sorted(dict(answer.headers))) == (401, b"", ["Content-Length"])


def test_a_genuine_message_is_stored_and_answered_with_an_empty_200(doors, sign):
    body = sign.event()
    answer = doors.tell(body)
    assert (answer.status_code, answer.data) == (200, b"")
    assert doors.receipts() == [body]
    assert [(row.key, row.state) for row in doors.events()] == [("evt_1", "pending")]
    assert [(lane.kind, lane.purpose) for lane in doors.hub.bell.rung] == [("invoice", "ingest")]


def test_an_answer_sets_no_cookie_and_names_no_type(doors, sign):
    assert sorted(dict(doors.tell(sign.event()).headers)) == ["Content-Length"]
    assert not doors.client.get_cookie("session")


def flipped(header):
    return header[:-1] + ("0" if header[-1] != "0" else "1")


WRONG = {
    "none": lambda good, body: "",
    "another key's": lambda good, body: sign_with(b"whsec_sandbox_other", good, body),
    "one digit changed": lambda good, body: flipped(good),
    "upper-case digits": lambda good, body: good.upper().replace("T=", "t=").replace("V1=", "v1="),
    "too short": lambda good, body: good[:-2],
    "too long": lambda good, body: good + "00",
    "base64": lambda good, body: good.split("v1=")[0] + "v1=q83vEjRWeJA=",
    "not ASCII": lambda good, body: good.split("v1=")[0] + "v1=ä\xff",
    "10 kB": lambda good, body: good.split("v1=")[0] + "v1=" + "a" * 10_000,
    "several, all wrong": lambda good, body: good.split(",")[0] + ",v1=00" * 20,
    "the test scheme alone": lambda good, body: good.replace("v1=", "v0="),
    "no time": lambda good, body: good.split(",")[1],
    "an empty time": lambda good, body: "t=," + good.split(",")[1],
    "a time in words": lambda good, body: "t=noon," + good.split(",")[1],
    "a negative time": lambda good, body: "t=-1795000000," + good.split(",")[1],
    "the year 30 billion": lambda good, body: f"t={10**18}," + good.split(",")[1],
    "digits that are not ASCII": lambda good, body: "t=" + "\N{SUPERSCRIPT TWO}" * 3 + "," + good.split(",")[1],
    "an unsigned key": lambda good, body: sign_with(b"", good, body),
    "not a list at all": lambda good, body: "genuine",
}


def sign_with(secret, good, body):
    stamp = good.split(",")[0].removeprefix("t=")
    return f"t={stamp},v1={hmac.new(secret, stamp.encode() + b'.' + body, sha256).hexdigest()}"


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_a_signature_that_is_not_genuine_gets_nothing_but_401(doors, sign, wrong):
    body = sign.event()
    header = wrong(sign.stripe(body), body)
    # WSGI carries header bytes as Latin-1
    answer = doors.tell(body, header.encode().decode("latin-1"))
    assert is_the_same_page(answer)
    assert nothing_was_stored(doors)


def test_a_signature_of_another_body_is_refused(doors, sign):
    assert is_the_same_page(doors.tell(sign.event(remote_id="in_2"), sign.stripe(sign.event())))
    assert nothing_was_stored(doors)


def test_another_tenants_genuine_signature_is_refused(doors, sign):
    body = sign.event()
    answer = doors.client.post(doors.xero, data=body, headers={"Stripe-Signature": sign.stripe(body)})
    assert is_the_same_page(answer)


@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/stripe/01JZZZZZZZZZZZZZZZZZZZZZZZ",
        "/webhooks/nobody/01JZZZZZZZZZZZZZZZZZZZZZZZ",
        "/webhooks/stripe/x",
        "/webhooks/stripe/%00",
        "/webhooks/stripe/%ff%fe",
        "/webhooks/stripe/' OR 1=1 --",
    ],
)
def test_an_unknown_door_looks_like_a_wrong_signature(doors, sign, path):
    body = sign.event()
    assert is_the_same_page(doors.client.post(path, data=body, headers={"Stripe-Signature": sign.stripe(body)}))


def test_one_vendors_message_at_another_vendors_door_of_the_same_app_is_refused(doors, sign):
    body = b'{"events": []}'
    swapped = doors.xero.replace("/xero/", "/stripe/")
    answer = doors.client.post(swapped, data=body, headers={"x-xero-signature": sign.xero(body)})
    assert is_the_same_page(answer)


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 5_000_000, 50_000_000])
def test_an_oversized_message_says_the_same_at_a_known_and_at_an_unknown_door(doors, size):
    answers = [
        doors.client.post(path, data=b"x" * size)
        for path in (doors.stripe, "/webhooks/stripe/01JZZZZZZZZZZZZZZZZZZZZZZZ")
    ]
    assert [(one.status_code, one.data) for one in answers] == [(413, b"")] * 2
    assert nothing_was_stored(doors)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_a_door_takes_post_and_nothing_else(doors, method):
    answer = doors.client.open(doors.stripe, method=method)
    assert (answer.status_code, answer.data, answer.headers["Allow"]) == (405, b"", "POST")


def test_an_empty_body_is_refused_unless_it_is_signed(doors):
    assert is_the_same_page(doors.tell(b"", ""))
    assert doors.tell(b"").status_code == 200
    assert [row.state for row in doors.events()] == ["parked"]


def test_a_captured_message_played_again_within_the_tolerance_has_one_effect(doors, sign):
    body = sign.event()
    header = sign.stripe(body)
    assert {doors.tell(body, header).status_code for _ in range(20)} == {200}
    assert len(doors.events()) == 1


@pytest.mark.parametrize("late", [-86_400, -361, 361, 86_400])
def test_a_genuine_message_outside_the_tolerance_is_not_stored_but_may_come_again(doors, sign, late, caplog):
    body = sign.event()
    answer = doors.tell(body, sign.stripe(body, late=late))
    assert (answer.status_code, answer.data, answer.headers["Retry-After"]) == (503, b"", "30")
    assert nothing_was_stored(doors)
    assert "check this machine's clock" in caplog.text


@pytest.mark.parametrize("first", ["theirs", "ours"])
def test_while_a_secret_is_changed_no_message_is_refused_whoever_changes_it_first(doors, sign, first):
    """Stripe: while a secret is rolled there, every message carries a signature of the old and one of the new."""
    old, new = "whsec_sandbox_now", "whsec_sandbox_new"
    body = sign.event()
    if first == "theirs":
        rolled, signatures = sign.stripe(body, secret=new), sign.stripe(body, secret=old).partition(",")[2]
        assert doors.tell(body, f"{rolled},{signatures}").status_code == 200
    else:
        set_webhook_secret(doors.hub.store, doors.workspace_id, "Stripe", new)
        assert doors.tell(body, sign.stripe(body, secret=old)).status_code == 200
        assert doors.tell(body, sign.stripe(body, secret=new)).status_code == 200
    assert len(doors.events()) == 1


def comparisons_of_secrets(source):
    """Names of what is compared with == or in, where the names say that it is a secret or derived from one."""
    telling = {"signature", "signatures", "secret", "secrets", "expected", "digest", "given", "token", "api_key"}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            sides = [node.left, *node.comparators]
            if any(isinstance(side, ast.Constant) for side in sides):
                continue
            names = {one.id for side in sides for one in ast.walk(side) if isinstance(one, ast.Name)}
            yield from names & telling


def test_the_search_for_careless_comparisons_finds_one():
    assert set(comparisons_of_secrets("if expected != header[0]: pass")) == {"expected"}


@pytest.mark.parametrize("path", ["web/webhooks.py", "connectors/stripe/webhook.py", "connectors/xero/webhook.py"])
def test_signatures_are_only_compared_in_constant_time(path):
    source = (ROOT / path).read_text()
    assert list(comparisons_of_secrets(source)) == []
    if path.startswith("connectors/"):
        assert "hmac.compare_digest(" in source
