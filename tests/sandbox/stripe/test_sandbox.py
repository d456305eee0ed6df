import json
import threading

import pytest
import requests
import stripe

from sandbox.command import start
from sandbox.kit import Request
from sandbox.stripe import Stripe

AUTHORIZED = {"Authorization": "Bearer sk_test_sandbox_subledger"}


@pytest.fixture
def change(base_url):
    def post(**settings):
        return requests.post(f"{base_url}/_sandbox/settings", json=settings, timeout=10)

    return post


def test_rate_limits_are_off_until_they_are_switched_on(api, change):
    for _ in range(30):
        api.products.list()
    assert change(rate_limits=True).json()["rate_limits"]


def test_too_many_requests_in_a_second_are_refused(base_url, change, vendor):
    change(rate_limits=True, global_requests_per_second=3)
    stopped = vendor.clock.now()
    vendor.clock.now = lambda: stopped
    try:
        answers = [requests.get(f"{base_url}/v1/products", headers=AUTHORIZED, timeout=10) for _ in range(4)]
    finally:
        del vendor.clock.now
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].json()["error"]["code"] == "rate_limit"
    assert answers[3].headers["Stripe-Rate-Limited-Reason"] == "global-rate"


def test_each_endpoint_has_its_own_limit(base_url, change, vendor):
    change(rate_limits=True, endpoint_requests_per_second=1)
    stopped = vendor.clock.now()
    vendor.clock.now = lambda: stopped
    try:
        answers = [
            requests.get(f"{base_url}/v1/{noun}", headers=AUTHORIZED, timeout=10)
            for noun in ("products", "prices", "prices")
        ]
    finally:
        del vendor.clock.now
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["Stripe-Rate-Limited-Reason"] == "endpoint-rate"


def test_a_refused_request_may_come_again_with_its_key(base_url, change, vendor):
    change(rate_limits=True, global_requests_per_second=0)
    headers = {**AUTHORIZED, "Idempotency-Key": "k1"}
    assert requests.post(f"{base_url}/v1/customers", headers=headers, timeout=10).status_code == 429
    change(rate_limits=False)
    assert requests.post(f"{base_url}/v1/customers", headers=headers, timeout=10).status_code == 200


@pytest.mark.parametrize(
    "wrong", [{"rate_limit": True}, {"rate_limits": "yes"}, {"after_retries": "shout"}, {"rate_limits": 1}]
)
def test_a_wrong_setting_is_refused(change, wrong):
    assert change(**wrong).status_code == 400


