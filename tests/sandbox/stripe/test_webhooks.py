import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
import stripe

SECRET = "whsec_sandbox_subledger"
WAIT_SECONDS = 20


class Hub:
    """Takes webhooks and answers as it was told to, 200 by default."""

    def __init__(self):
        self.received = []
        self.answers = []
        self._arrived = threading.Condition()
        hub = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with hub._arrived:
                    hub.received.append((body, self.headers["Stripe-Signature"]))
                    status = hub.answers.pop(0) if hub.answers else 200
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                with hub._arrived:
                    hub._arrived.notify_all()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/webhooks/stripe"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def wait_for(self, count):
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.received) >= count, WAIT_SECONDS)
            return list(self.received)

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hub(vendor):
    hub = Hub()
    vendor.courier.retry_seconds = (0.05, 0.1, 0.2)
    yield hub
    hub.close()


@pytest.fixture
def endpoint(api, hub):
    return api.webhook_endpoints.create({"url": hub.url, "enabled_events": ["customer.created"]})


@pytest.fixture
def set_fault(base_url):
    def set_one(**fault):
        return requests.post(f"{base_url}/_sandbox/faults", json={"faults": [fault]}, timeout=10)

    return set_one


@pytest.fixture
def deliveries(base_url):
    """All attempts, once there is nothing left to deliver."""

    def listed():
        for _ in range(WAIT_SECONDS * 50):
            log = requests.get(f"{base_url}/_sandbox/deliveries", timeout=10).json()
            if log["pending"] == 0:
                return log["deliveries"]
            threading.Event().wait(0.02)
        raise AssertionError("webhooks are still pending")

    return listed


def ids(received):
    return [json.loads(body)["data"]["object"]["id"] for body, _ in received]


def test_the_delivered_bytes_are_signed(api, hub, endpoint):
    made = api.customers.create({"name": "Ünal & Söhne"})
    ((body, signature),) = hub.wait_for(1)
    event = stripe.Webhook.construct_event(body, signature, SECRET)
    assert (event.type, event.data.object.id, event.api_version) == (
        "customer.created",
        made.id,
        "2026-10-28.endive",
    )
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body + b" ", signature, SECRET)


def test_the_secret_is_shown_once_and_the_next_one_differs(api, hub, endpoint):
    assert endpoint.secret == SECRET
    assert "secret" not in api.webhook_endpoints.retrieve(endpoint.id)
    second = api.webhook_endpoints.create({"url": hub.url, "enabled_events": ["*"]})
    assert second.secret.startswith("whsec_sandbox_")
    assert second.secret != SECRET


def test_only_wanted_events_are_sent(api, hub, endpoint, deliveries):
    api.products.create({"name": "Plan"})
    api.customers.create({"name": "Acme"})
    hub.wait_for(1)
    assert [one["type"] for one in deliveries()] == ["customer.created"]


def test_the_delivered_event_is_the_one_that_can_be_fetched(api, hub, endpoint):
    api.customers.create({"name": "Acme"})
    ((body, signature),) = hub.wait_for(1)
    told = stripe.Webhook.construct_event(body, signature, SECRET)
    fetched = api.events.retrieve(told.id)
    assert told.pending_webhooks == 1
    assert {**told.to_dict(), "pending_webhooks": 0} == {**fetched.to_dict(), "pending_webhooks": 0}
    assert told.api_version == stripe.api_version


def test_an_update_tells_what_was_before(api, customer):
    api.customers.update(customer.id, {"name": "New", "metadata": {"a": "1"}})
    event = api.events.list({"type": "customer.updated"}).data[0]
    assert event.data.previous_attributes.to_dict() == {"name": "Acme", "metadata": {"a": None}}
    assert event.data.object.name == "New"


def test_what_is_not_acknowledged_is_sent_again(api, hub, endpoint, deliveries):
    hub.answers += [500, 302]
    api.customers.create({"name": "Acme"})
    received = hub.wait_for(3)
    assert len({body for body, _ in received}) == 1
    attempts = deliveries()
    assert [(one["attempt"], one["status"]) for one in attempts] == [(1, 500), (2, 302), (3, 200)]
    assert {one["body_sha256"] for one in attempts} == {hashlib.sha256(received[0][0]).hexdigest()}


def test_after_three_retries_it_gives_up(api, hub, endpoint, deliveries):
    hub.answers += [500] * 10
    api.customers.create({"name": "Acme"})
    hub.wait_for(4)
    assert [one["status"] for one in deliveries()] == [500] * 4
    event = api.events.list({"type": "customer.created"}).data[0]
    assert event.pending_webhooks == 1
    assert [one.id for one in api.events.list({"delivery_success": False}).data] == [event.id]


