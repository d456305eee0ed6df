import base64
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml
from jsonschema import Draft202012Validator

from sandbox.kit import Clock
from sandbox.post import Answer
from sandbox.xero import Xero, courier
from sandbox.xero.rows import Contact
from sandbox.xero.rules import Rules
from sandbox.xero.table import Change
from sandbox.xero.webhooks import RETRY_SECONDS, Webhooks
from tests.sandbox.xero import contract
from tests.sandbox.xero.conftest import line
from tests.sandbox.xero.test_credits import credit_note

KEY = "xero_sandbox_webhook_key"
DAY = 86_400


class Receiver:
    """What listens for webhooks: checks signatures as a good one does, unless told to behave badly."""

    def __init__(self):
        self.posts = []
        self.status = None
        self.body = b""
        self.cookie = False
        self.arrived = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                digest = hmac.new(KEY.encode(), body, hashlib.sha256).digest()
                right = base64.b64encode(digest).decode() == self.headers["x-xero-signature"]
                with receiver.arrived:
                    receiver.posts.append((right, json.loads(body)))
                    receiver.arrived.notify_all()
                # the next one may come as soon as this one is answered
                status = receiver.status or (200 if right else 401)
                self.send_response(status)
                if receiver.cookie:
                    self.send_header("Set-Cookie", "a=b")
                self.send_header("Content-Length", str(len(receiver.body)))
                self.end_headers()
                self.wfile.write(receiver.body)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/hook"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def wait_for(self, count):
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.posts) >= count, timeout=20), self.posts
            return self.posts

    def events(self):
        return [event for _, body in self.posts for event in body["events"]]

    def close(self):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def log(client):
    return lambda: client.session.get(f"{client.base_url}/_sandbox/deliveries", timeout=30).json()


@pytest.fixture
def until(log):
    """Waits until the delivery log says so; bounded."""

    def wait(holds):
        ticks = threading.Event()
        for _ in range(400):
            if holds(log()):
                return log()
            ticks.wait(0.05)
        raise AssertionError(log())

    return wait


@pytest.fixture
def subscribed(client, receiver, until):
    def subscribe(**fields):
        client.admin("webhook", {"url": receiver.url, **fields})
        until(lambda told: told["subscription"]["status"] != "VALIDATING")

    return subscribe


def test_the_intent_to_receive_is_tested_with_right_and_wrong_signatures(subscribed, receiver, log):
    subscribed()
    assert [right for right, _ in receiver.posts] == [True, False, False, True]
    assert {
        (len(body["events"]), body["firstEventSequence"], body["lastEventSequence"]) for _, body in receiver.posts
    } == {(0, 0, 0)}
    assert log()["subscription"]["status"] == "ENABLED"
    assert [(one["status"], one["intent"]) for one in log()["deliveries"]] == [
        (200, True),
        (401, True),
        (401, True),
        (200, True),
    ]


@pytest.mark.parametrize("fault", [{"status": 200}, {"status": 500}, {"body": b"ok"}, {"cookie": True}])
def test_a_receiver_that_does_not_answer_as_xero_wants_fails_its_intent(invoiced, receiver, log, subscribed, fault):
    vars(receiver).update(fault)
    subscribed()
    assert log()["subscription"]["status"] == "INTENT_FAILED"
    invoiced()
    assert log()["waiting"] == 0
    vars(receiver).update(status=None, body=b"", cookie=False)
    subscribed()
    assert (log()["subscription"]["status"], receiver.events()) == ("ENABLED", [])


def test_events_tell_what_changed_by_id_alone(client, invoiced, receiver, subscribed, tenant):
    subscribed()
    row = invoiced()
    right, body = receiver.wait_for(5)[4]
    assert right
    assert [(one["eventCategory"], one["eventType"]) for one in body["events"]] == [
        ("CONTACT", "CREATE"),
        ("INVOICE", "CREATE"),
    ]
    event = body["events"][1]
    assert (event["resourceId"], event["tenantId"], event["tenantType"]) == (
        row["InvoiceID"],
        tenant,
        "ORGANISATION",
    )
    assert event["resourceUrl"] == f"https://api.xero.com/api.xro/2.0/Invoices/{row['InvoiceID']}"
    assert (body["firstEventSequence"], body["lastEventSequence"]) == (1, 2)
    assert len(event["eventDateUtc"]) == len("2024-06-21T01:15:39.902")


