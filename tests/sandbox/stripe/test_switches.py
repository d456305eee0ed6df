"""Every switch in both of its positions: what is in doubt about the vendor can be played either way."""

import json
import threading
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests
import stripe

from sandbox.kit import Request
from sandbox.stripe.courier import signature
from sandbox.stripe.settings import Settings

DAY = 86_400
AUTHORIZED = {"authorization": "Bearer sk_test_sandbox_subledger"}


@pytest.fixture
def switch(vendor):
    def change(**settings):
        answer = vendor.administer(Request("POST", "/_sandbox/settings", body=json.dumps(settings).encode()))
        assert answer.status == 200, answer.body

    return change


@pytest.fixture
def ask(vendor):
    """Status, body and headers of one request, without a network between."""

    def asked(method, path, key=None, **params):
        headers = {**AUTHORIZED, **({"idempotency-key": key} if key else {})}
        form = urlencode(params)
        query, body = (form, "") if method == "GET" else ("", form)
        response = vendor.handle(Request(method, f"/v1/{path}", query, headers, body.encode()))
        return response.status, json.loads(response.body), response.headers

    return asked


@pytest.fixture
def post(ask):
    def done(path, **params):
        status, body, _ = ask("POST", path, **params)
        assert status == 200, body
        return body

    return done


@pytest.fixture
def outside(vendor):
    """What only the world outside of the API can do."""

    def done(noun, **wanted):
        return vendor.administer(Request("POST", f"/_sandbox/{noun}", body=json.dumps(wanted).encode()))

    return done


@pytest.fixture
def pay(post, customer):
    """A paid invoice."""

    def made(amount=10_000, currency="eur"):
        invoice = post("invoices", customer=customer.id, currency=currency)["id"]
        post("invoiceitems", customer=customer.id, invoice=invoice, amount=amount)
        return post(f"invoices/{invoice}/pay")

    return made


@pytest.fixture
def subscription(api, customer):
    product = api.products.create({"name": "Plan"})
    price = api.prices.create(
        {"product": product.id, "currency": "eur", "unit_amount": 1000, "recurring": {"interval": "month"}}
    )
    return api.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})


def stop_time(vendor, monkeypatch):
    stopped = vendor.clock.now()
    monkeypatch.setattr(vendor.clock, "now", lambda: stopped)


def test_no_switch_is_without_a_test():
    written = Path(__file__).read_text("utf-8")
    assert [one.name for one in fields(Settings) if f"{one.name}=" not in written] == []


def test_rate_limits_are_switched_on_with_their_numbers(ask, switch, vendor, monkeypatch):
    stop_time(vendor, monkeypatch)
    switch(rate_limits=False, global_requests_per_second=2, endpoint_requests_per_second=1)
    assert [ask("GET", noun)[0] for noun in ("products", "products", "prices")] == [200, 200, 200]
    switch(rate_limits=True)
    assert [ask("GET", noun)[0] for noun in ("products", "products", "prices", "coupons")] == [200, 429, 200, 429]


@pytest.mark.parametrize(("told", "expected"), [(True, ["global-rate", "endpoint-rate"]), (False, [None, None])])
def test_a_429_says_which_limit_it_was_or_does_not(ask, switch, vendor, monkeypatch, told, expected):
    stop_time(vendor, monkeypatch)
    switch(rate_limits=True, global_requests_per_second=0, rate_limit_reason=told)
    reasons = [ask("GET", "products")[2].get("Stripe-Rate-Limited-Reason")]
    switch(global_requests_per_second=25, endpoint_requests_per_second=0)
    reasons.append(ask("GET", "products")[2].get("Stripe-Rate-Limited-Reason"))
    assert reasons == expected


@pytest.mark.parametrize("type_", ["invalid_request_error", "rate_limit_error"])
def test_a_429_is_of_the_type_that_is_chosen(ask, switch, type_):
    switch(rate_limits=True, global_requests_per_second=0, rate_limit_type=type_)
    status, body, _ = ask("GET", "products")
    assert (status, body["error"]["type"], body["error"]["code"]) == (429, type_, "rate_limit")


