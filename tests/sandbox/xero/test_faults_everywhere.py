"""Every route can be made to fail, as often as wanted."""

import json
import re

import pytest
import requests

from sandbox.faults import FAULTS
from sandbox.xero.routes import OPERATIONS
from tests.sandbox.xero.conftest import NOBODY, invoice

ROUTES = sorted(OPERATIONS)


def path_of(route):
    method, _, path = route.partition(" ")
    return method, re.sub(r"\{[^}]+\}", NOBODY, path)


def seen(client, route):
    """What a client sees of one call to a route: the status and the body, or that the answer never came whole."""
    method, path = path_of(route)
    try:
        answer = client.call(method, path, {} if method in {"PUT", "POST"} else None)
    except requests.RequestException:
        return "broken"
    return answer.status_code, answer.content


def struck(fault, usual):
    """What each fault makes of a usual answer."""
    return {
        "refuse": (503, b""),
        "commit_then_500": (500, b""),
        "malformed": (200, b"<html>"),
        "empty": (200, b""),
        "slow": usual,
    }.get(fault, "broken")


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_fails_in_every_way_as_often_as_told_and_then_no_more(client, route):
    client.admin("rules", {"answers_carry_a_correlation_id": False})
    method, path = path_of(route)
    for fault in sorted(FAULTS - {"stale"}):
        wanted = {"match": f"{method} /api.xro/2.0{path}", "fault": fault, "skip": 1, "times": 2, "seconds": 0.01}
        client.admin("faults", {"faults": [wanted | ({"body": "<html>"} if fault == "malformed" else {})]})
        usual, *hit, after = (without_instance(seen(client, route)) for _ in range(4))
        assert (fault, hit, after) == (fault, [struck(fault, usual)] * 2, usual)
        assert [call["fault"] for call in client.calls()[-4:]] == [None, fault, fault, None]


def without_instance(one):
    """Ids and moments of an answer differ from one to the next."""
    if one == "broken":
        return one
    code, content = one
    return code, re.sub(rb'"(Id|DateTimeUTC)":"[^"]*"', b"", content)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    "retry_after",
    [
        None,
        "0",
        "-1",
        "3600",
        "1.5",
        "99999999999999999999",
        "Wed, 21 Oct 2015 07:28:00 GMT",
        "Fri, 21 Oct 2050 07:28:00 GMT",
        "soon",
        "",
    ],
)
def test_a_refusal_says_when_to_come_back_in_any_way_that_is_wanted(client, status, retry_after):
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    wanted = {"match": "GET *organisation", "fault": "refuse", "status": status, "headers": headers}
    client.admin("faults", {"faults": [wanted]})
    refused = client.call("GET", "/Organisation")
    assert (refused.status_code, refused.headers.get("Retry-After")) == (status, retry_after)
    assert client.call("GET", "/Organisation").status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/Contacts", {"Name": "Ada"}),
        ("/Items", {"Code": "a"}),
        ("/Invoices", invoice()),
        ("/TrackingCategories", {"Name": "Region"}),
    ],
)
def test_a_stale_read_does_not_know_what_came_since(client, path, body):
    client.admin("faults", {"faults": [{"match": f"GET *{path}", "fault": "stale", "skip": 1, "times": 2}]})
    client.ok("PUT", path, body)
    assert [len(client.ok("GET", path)) for _ in range(4)] == [1, 0, 0, 1]


@pytest.mark.parametrize("route", ["POST /connect/token", "GET /connections", "POST /connect/revocation"])
def test_the_token_routes_fail_too(client, route):
    method, path = path_of(route)
    client.admin("faults", {"faults": [{"match": f"{method} {path}", "fault": "close", "times": 1}]})
    with pytest.raises(requests.ConnectionError):
        client.session.request(method, f"{client.base_url}{path}", timeout=30)
    assert client.session.request(method, f"{client.base_url}{path}", timeout=30).status_code in {400, 401}


@pytest.mark.parametrize(
    "fault", ["commit_then_close", "commit_then_truncate", "commit_then_500", "malformed", "empty"]
)
def test_an_invoice_whose_answer_was_lost_is_there_once_and_its_number_is_taken(client, fault):
    client.admin("faults", {"faults": [{"match": "PUT *invoices", "fault": fault}]})
    body = {"Invoices": [invoice(InvoiceNumber="A-1")]}
    try:
        answer = client.call("PUT", "/Invoices", body)
        lost = answer.status_code != 200 or not answer.content or b"InvoiceID" not in answer.content
    except requests.RequestException:
        lost = True
    assert lost
    assert client.refused("PUT", "/Invoices", body) == ["Invoice # must be unique."]
    assert len(client.ok("GET", "/Invoices?InvoiceNumbers=A-1")) == 1
    (first, *_) = client.calls()
    assert (first["status"], first["answered"]) == (200, False)
    assert [one["kind"] for one in first["effects"]] == ["contact", "invoice"]


def test_an_answer_that_was_lost_is_replayed_under_its_key(client):
    client.admin("faults", {"faults": [{"match": "PUT *invoices", "fault": "commit_then_close"}]})
    body = {"Invoices": [invoice(InvoiceNumber="A-1")]}
    with pytest.raises(requests.ConnectionError):
        client.call("PUT", "/Invoices", body, Idempotency_Key="k1")
    again = client.call("PUT", "/Invoices", body, Idempotency_Key="k1")
    assert (again.status_code, again.json()["Invoices"][0]["InvoiceNumber"]) == (200, "A-1")
    assert [call["replayed"] for call in client.calls()] == [False, True]


def test_a_refresh_whose_answer_was_lost_can_be_tried_again(client):
    client.admin("faults", {"faults": [{"match": "POST /connect/token", "fault": "commit_then_close"}]})
    form = {
        "grant_type": "refresh_token",
        "refresh_token": client.credentials["refresh_token"],
        "client_id": client.credentials["client_id"],
        "client_secret": client.credentials["client_secret"],
    }
    with pytest.raises(requests.ConnectionError):
        client.session.post(f"{client.base_url}/connect/token", data=form, timeout=30)
    again = client.session.post(f"{client.base_url}/connect/token", data=form, timeout=30)
    assert again.status_code == 200
    log = json.dumps(client.calls())
    assert form["refresh_token"] not in log
    assert form["client_secret"] not in log


def test_a_page_cut_in_the_middle_and_a_rate_limit_do_not_disturb_the_next_page(client):
    client.ok("PUT", "/Contacts", [{"Name": f"C{place}"} for place in range(6)])
    wanted = [
        {"match": "GET *contacts", "fault": "commit_then_truncate", "skip": 1},
        {
            "match": "GET *contacts",
            "fault": "refuse",
            "status": 429,
            "skip": 1,
            "headers": {"Retry-After": "-1"},
        },
    ]
    client.admin("faults", {"faults": wanted})
    assert len(client.ok("GET", "/Contacts?page=1&pageSize=2")) == 2
    with pytest.raises(requests.RequestException):
        client.call("GET", "/Contacts?page=2&pageSize=2")
    assert client.call("GET", "/Contacts?page=2&pageSize=2").headers["Retry-After"] == "-1"
    assert [row["Name"] for row in client.ok("GET", "/Contacts?page=2&pageSize=2")] == ["C2", "C3"]
