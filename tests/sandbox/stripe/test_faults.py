"""Every kind of fault strikes every route, as often as it is told to, and no other route."""

import json
import re

import pytest
import requests

from sandbox.desk import Desk
from sandbox.faults import EXECUTED, FAULTS, NOT_EXECUTED
from sandbox.kit import Request
from sandbox.stripe import Stripe
from sandbox.stripe.routes import ROUTES

AUTHORIZED = {"authorization": "Bearer sk_test_sandbox_subledger"}
RETRY_AFTER = [
    "0",
    "-5",
    "3600",
    "1.5",
    "Wed, 21 Oct 2015 07:28:00 GMT",
    "Thu, 31 Dec 2099 23:59:59 GMT",
    "soon",
    "",
]


def address(route):
    return re.sub(r"\{[^}]*\}", "some_id", route.path)


def set_faults(desk, *faults):
    body = json.dumps({"faults": faults}).encode()
    answer = desk.answer(Request("POST", "/_sandbox/faults", body=body), lambda _: None).response
    assert answer.status == 200, answer.body


def calls(desk, after=0):
    listed = desk.answer(Request("GET", "/_sandbox/calls", f"after={after}"), lambda _: None)
    return json.loads(listed.response.body)["calls"]


def seen(exchange):
    """What the client gets to see: status and way."""
    return exchange.way, None if exchange.response is None else exchange.response.status


EXPECTED = {
    "commit_then_hang": lambda plain: {("nothing", plain)},
    "commit_then_close": lambda plain: {("nothing", plain)},
    "commit_then_500": lambda _: {("whole", 500)},
    "commit_then_truncate": lambda plain: {("cut", plain)},
    "malformed": lambda _: {("whole", 200)},
    "empty": lambda _: {("whole", 200)},
    "slow": lambda plain: {("whole", plain)},
    "refuse": lambda _: {("whole", 401)},
    "hang": lambda _: {("nothing", None)},
    "close": lambda _: {("nothing", None)},
    "stale": lambda plain: {("whole", plain)},
}


def test_no_kind_of_fault_is_without_its_expectation():
    assert set(EXPECTED) == FAULTS


@pytest.mark.parametrize("kind", sorted(FAULTS))
def test_a_fault_strikes_whatever_route_it_is_set_for_so_often_and_no_more(kind):
    desk, waited = Desk(Stripe()), []
    for number, route in enumerate(ROUTES):
        request = Request(route.method, address(route), "", AUTHORIZED)
        plain = desk.answer(request, waited.append)
        before = len(waited)
        fault = {"match": f"{route.method} {address(route)}", "fault": kind, "skip": 1, "times": 2, "status": 401}
        set_faults(desk, fault)
        let_through, first, second, after = (desk.answer(request, waited.append) for _ in range(4))
        strikes = kind != "stale" or route.method == "GET"
        expected = EXPECTED[kind](plain.response.status) if strikes else {seen(plain)}
        assert seen(let_through) == seen(after) == seen(plain), route.path
        assert {seen(first), seen(second)} == expected, route.path
        named = [one["fault"] for one in calls(desk, after=5 * number + 1)]
        assert named == ([None, kind, kind, None] if strikes else [None] * 4), route.path
        assert len(waited) - before == (2 if kind == "slow" else 0)
        desk.answer(Request("DELETE", "/_sandbox/faults"), waited.append)


@pytest.mark.parametrize("kind", sorted(FAULTS - {"stale"}))
def test_the_work_is_done_or_not_as_the_kind_of_the_fault_says(kind):
    desk = Desk(Stripe())
    set_faults(desk, {"match": "POST /v1/customers", "fault": kind, "seconds": 0, "status": 503})
    desk.answer(Request("POST", "/v1/customers", "", AUTHORIZED, b"name=Acme"), lambda _: None)
    done = [effect["operation"] for effect in calls(desk)[-1]["effects"]]
    assert done == (["create"] if kind in EXECUTED else [])
    assert (kind in EXECUTED) != (kind in NOT_EXECUTED)
    listed = desk.answer(Request("GET", "/v1/customers", "", AUTHORIZED), lambda _: None)
    assert len(json.loads(listed.response.body)["data"]) == len(done)


def test_a_fault_for_one_route_leaves_every_other_alone():
    desk = Desk(Stripe())
    set_faults(desk, {"match": "POST /v1/invoices/*/pay", "fault": "close", "times": 10**6})
    for route in ROUTES:
        struck = desk.answer(Request(route.method, address(route), "", AUTHORIZED), lambda _: None).response is None
        assert struck == (route.path == "/v1/invoices/{invoice}/pay"), route.path


@pytest.mark.parametrize("retry_after", RETRY_AFTER)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_retry_after_comes_as_silly_as_it_was_set(base_url, method, retry_after):
    fault = {"match": "*/v1/*", "fault": "refuse", "status": 429, "headers": {"Retry-After": retry_after}}
    assert requests.post(f"{base_url}/_sandbox/faults", json={"faults": [fault]}, timeout=10).status_code == 200
    answer = requests.request(method, f"{base_url}/v1/coupons/c1", headers=AUTHORIZED, timeout=10)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, retry_after)


def test_a_429_has_no_retry_after_unless_it_is_given_one(base_url):
    fault = {"match": "*/v1/*", "fault": "refuse", "status": 429}
    requests.post(f"{base_url}/_sandbox/faults", json={"faults": [fault]}, timeout=10)
    answer = requests.get(f"{base_url}/v1/coupons", headers=AUTHORIZED, timeout=10)
    assert "Retry-After" not in answer.headers
    assert answer.json()["error"]["code"] == "rate_limit"


def test_a_401_in_the_middle_of_a_listing_is_one_refusal_and_no_more(base_url, api):
    """The third page of five is refused; the pages around it are not."""
    made = [api.coupons.create({"percent_off": 10}).id for _ in range(5)]
    fault = {"match": "GET /v1/coupons", "fault": "refuse", "status": 401, "skip": 2}
    requests.post(f"{base_url}/_sandbox/faults", json={"faults": [fault]}, timeout=10)
    statuses, after = [], {}
    while len(statuses) < 6:
        answer = requests.get(f"{base_url}/v1/coupons", params={"limit": 1, **after}, headers=AUTHORIZED, timeout=10)
        statuses.append(answer.status_code)
        if answer.ok:
            after = {"starting_after": answer.json()["data"][0]["id"]}
    assert statuses == [200, 200, 401, 200, 200, 200]
    assert after == {"starting_after": made[0]}