@pytest.fixture
def together(base_url):
    """Statuses and errors of a request that is slow, and of a second one that comes meanwhile."""

    def asked(first, second):
        slow = {"match": f"{first[0]} {first[1]}", "fault": "slow", "seconds": 1.5}
        requests.post(f"{base_url}/_sandbox/faults", json={"faults": [slow]}, timeout=10)
        answers = {}

        def send(name, method, path, headers=None):
            headers = {**AUTHORIZED, **(headers or {})}
            answers[name] = requests.request(method, f"{base_url}{path}", headers=headers, timeout=10)

        thread = threading.Thread(target=send, args=("first", *first))
        thread.start()
        while not any(
            fault["times"] == 0 for fault in requests.get(f"{base_url}/_sandbox/faults", timeout=10).json()["faults"]
        ):
            pass
        send("second", *second)
        thread.join()
        requests.delete(f"{base_url}/_sandbox/faults", timeout=10)
        return answers["first"], answers["second"]

    return asked


@pytest.mark.parametrize(
    ("limit", "second", "reason"),
    [
        ({"global_concurrent_requests": 1}, "/v1/prices", "global-concurrency"),
        ({"endpoint_concurrent_requests": 1}, "/v1/products", "endpoint-concurrency"),
    ],
)
def test_requests_at_the_same_time_are_limited_where_it_is_switched_so(together, switch, limit, second, reason):
    switch(rate_limits=True, **limit)
    first, late = together(("GET", "/v1/products"), ("GET", second))
    assert (first.status_code, late.status_code) == (200, 429)
    assert late.headers["Stripe-Rate-Limited-Reason"] == reason
    switch(rate_limits=False)
    assert [one.status_code for one in together(("GET", "/v1/products"), ("GET", second))] == [200, 200]


def test_a_limit_on_what_is_done_at_the_same_time_is_no_limit_on_what_follows(base_url, switch):
    switch(rate_limits=True, global_concurrent_requests=1, endpoint_concurrent_requests=1)
    answers = [requests.get(f"{base_url}/v1/products", headers=AUTHORIZED, timeout=10) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]


def test_a_payment_intent_is_updated_only_so_often_an_hour(ask, post, switch, vendor):
    intents = [post("payment_intents", amount=500, currency="eur")["id"] for _ in range(2)]
    switch(rate_limits=True, payment_intent_updates_per_hour=2)
    statuses = [ask("POST", f"payment_intents/{intents[0]}", description=str(n))[0] for n in range(3)]
    assert statuses == [200, 200, 429]
    assert ask("POST", f"payment_intents/{intents[1]}", description="other")[0] == 200
    vendor.clock.move_to_offset(3601)
    assert ask("POST", f"payment_intents/{intents[0]}", description="later")[0] == 200
    switch(rate_limits=False)
    assert [ask("POST", f"payment_intents/{intents[0]}", description=str(n))[0] for n in range(3)] == [200] * 3


def test_a_subscription_gets_only_so_many_invoices(ask, switch, vendor, customer, subscription):
    def new():
        return ask("POST", "invoices", customer=customer.id, subscription=subscription.id)[0]

    switch(rate_limits=True, subscription_invoices_per_minute=1, subscription_invoices_per_day=2)
    assert [new(), new()] == [200, 429]
    vendor.clock.move_to_offset(61)
    assert [new(), new()] == [200, 429]
    vendor.clock.move_to_offset(122)
    assert new() == 429
    vendor.clock.move_to_offset(DAY + 200)
    assert new() == 200
    switch(rate_limits=False)
    assert [new(), new()] == [200, 200]