def test_a_payment_shows_as_an_update_of_its_invoice(client, invoiced, receiver, subscribed):
    row = invoiced()
    subscribed()
    body = {
        "Invoice": {"InvoiceID": row["InvoiceID"]},
        "Account": {"Code": "1200"},
        "Date": "2026-03-05",
        "Amount": 1,
    }
    client.ok("PUT", "/Payments", body)
    (event,) = receiver.wait_for(5)[4][1]["events"]
    assert (event["eventCategory"], event["eventType"], event["resourceId"]) == (
        "INVOICE",
        "UPDATE",
        row["InvoiceID"],
    )


def test_a_credit_note_tells_its_type_and_status(client, receiver, subscribed):
    client.ok("PUT", "/Contacts", {"Name": "Ada Lovelace"})
    subscribed()
    client.ok("PUT", "/CreditNotes", credit_note())
    (event,) = receiver.wait_for(5)[4][1]["events"]
    assert (event["eventCategory"], event["data"]) == (
        "CREDITNOTE",
        {"Type": "ACCRECCREDIT", "Status": "AUTHORISED"},
    )


def test_a_merge_is_told_as_an_update_of_both_contacts(client, invoiced, receiver, subscribed):
    ada = invoiced(Contact={"Name": "Ada"})["Contact"]["ContactID"]
    bob = client.ok("PUT", "/Contacts", {"Name": "Bob"})["ContactID"]
    subscribed()
    client.admin("merge_contacts", {"contacts": [ada], "into": bob})
    receiver.wait_for(5)
    told = [(one["eventCategory"], one["eventType"], one["resourceId"]) for one in receiver.events()]
    assert told == [("CONTACT", "UPDATE", ada), ("CONTACT", "UPDATE", bob)]


def test_reads_refusals_and_other_kinds_make_no_events(client, receiver, subscribed, log):
    subscribed()
    client.ok("GET", "/Invoices")
    client.refused("PUT", "/Contacts", {"Name": ""})
    client.ok("PUT", "/Items", {"Code": "a"})
    client.ok("PUT", "/Contacts", {"Name": "Last"})
    posts = receiver.wait_for(5)
    assert [event["eventCategory"] for event in receiver.events()] == ["CONTACT"]
    assert posts[4][1]["lastEventSequence"] == 1


def test_a_failed_delivery_is_repeated_until_it_is_taken(client, receiver, subscribed, until):
    subscribed(retry_seconds=[0.05])
    receiver.status = 500
    client.ok("PUT", "/Contacts", {"Name": "Ada"})
    receiver.wait_for(6)
    receiver.status = None
    told = until(lambda told: told["waiting"] == 0 and told["deliveries"][-1]["status"] == 200)
    attempts = [one["attempt"] for one in told["deliveries"][4:]]
    assert attempts == list(range(1, len(attempts) + 1))
    assert len({one["body"] for one in told["deliveries"][4:]}) == 1


def test_retries_wait_on_the_sandbox_clock_and_end_after_a_day_with_the_subscription(
    client, receiver, subscribed, until, log
):
    subscribed(retry_seconds=[3600])
    receiver.status = 503
    client.ok("PUT", "/Contacts", {"Name": "Ada"})
    receiver.wait_for(5)
    until(lambda told: told["waiting"] == 1)
    client.admin("clock", {"offset_seconds": DAY + 60})
    until(lambda told: told["subscription"]["status"] == "DISABLED")
    assert log()["waiting"] == 0
    client.admin("clock", {"offset_seconds": 0})
    client.ok("PUT", "/Contacts", {"Name": "Bob"})
    receiver.status = None
    subscribed()
    client.ok("PUT", "/Contacts", {"Name": "Cyd"})
    posts = receiver.wait_for(11)
    assert posts[10][1]["firstEventSequence"] == 3  # the second event went to nobody, and its number shows it