def test_a_key_that_is_under_way_is_refused(base_url, vendor):
    slow = {"match": "POST /v1/customers", "fault": "slow", "seconds": 1.0}
    requests.post(f"{base_url}/_sandbox/faults", json={"faults": [slow]}, timeout=10)
    headers = {**AUTHORIZED, "Idempotency-Key": "k1"}
    answers = []

    def ask_once():
        answers.append(requests.post(f"{base_url}/v1/customers", headers=headers, timeout=10))

    threads = [threading.Thread(target=ask_once) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused, done = sorted(answers, key=lambda answer: -answer.status_code)
    assert (refused.status_code, done.status_code) == (409, 200)
    assert refused.json()["error"]["code"] == "idempotency_key_in_use"
    again = requests.post(f"{base_url}/v1/customers", headers=headers, timeout=10)
    assert again.json() == done.json()
    assert len(list(vendor.account.store.every("customer"))) == 1


@pytest.mark.parametrize(("status", "error"), [(429, stripe.RateLimitError), (503, stripe.APIError)])
def test_a_refusal_is_worded_as_the_vendor_would(base_url, api, status, error):
    fault = {"match": "GET /v1/customers", "fault": "refuse", "status": status}
    requests.post(f"{base_url}/_sandbox/faults", json={"faults": [fault]}, timeout=10)
    with pytest.raises(error):
        api.customers.list()


def test_reads_can_be_stale(base_url, api):
    known = api.customers.create({"name": "Old"})
    fault = {"match": "GET /v1/customers*", "fault": "stale", "times": 2}
    requests.post(f"{base_url}/_sandbox/faults", json={"faults": [fault]}, timeout=10)
    api.customers.update(known.id, {"name": "New"})
    api.customers.create({"name": "Other"})
    assert api.customers.retrieve(known.id).name == "Old"
    assert len(api.customers.list().data) == 1
    assert api.customers.retrieve(known.id).name == "New"


def ask(vendor, method, path, body=""):
    headers = {"authorization": "Bearer sk_test_sandbox_subledger"}
    response = vendor.handle(Request(method, path, "", headers, body.encode()))
    return json.loads(response.body)


def test_the_state_survives_as_json():
    """Objects, balances, appointments and random numbers go on where they stopped."""
    first, twin = Stripe(seed=5), Stripe(seed=9)
    customer = ask(first, "POST", "/v1/customers", "name=Acme&payment_method=pm_card_visa")["id"]
    ask(first, "POST", "/v1/invoiceitems", f"customer={customer}&amount=5000&currency=eur")
    form = f"customer={customer}&pending_invoice_items_behavior=include&auto_advance=true"
    invoice = ask(first, "POST", "/v1/invoices", form)["id"]
    twin.restore(json.loads(json.dumps(first.state())))
    for vendor in (first, twin):
        vendor.clock.move_to_offset(3700)
        assert ask(vendor, "GET", "/v1/balance")["object"] == "balance"
    answers = [ask(vendor, "GET", f"/v1/invoices/{invoice}") for vendor in (first, twin)]
    assert answers[0] == answers[1]
    assert answers[0]["status"] == "open"
    events = [[one["type"] for one in ask(vendor, "GET", "/v1/events")["data"]] for vendor in (first, twin)]
    assert events[0] == events[1]
    made = [ask(vendor, "POST", "/v1/customers", "name=Next")["id"] for vendor in (first, twin)]
    assert made[0] == made[1]


def test_the_command_saves_and_begins_again(tmp_path):
    file = tmp_path / "state.json"
    sandboxes = start(state=file)
    try:
        base_url = sandboxes.line()["stripe"]["base_url"]
        made = requests.post(f"{base_url}/v1/customers", headers=AUTHORIZED, timeout=10).json()
        assert requests.post(f"{base_url}/_sandbox/save", timeout=10).status_code == 200
    finally:
        sandboxes.close()
    again = start(state=file)
    try:
        base_url = again.line()["stripe"]["base_url"]
        found = requests.get(f"{base_url}/v1/customers/{made['id']}", headers=AUTHORIZED, timeout=10)
        assert found.json() == made
    finally:
        again.close()


def test_the_account_says_who_it_is(client, api):
    account = api.accounts.retrieve_current()
    assert (account.id, account.default_currency, account.country) == ("acct_sandbox", "eur", "DE")
    assert api.accounts.retrieve(account.id).id == account.id


def test_a_refusal_leaves_nothing_behind(base_url, api, customer, vendor):
    """The coupon is redeemed before the due date is found to be missing; both are taken back."""
    coupon = api.coupons.create({"percent_off": 10})
    before = json.dumps(vendor.account.store.dump()["rows"], sort_keys=True)
    with pytest.raises(stripe.InvalidRequestError):
        api.invoices.create(
            {
                "customer": customer.id,
                "discounts": [{"coupon": coupon.id}],
                "collection_method": "send_invoice",
            }
        )
    assert json.dumps(vendor.account.store.dump()["rows"], sort_keys=True) == before
    assert requests.get(f"{base_url}/_sandbox/calls", timeout=10).json()["calls"][-1]["effects"] == []


def test_a_declined_card_does_leave_its_trace(api, customer):
    with pytest.raises(stripe.CardError):
        api.payment_intents.create(
            {
                "amount": 500,
                "currency": "eur",
                "customer": customer.id,
                "payment_method": "pm_card_visa_chargeDeclined",
                "confirm": True,
            }
        )
    assert [one.status for one in api.charges.list().data] == ["failed"]