def test_a_subscriptions_quantity_changes_only_so_often_an_hour(ask, switch, vendor, subscription):
    item = subscription["items"].data[0].id

    def change(quantity):
        return ask("POST", f"subscriptions/{subscription.id}", **{"items[0][id]": item, "items[0][quantity]": quantity})

    switch(rate_limits=True, subscription_quantity_updates_per_hour=1)
    assert [change(2)[0], change(2)[0]] == [200, 200]
    status, _, headers = change(3)
    assert (status, headers["Stripe-Rate-Limited-Reason"]) == (429, "resource-specific")
    vendor.clock.move_to_offset(3601)
    assert change(3)[0] == 200
    switch(rate_limits=False)
    assert change(4)[0] == 200


@pytest.mark.parametrize("status", [429, 409])
def test_a_second_write_to_an_object_waits_or_is_refused(together, switch, customer, status):
    path = f"/v1/customers/{customer.id}"
    switch(lock_timeouts=False)
    assert [one.status_code for one in together(("POST", path), ("POST", path))] == [200, 200]
    switch(lock_timeouts=True, lock_timeout_status=status)
    first, second = together(("POST", path), ("POST", path))
    assert (first.status_code, second.status_code) == (200, status)
    assert second.json()["error"]["code"] == "lock_timeout"
    assert [one.status_code for one in together(("POST", path), ("GET", path))] == [200, 200]


@pytest.mark.parametrize("said", [True, False])
def test_whether_another_try_helps_is_said_or_not(together, switch, vendor, base_url, customer, said):
    """The official client heeds it: a 500 that its key gives again is not asked for a third time."""
    switch(lock_timeouts=True, should_retry=said)
    path = f"/v1/customers/{customer.id}"
    _, second = together(("POST", path), ("POST", path))
    assert second.headers.get("Stripe-Should-Retry") == ("true" if said else None)
    switch(lock_timeouts=False)

    def asked():
        calls = requests.get(f"{base_url}/_sandbox/calls", timeout=10).json()["calls"]
        return sum(call["path"] == "/v1/products" for call in calls)

    before, fault = asked(), {"match": "POST /v1/products", "fault": "commit_then_500"}
    requests.post(f"{base_url}/_sandbox/faults", json={"faults": [fault]}, timeout=10)
    addresses = dict.fromkeys(("api", "connect", "files", "meter_events"), base_url)
    client = stripe.StripeClient("sk_test_sandbox_subledger", base_addresses=addresses, max_network_retries=3)
    with pytest.raises(stripe.APIError):
        client.v1.products.create({"name": "Handbook"})
    assert asked() - before == (2 if said else 4)
    assert len(list(vendor.account.store.every("product"))) == 1


@pytest.mark.parametrize("held", [True, False])
def test_a_refund_that_waits_holds_the_money_or_does_not(post, ask, switch, pay, outside, held):
    switch(awaited_refunds_hold_money=held)
    pay()
    _, charges, _ = ask("GET", "charges")
    asked = {"charge": charges["data"][0]["id"], "amount": 100, "instructions_email": "ada@books.example"}
    refund = post("refunds", **asked)
    assert (refund["balance_transaction"] is not None) is held
    canceled = post(f"refunds/{refund['id']}/cancel")
    assert (canceled["failure_balance_transaction"] is not None) is held
    again = post("refunds", **asked)
    outside("refunds", id=again["id"], status="pending")
    moved = [one for one in ask("GET", "balance_transactions")[1]["data"] if one["source"] == again["id"]]
    assert [one["amount"] for one in moved] == [-100]


@pytest.mark.parametrize("marked", [True, False])
def test_a_charge_that_is_inquired_about_counts_as_disputed_or_not(ask, switch, pay, outside, marked):
    switch(inquiries_mark_the_charge=marked)
    pay()
    _, charges, _ = ask("GET", "charges")
    outside("disputes", charge=charges["data"][0]["id"], inquiry=True)
    assert ask("GET", f"charges/{charges['data'][0]['id']}")[1]["disputed"] is marked