def test_retries_come_ever_more_rarely():
    clock = Clock()
    webhooks = Webhooks(clock)
    webhooks.subscribe("http://127.0.0.1:1/", KEY, RETRY_SECONDS)
    while (intent := webhooks.take_due()) is not None:
        webhooks.answered(intent, Answer(200 if intent.signed_rightly else 401), webhooks.subscription)
    ledger = Xero(clock).ledger
    change = Change(ledger.contacts, None, Contact("1", ledger.now(), "Ada"))
    webhooks.notice([change], "tenant", Rules())
    waits = []
    for _ in range(6):
        webhooks.answered(webhooks.take_due(), Answer(500), webhooks.subscription)
        waits.append(round(webhooks.seconds_to_next()))
        clock.move_to_offset(clock.offset_seconds + waits[-1] + 1)
    assert waits == sorted(set(waits))


def test_an_answer_is_waited_for_for_five_seconds(client, subscribed, monkeypatch, until):
    subscribed(retry_seconds=[3600])
    patience = []

    def slow(url, body, headers, seconds_max):
        patience.append(seconds_max)
        return Answer(None, "too slow")

    monkeypatch.setattr(courier, "post", slow)
    client.ok("PUT", "/Contacts", {"Name": "Ada"})
    until(lambda told: told["waiting"] == 1 and len(told["deliveries"]) == 5)
    assert patience == [5]


def test_a_right_signature_that_is_answered_with_an_error_counts_as_failed_not_as_wrong(
    client, receiver, subscribed, until
):
    subscribed(retry_seconds=[0.05])
    receiver.status = 401
    client.ok("PUT", "/Contacts", {"Name": "Ada"})
    until(lambda told: sum(one["status"] == 401 for one in told["deliveries"][4:]) >= 2)


def test_nobody_listening_is_a_problem_that_is_told(client, receiver, subscribed, until):
    subscribed(retry_seconds=[3600])
    receiver.http.shutdown()
    receiver.http.socket.close()
    client.ok("PUT", "/Contacts", {"Name": "Ada"})
    told = until(lambda told: len(told["deliveries"]) == 5)
    assert told["deliveries"][4]["status"] is None
    assert told["deliveries"][4]["problem"]


@pytest.mark.parametrize(("fault", "posts"), [("drop", 0), ("duplicate", 2), ("delay", 1), ("reorder", 1)])
def test_webhooks_go_wrong_as_the_faults_say(client, receiver, subscribed, fault, posts):
    subscribed()
    wanted = {"webhook": "CONTACT.*", "fault": fault, "seconds": 0.2}
    client.admin("faults", {"faults": [wanted]})
    client.ok("PUT", "/Contacts", {"Name": "Ada"})
    client.ok("PUT", "/Contacts", {"Name": "Bob"})
    firsts = [body["firstEventSequence"] for _, body in receiver.wait_for(4 + posts + 1)[4:]]
    assert firsts.count(1) == posts
    assert firsts.count(2) == 1
    if fault in {"delay", "reorder"}:
        assert firsts == [2, 1]


@pytest.mark.parametrize(
    "wanted",
    [{}, {"url": "https://example.com"}, {"url": "http://127.0.0.1:1/", "signing_key": ""}, {"url": 5}],
)
def test_a_subscription_that_makes_no_sense_is_refused(client, wanted):
    answer = client.session.post(f"{client.base_url}/_sandbox/webhook", json=wanted, timeout=30)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_the_subscription_and_what_waits_survive_a_restart(client, receiver, subscribed, until, xero):
    subscribed(retry_seconds=[3600])
    receiver.status = 500
    client.ok("PUT", "/Contacts", {"Name": "Ada"})
    until(lambda told: told["waiting"] == 1)
    state = json.loads(json.dumps(xero.state()))
    xero.restore(state)
    assert xero.state() == state
    assert state["webhooks"]["subscription"]["status"] == "ENABLED"


@pytest.mark.skipif(not contract.PRESENT, reason="Xero's contract files are not here (SUBLEDGER_CONTRACTS)")
def test_what_is_sent_fulfils_the_contract(client, invoiced, receiver, subscribed):
    subscribed()
    invoiced(LineItems=[line()])
    client.ok("PUT", "/CreditNotes", credit_note())
    posts = receiver.wait_for(6)[4:]
    schemas = yaml.safe_load((contract.FOLDER / "xero-webhooks.yaml").read_text("utf-8"))["components"]["schemas"]
    for (_, body), name in zip(posts, ("WebhookEvent", "CreditNoteWebhookEvent"), strict=True):
        Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}).validate(
            body
        )