def test_an_endpoint_that_is_not_there_is_an_attempt_without_status(api, deliveries, vendor):
    vendor.courier.retry_seconds = ()
    api.webhook_endpoints.create({"url": "http://127.0.0.1:9/nothing", "enabled_events": ["*"]})
    api.products.create({"name": "Plan"})
    (attempt,) = deliveries()
    assert attempt["status"] is None
    assert "refused" in attempt["problem"]


def test_the_log_of_deliveries_can_be_read_on_from_a_number(api, base_url, hub, endpoint, deliveries):
    for name in "ab":
        api.customers.create({"name": name})
    hub.wait_for(2)
    assert [one["n"] for one in deliveries()] == [1, 2]
    later = requests.get(f"{base_url}/_sandbox/deliveries?after=1", timeout=10).json()["deliveries"]
    assert [one["n"] for one in later] == [2]
    assert requests.get(f"{base_url}/_sandbox/deliveries?after=x", timeout=10).status_code == 400


def test_nothing_leaves_the_machine(api, deliveries, vendor):
    vendor.courier.retry_seconds = ()
    api.webhook_endpoints.create({"url": "https://hub.example/webhooks", "enabled_events": ["*"]})
    api.products.create({"name": "Plan"})
    assert "loopback only" in deliveries()[0]["problem"]


def test_a_disabled_or_deleted_endpoint_gets_nothing(api, hub, endpoint, deliveries):
    assert api.webhook_endpoints.update(endpoint.id, {"disabled": True}).status == "disabled"
    api.customers.create({"name": "Acme"})
    assert api.events.list({"limit": 1}).data[0].pending_webhooks == 0
    assert api.webhook_endpoints.update(endpoint.id, {"disabled": False}).status == "enabled"
    assert api.webhook_endpoints.delete(endpoint.id).deleted
    api.customers.create({"name": "Acme"})
    assert deliveries() == []


def test_an_unknown_event_cannot_be_subscribed_to(api, hub):
    with pytest.raises(stripe.InvalidRequestError, match=r"invoice\.eaten"):
        api.webhook_endpoints.create({"url": hub.url, "enabled_events": ["invoice.eaten"]})


def test_a_webhook_can_be_dropped(api, hub, endpoint, set_fault, deliveries):
    set_fault(webhook="customer.*", fault="drop", skip=1)
    made = [api.customers.create({"name": name}).id for name in "abc"]
    assert set(ids(hub.wait_for(2))) == {made[0], made[2]}
    assert sorted(str(one["fault"]) for one in deliveries()) == ["None", "None", "drop"]


def test_a_webhook_can_be_duplicated(api, hub, endpoint, set_fault, deliveries):
    set_fault(webhook="customer.created", fault="duplicate")
    made = api.customers.create({"name": "Acme"}).id
    assert ids(hub.wait_for(2)) == [made, made]
    assert len(deliveries()) == 2


def test_a_webhook_can_be_overtaken(api, hub, endpoint, set_fault, deliveries):
    set_fault(webhook="*", fault="reorder")
    first, second = (api.customers.create({"name": name}).id for name in "ab")
    assert ids(hub.wait_for(2)) == [second, first]
    assert len(deliveries()) == 2


def test_a_webhook_can_be_delayed(api, hub, endpoint, set_fault, deliveries):
    set_fault(webhook="*", fault="delay", seconds=0.5)
    first, second = (api.customers.create({"name": name}).id for name in "ab")
    assert ids(hub.wait_for(2)) == [second, first]


@pytest.mark.parametrize("fault", [{"webhook": "*", "fault": "eat"}, {"webhook": "*", "fault": "drop", "match": "*"}])
def test_a_wrong_webhook_fault_is_refused(set_fault, fault):
    assert set_fault(**fault).status_code == 400


def test_a_stored_500_is_replayed(base_url, set_fault, vendor):
    set_fault(match="POST /v1/customers", fault="commit_then_500")
    headers = {"Authorization": "Bearer sk_test_sandbox_subledger", "Idempotency-Key": "k1"}
    answers = [
        requests.post(f"{base_url}/v1/customers", data={"name": "Acme"}, headers=headers, timeout=10) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [500, 500]
    assert answers[0].json()["error"]["type"] == "api_error"
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert len(list(vendor.account.store.every("customer"))) == 1


def test_events_are_found_by_whether_they_were_delivered(api, hub, endpoint, deliveries):
    hub.answers += [500] * 4
    failed = api.customers.create({"name": "a"}).id
    hub.wait_for(4)
    delivered = api.customers.create({"name": "b"}).id
    hub.wait_for(5)
    deliveries()

    def of(success):
        listed = api.events.list({"type": "customer.created", "delivery_success": success}).data
        return [event.data.object.id for event in listed]

    assert (of(False), of(True)) == ([failed], [delivered])