def test_the_search_lags_by_what_is_switched(api, switch, vendor):
    for lag in (0, 60):
        switch(search_lag_seconds=lag)
        api.customers.create({"name": f"Early Bird {lag}"})
        assert len(api.customers.search({"query": f"name:'Early Bird {lag}'"}).data) == (0 if lag else 1)
    vendor.clock.move_to_offset(61)
    assert len(api.customers.search({"query": "name~'early'"}).data) == 2


def test_all_searches_share_one_limit(api, switch):
    switch(rate_limits=True, search_requests_per_second=2)
    api.customers.search({"query": "name:'a'"})
    api.prices.search({"query": "active:'true'"})
    with pytest.raises(stripe.RateLimitError):
        api.products.search({"query": "name:'a'"})
    switch(search_requests_per_second=20)
    api.products.search({"query": "name:'a'"})


def test_a_key_can_be_expired(api, switch):
    switch(api_key_expired=True)
    with pytest.raises(stripe.AuthenticationError) as refused:
        api.customers.list()
    assert refused.value.error.code == "api_key_expired"
    switch(api_key_expired=False)
    assert api.customers.list().data == []


def test_expansion_goes_as_deep_as_is_switched(ask, switch, pay):
    pay()
    deep = {"expand[]": "data.customer.invoice_settings.default_payment_method.customer"}
    assert ask("GET", "invoices", **deep)[0] == 400
    switch(expand_levels=5)
    status, body, _ = ask("GET", "invoices", **deep)
    method = body["data"][0]["customer"]["invoice_settings"]["default_payment_method"]
    assert (status, method["customer"]["object"]) == (200, "customer")


def test_metadata_has_limits_or_none(ask, switch):
    long = {"metadata[" + "k" * 41 + "]": "v", "metadata[b]": "v" * 501, **{f"metadata[k{n}]": "v" for n in range(50)}}
    assert ask("POST", "customers", **long)[0] == 400
    switch(metadata_limits=False)
    status, body, _ = ask("POST", "customers", **long)
    assert (status, len(body["metadata"])) == (200, 52)


@pytest.mark.parametrize("status", [400, 404])
def test_an_object_that_a_parameter_names_is_missing_with_the_status_that_is_chosen(ask, switch, status):
    switch(missing_in_parameter_status=status)
    answered, body, _ = ask("POST", "invoices", customer="cus_nobody")
    assert (answered, body["error"]["code"], body["error"]["param"]) == (status, "resource_missing", "customer")
    assert ask("GET", "invoices", starting_after="in_none")[0] == status
    assert ask("GET", "customers/cus_nobody")[0] == 404


def test_an_unknown_parameter_is_refused_or_passed_over(ask, switch):
    wrong = {"name": "Acme", "nickname": "A", "address[planet]": "Mars", "address[city]": "Ulm"}
    status, body, _ = ask("POST", "customers", **wrong)
    assert (status, body["error"]["code"]) == (400, "parameter_unknown")
    switch(unknown_parameters_refused=False)
    status, body, _ = ask("POST", "customers", **wrong)
    assert (status, body["name"], body["address"]["city"]) == (200, "Acme", "Ulm")


def test_a_key_stands_for_its_parameters_or_for_whatever_came_first(ask, switch):
    first = ask("POST", "customers", key="k1", name="Acme")[1]
    status, body, _ = ask("POST", "customers", key="k1", name="Other")
    assert (status, body["error"]["type"]) == (400, "idempotency_error")
    switch(key_compares_parameters=False)
    assert ask("POST", "customers", key="k1", name="Other")[1] == first


def test_a_key_under_way_is_refused_or_waits_for_the_same_answer(together, switch):
    same = ("POST", "/v1/customers", {"Idempotency-Key": "k1"})
    first, second = together(same, same)
    assert (first.status_code, second.status_code) == (200, 409)
    assert second.json()["error"]["code"] == "idempotency_key_in_use"
    switch(key_under_way_refused=False)
    same = ("POST", "/v1/customers", {"Idempotency-Key": "k2"})
    first, second = together(same, same)
    assert (first.status_code, second.status_code, first.json()) == (200, 200, second.json())


@pytest.mark.parametrize(("remembered", "later"), [(False, 200), (True, 400)])
def test_a_malformed_request_is_remembered_or_not(ask, switch, remembered, later):
    switch(key_remembers_early_refusals=remembered)
    assert ask("POST", "customers", key="k1", nickname="A")[0] == 400
    switch(unknown_parameters_refused=False)
    assert ask("POST", "customers", key="k1", nickname="A")[0] == later


@pytest.mark.parametrize(("remembered", "later"), [(False, 200), (True, 429)])
def test_a_429_is_remembered_or_not(ask, switch, remembered, later):
    switch(key_remembers_early_refusals=remembered, rate_limits=True, global_requests_per_second=0)
    assert ask("POST", "customers", key="k1")[0] == 429
    switch(rate_limits=False)
    assert ask("POST", "customers", key="k1")[0] == later


def test_events_are_asked_for_by_so_many_types(ask, switch):
    types = {f"types[{at}]": "invoice.paid" for at in range(20)}
    assert ask("GET", "events", **types)[0] == 200
    assert ask("GET", "events", **types, **{"types[20]": "invoice.paid"})[0] == 400
    switch(event_types_max=21)
    assert ask("GET", "events", **types, **{"types[20]": "invoice.paid"})[0] == 200


def test_events_are_kept_for_so_many_days(ask, post, switch, vendor):
    post("customers")
    event = ask("GET", "events")[1]["data"][0]["id"]
    vendor.clock.move_to_offset(30 * DAY + 60)
    assert (ask("GET", "events")[1]["data"], ask("GET", f"events/{event}")[0]) == ([], 404)
    switch(events_kept_days=31)
    assert [one["id"] for one in ask("GET", "events")[1]["data"]] == [event]
    assert ask("GET", f"events/{event}")[0] == 200


@pytest.mark.parametrize("both", [True, False])
def test_while_a_secret_is_rolled_both_sign_or_only_the_new_one(post, outside, switch, vendor, monkeypatch, both):
    sent = []
    monkeypatch.setattr(vendor.courier, "take", sent.append)
    switch(both_secrets_sign=both)
    endpoint = post("webhook_endpoints", url="http://127.0.0.1:9/", **{"enabled_events[]": "customer.created"})
    rolled = json.loads(outside("webhook_endpoints", id=endpoint["id"], roll_secret_hours=24).body)
    assert rolled["secret"] != endpoint["secret"]
    post("customers")
    vendor.clock.move_to_offset(DAY + 1)
    post("customers")
    during, after = (one.secrets for one in sent)
    assert during == ((rolled["secret"], endpoint["secret"]) if both else (rolled["secret"],))
    assert after == (rolled["secret"],)
    body = sent[0].body
    header = signature(during[0], 1_700_000_000, body, *during[1:])
    assert header.count("v1=") == len(during)
    for secret in during:
        assert stripe.Webhook.construct_event(body, header, secret, tolerance=10**10)["type"] == "customer.created"


@pytest.mark.parametrize(("after", "status"), [("cancel", "canceled"), ("unpaid", "unpaid"), ("past_due", "past_due")])
def test_after_the_last_retry_a_subscription_becomes_what_is_chosen(api, switch, after, status):
    switch(after_retries=after)
    clock = api.test_helpers.test_clocks.create({"frozen_time": 1_767_225_600})
    customer = api.customers.create({"test_clock": clock.id}).id
    good = api.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    api.customers.update(customer, {"invoice_settings": {"default_payment_method": good}})
    product = api.products.create({"name": "Plan"})
    price = api.prices.create(
        {"product": product.id, "currency": "eur", "unit_amount": 1000, "recurring": {"interval": "month"}}
    )
    made = api.subscriptions.create({"customer": customer, "items": [{"price": price.id}]})
    bad = api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer}).id
    api.customers.update(customer, {"invoice_settings": {"default_payment_method": bad}})
    api.test_helpers.test_clocks.advance(clock.id, {"frozen_time": 1_767_225_600 + 52 * DAY})
    assert api.subscriptions.retrieve(made.id).status == status


@pytest.mark.parametrize(("begins", "first"), [(True, "active"), (False, "incomplete")])
def test_a_subscription_is_active_at_its_first_debit_or_with_its_money(*, api, switch, vendor, customer, begins, first):
    switch(debits_begin_subscriptions=begins)
    method = api.payment_methods.attach("pm_successDelayed_de", {"customer": customer.id}).id
    product = api.products.create({"name": "Plan"})
    price = api.prices.create(
        {"product": product.id, "currency": "eur", "unit_amount": 1000, "recurring": {"interval": "month"}}
    )
    params = {"customer": customer.id, "items": [{"price": price.id}], "default_payment_method": method}
    made = api.subscriptions.create(params)
    assert made.status == first
    vendor.clock.move_to_offset(180)
    api.balance.retrieve()
    assert api.subscriptions.retrieve(made.id).status == "active"


@pytest.mark.parametrize(("takes", "moved"), [(True, [(-1000, 0)]), (False, [])])
def test_a_resolution_takes_the_money_or_moves_nothing(*, api, switch, outside, customer, takes, moved):
    switch(resolutions_take_the_money=takes)
    params = {"amount": 1000, "currency": "eur", "customer": customer.id, "confirm": True}
    intent = api.payment_intents.create({**params, "payment_method": "pm_card_visa"})
    dispute = json.loads(outside("disputes", charge=intent.latest_charge, prevented="resolution").body)
    assert dispute["status"] == "prevented"
    assert [(one["amount"], one["fee"]) for one in dispute["balance_transactions"]] == moved


@pytest.mark.parametrize(("has", "code"), [(True, "parameter_missing"), (False, None)])
def test_a_missing_parameter_is_named_with_a_code_or_without(ask, switch, has, code):
    switch(missing_parameters_have_a_code=has)
    status, body, _ = ask("POST", "products")
    assert (status, body["error"].get("code"), body["error"]["param"]) == (400, code, "name")


def test_small_amounts_are_carried_over_or_stay_due(switch, post, customer):
    def billed():
        invoice = post("invoices", customer=customer.id, currency="eur")["id"]
        post("invoiceitems", customer=customer.id, invoice=invoice, amount=10)
        return post(f"invoices/{invoice}/finalize")

    assert billed()["status"] == "paid"
    post(f"customers/{customer.id}", balance=0)
    switch(carry_small_amounts=False)
    open_ = billed()
    assert (open_["status"], open_["amount_due"]) == ("open", 10)


def test_the_ways_of_a_credit_note_add_up_or_need_not(ask, pay, switch):
    short = {"invoice": pay()["id"], "amount": 1000, "refund_amount": 400}
    assert ask("POST", "credit_notes", **short)[0] == 400
    switch(credit_note_ways_add_up=False)
    status, note, _ = ask("POST", "credit_notes", **short)
    assert (status, note["post_payment_amount"], note["refunds"][0]["amount_refunded"]) == (200, 1000, 400)


def test_a_credit_note_from_after_payment_stays_or_can_be_voided(ask, post, pay, switch, customer):
    invoice = pay()
    note = post("credit_notes", invoice=invoice["id"], amount=1000, credit_amount=1000)
    assert ask("POST", f"credit_notes/{note['id']}/void")[0] == 400
    switch(credit_notes_after_payment_stay=False)
    status, voided, _ = ask("POST", f"credit_notes/{note['id']}/void")
    assert (status, voided["status"]) == (200, "void")
    assert ask("GET", f"customers/{customer.id}")[1]["balance"] == 0
    assert ask("GET", f"invoices/{invoice['id']}")[1]["post_payment_credit_notes_amount"] == 0


@pytest.mark.parametrize(("returned", "fee"), [(False, 0), (True, -2000)])
def test_the_fee_of_a_won_dispute_stays_or_comes_back(ask, pay, outside, switch, returned, fee):
    switch(dispute_fee_returned=returned)
    pay()
    charge = ask("GET", "charges")[1]["data"][0]["id"]
    dispute = json.loads(outside("disputes", charge=charge).body)
    outside("disputes", id=dispute["id"], status="won")
    movements = ask("GET", f"disputes/{dispute['id']}")[1]["balance_transactions"]
    assert [one["fee"] for one in movements] == [2000, fee]


@pytest.mark.parametrize("currency", ["huf", "twd"])
def test_payouts_in_some_currencies_are_whole_hundreds_or_any(ask, switch, currency):
    def refusal(amount):
        return ask("POST", "payouts", amount=amount, currency=currency)[1]["error"]

    assert "divisible by 100" in refusal(150)["message"]
    assert refusal(100)["code"] == "balance_insufficient"
    switch(hundreds_in_payouts=False)
    assert refusal(150)["code"] == "balance_insufficient"


@pytest.mark.parametrize("currency", ["isk", "ugx"])
def test_isk_and_ugx_come_in_hundredths_or_whole(ask, pay, switch, currency):
    assert ask("POST", "payment_intents", amount=150_050, currency=currency)[1]["error"]["code"] == (
        "invalid_charge_amount"
    )
    pay(150_000, currency)
    in_hundredths = ask("GET", "balance_transactions", type="charge")[1]["data"][0]["amount"]
    switch(isk_and_ugx_in_hundredths=False)
    assert ask("POST", "payment_intents", amount=150_050, currency=currency)[0] == 200
    pay(1500, currency)
    whole = ask("GET", "balance_transactions", type="charge")[1]["data"][0]["amount"]
    assert in_hundredths == whole > 0


@pytest.mark.parametrize(("days", "status"), [(5, 200), (0, 400)])
def test_a_payout_may_fail_for_so_many_business_days_after_it_was_paid(pay, outside, switch, vendor, days, status):
    switch(payout_fails_within_days=days)
    pay()
    vendor.clock.move_to_offset(3 * DAY)
    payout = json.loads(outside("payouts", currency="eur").body)["id"]
    assert outside("payouts", id=payout, status="paid").status == 200
    vendor.clock.move_to_offset(10 * DAY)  # a week holds five business days, whatever the day it begins on
    assert outside("payouts", id=payout, status="failed").status == status


def test_a_payout_paid_longer_ago_than_five_business_days_stays_paid(pay, outside, vendor):
    pay()
    vendor.clock.move_to_offset(3 * DAY)
    payout = json.loads(outside("payouts", currency="eur").body)["id"]
    outside("payouts", id=payout, status="paid")
    vendor.clock.move_to_offset(13 * DAY)
    assert outside("payouts", id=payout, status="failed").status == 400


@pytest.mark.parametrize(("rounding", "amount"), [("half_up", 13), ("half_even", 12)])
def test_half_a_cent_is_rounded_up_or_to_the_even_one(post, switch, customer, rounding, amount):
    switch(rounding=rounding)
    item = post("invoiceitems", customer=customer.id, currency="eur", unit_amount_decimal="2.5", quantity=5)
    assert item["amount"] == amount


def test_three_decimals_end_in_zero_or_need_not(ask, switch):
    assert ask("POST", "payment_intents", amount=1501, currency="kwd")[0] == 400
    switch(three_decimals_end_in_zero=False)
    assert ask("POST", "payment_intents", amount=1501, currency="kwd")[0] == 200
