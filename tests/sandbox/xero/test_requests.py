"""What holds for every route of the Accounting API."""

import threading
import xml.etree.ElementTree as ET
from contextlib import suppress

import pytest
import requests

from tests.sandbox.xero.conftest import invoice

CONTACT = {"Contacts": [{"Name": "Ada"}]}


def effects(client):
    return [effect for call in client.calls() for effect in call["effects"]]


def test_paths_below_the_api_are_read_in_any_case(client):
    assert client.call("GET", "/organisation").status_code == 200
    assert client.call("GET", "/TAXRATES/output").status_code == 404
    assert client.call("GET", "/taxrates/OUTPUT").status_code == 200
    answer = client.session.get(f"{client.base_url}/API.XRO/2.0/Currencies", headers=client.headers, timeout=30)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/Nothing", 404),
        ("GET", "/Invoices/00000000-0000-0000-0000-000000000000", 404),
        ("GET", "/Invoices/1/2/3", 404),
        ("DELETE", "/Invoices", 405),
        ("GET", "/Reports/BalanceSheet", 501),
        ("PUT", "/PurchaseOrders", 501),
    ],
)
def test_what_is_missing_not_allowed_or_not_played_is_told_apart(client, method, path, status):
    assert client.call(method, path).status_code == status


def test_every_answer_carries_the_limits_and_a_correlation_id(client):
    first, second = client.call("GET", "/Organisation"), client.call("GET", "/Nothing")
    assert int(first.headers["X-DayLimit-Remaining"]) == int(second.headers["X-DayLimit-Remaining"]) + 1
    for name in ("X-MinLimit-Remaining", "X-AppMinLimit-Remaining"):
        assert int(first.headers[name]) > 0
    assert first.headers["Xero-Correlation-Id"] != second.headers["Xero-Correlation-Id"]


def test_answers_come_in_the_vendors_envelope(client):
    body = client.call("GET", "/Currencies").json()
    assert body["Status"] == "OK"
    assert body["DateTimeUTC"].startswith("/Date(")
    assert body["Currencies"] == [
        {"Code": "EUR", "Description": "Euro"},
        {"Code": "USD", "Description": "United States Dollar"},
    ]


def test_whoever_does_not_accept_json_gets_the_same_in_xml(client):
    row = client.ok("PUT", "/Invoices", invoice(Contact={"Name": "Ada & Son"}, InvoiceNumber="A-1"))
    answer = client.call("GET", "/Invoices/A-1", Accept="application/xml")
    root = ET.fromstring(answer.content)
    assert (root.tag, root.findtext("Status")) == ("Response", "OK")
    assert root.findtext("Invoices/Invoice/InvoiceID") == row["InvoiceID"]
    assert root.findtext("Invoices/Invoice/Contact/Name") == "Ada & Son"
    assert root.findtext("Invoices/Invoice/Date") == "2026-03-01T00:00:00"
    assert root.findtext("Invoices/Invoice/Total") == "119.00"
    assert root.findtext("Invoices/Invoice/LineItems/LineItem/AccountCode") == "200"
    refused = client.call("PUT", "/Contacts", {"Name": ""}, Accept="*/*")
    error = ET.fromstring(refused.content)
    assert (refused.status_code, error.tag, error.findtext("ErrorNumber")) == (400, "ApiException", "10")
    told = error.findtext("Elements/DataContractBase/ValidationErrors/ValidationError/Message")
    assert told == "The contact name must be specified"
    assert client.call("GET", "/Organisation", Accept="*/*", Authorization="Bearer x").json()["Status"] == 401


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff", b'{"Contacts": 5}', b'{"Contacts": [{"Name": {}}]}', b""])
def test_a_body_that_cannot_be_read_is_a_post_data_exception(client, body):
    answer = client.session.put(
        f"{client.base_url}/api.xro/2.0/Contacts", data=body, headers=client.headers, timeout=30
    )
    assert answer.status_code == 400
    assert (answer.json()["ErrorNumber"], answer.json()["Type"]) == (14, "PostDataInvalidException")


@pytest.mark.parametrize("body", [CONTACT, CONTACT["Contacts"], CONTACT["Contacts"][0]])
def test_elements_come_as_an_envelope_a_list_or_one_object(client, body):
    assert client.ok("PUT", "/Contacts", body)["Name"] == "Ada"


def test_one_bad_element_refuses_the_whole_request_unless_errors_are_not_summarised(client):
    batch = {"Contacts": [{"Name": "Ada"}, {"Name": "Bob", "EmailAddress": "nobody"}, {"Name": "Cyd"}]}
    answer = client.call("PUT", "/Contacts", batch)
    assert answer.status_code == 400
    body = answer.json()
    assert (body["ErrorNumber"], body["Type"], body["Message"]) == (
        10,
        "ValidationException",
        "A validation exception occurred",
    )
    (bad,) = body["Elements"]
    assert (bad["Name"], bad["HasValidationErrors"]) == ("Bob", True)
    assert bad["ValidationErrors"] == [{"Message": "Email address must be valid."}]
    assert client.ok("GET", "/Contacts") == []
    assert effects(client) == []


@pytest.mark.parametrize("value", ["false", "False", "FALSE"])
def test_without_summarising_the_good_elements_are_saved_and_each_tells_its_own_story(client, value):
    batch = {"Contacts": [{"Name": "Ada"}, {"Name": "Bob", "EmailAddress": "nobody"}, {"Name": "Cyd"}]}
    rows = client.ok("PUT", f"/Contacts?SummarizeErrors={value}", batch)
    assert [row["StatusAttributeString"] for row in rows] == ["OK", "ERROR", "OK"]
    assert [row["HasValidationErrors"] for row in rows] == [False, True, False]
    assert rows[1]["ValidationErrors"] == [{"Message": "Email address must be valid."}]
    assert [row["Name"] for row in client.ok("GET", "/Contacts")] == ["Ada", "Cyd"]


def test_an_element_sees_what_those_before_it_in_the_batch_did(client):
    twice = {"Contacts": [{"Name": "Ada"}, {"Name": "ada"}]}
    rows = client.ok("PUT", "/Contacts?summarizeErrors=false", twice)
    assert [row["StatusAttributeString"] for row in rows] == ["OK", "ERROR"]


def test_an_idempotency_key_replays_the_answer_without_a_second_effect(client):
    first = client.call("PUT", "/Contacts", CONTACT, Idempotency_Key="k1")
    second = client.call("PUT", "/Contacts", CONTACT, Idempotency_Key="k1")
    assert second.content == first.content
    assert len(effects(client)) == 1
    assert [call["replayed"] for call in client.calls()] == [False, True]
    assert client.calls()[1]["effects"] == []


def test_an_idempotency_key_is_forgotten_after_six_minutes(client):
    client.call("PUT", "/Contacts", CONTACT, Idempotency_Key="k1")
    client.admin("clock", {"offset_seconds": 5 * 60})
    assert client.call("PUT", "/Contacts", CONTACT, Idempotency_Key="k1").status_code == 200
    client.admin("clock", {"offset_seconds": 7 * 60})
    assert client.call("PUT", "/Contacts", CONTACT, Idempotency_Key="k1").status_code == 400


def test_how_long_an_idempotency_key_is_known_can_be_set(client):
    client.admin("limits", {"idempotency_seconds": 60})
    client.call("PUT", "/Contacts", CONTACT, Idempotency_Key="k1")
    client.admin("clock", {"offset_seconds": 59})
    assert client.call("PUT", "/Contacts", CONTACT, Idempotency_Key="k1").status_code == 200
    client.admin("clock", {"offset_seconds": 61})
    assert client.call("PUT", "/Contacts", CONTACT, Idempotency_Key="k1").status_code == 400


def test_an_idempotency_key_of_another_request_is_refused(client):
    client.call("PUT", "/Contacts", CONTACT, Idempotency_Key="k1")
    answer = client.call("PUT", "/Contacts", {"Contacts": [{"Name": "Bob"}]}, Idempotency_Key="k1")
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["Message"]
    assert len(effects(client)) == 1


def test_a_refusal_is_replayed_too(client):
    bad = {"Contacts": [{"Name": ""}]}
    first = client.call("PUT", "/Contacts", bad, Idempotency_Key="k1")
    assert client.call("PUT", "/Contacts", bad, Idempotency_Key="k1").content == first.content
    assert [call["replayed"] for call in client.calls()] == [False, True]


def test_an_idempotency_key_has_at_most_128_characters_and_means_nothing_to_reads(client):
    assert client.call("PUT", "/Contacts", CONTACT, Idempotency_Key="k" * 129).status_code == 400
    assert client.call("PUT", "/Contacts", CONTACT, Idempotency_Key="k" * 128).status_code == 200
    client.call("GET", "/Contacts", Idempotency_Key="g")
    client.ok("PUT", "/Contacts", {"Name": "Bob"})
    assert len(client.call("GET", "/Contacts", Idempotency_Key="g").json()["Contacts"]) == 2


def test_ids_do_not_depend_on_the_order_of_creation(client):
    def ids(*names):
        client.admin("reset", {"seed": 3})
        return {name: client.ok("PUT", "/Contacts", {"Name": name})["ContactID"] for name in names}

    assert ids("Ada", "Bob", "Cyd") == ids("Cyd", "Ada", "Bob")


def test_ids_depend_on_the_seed(client):
    first = client.ok("PUT", "/Contacts", {"Name": "Ada"})["ContactID"]
    client.admin("reset", {"seed": 2})
    assert client.ok("PUT", "/Contacts", {"Name": "Ada"})["ContactID"] != first


def test_effects_tell_what_changed_with_its_natural_key(client):
    client.ok("PUT", "/Invoices", invoice(InvoiceNumber="A-1", Reference="in_1"))
    made = effects(client)
    assert [(effect["operation"], effect["kind"]) for effect in made] == [
        ("create", "contact"),
        ("create", "invoice"),
    ]
    assert (made[1]["number"], made[1]["reference"], made[1]["status"]) == ("A-1", "in_1", "AUTHORISED")


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01"])
def test_an_if_modified_since_that_is_no_date_fails_as_a_precondition(client, since):
    assert client.call("GET", "/Contacts", If_Modified_Since=since).status_code == 412


def test_the_four_limits_are_enforced_when_switched_on(client):
    client.admin("limits", {"enforced": True, "minute": 2, "day": 3})
    assert [client.call("GET", "/Organisation").status_code for _ in range(3)] == [200, 200, 429]
    refused = client.call("GET", "/Organisation")
    assert refused.headers["X-Rate-Limit-Problem"] == "minute"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["X-MinLimit-Remaining"] == "0"
    client.admin("clock", {"offset_seconds": 60})
    assert client.call("GET", "/Organisation").status_code == 200
    refused = client.call("GET", "/Organisation")
    assert refused.headers["X-Rate-Limit-Problem"] == "day"
    assert 1 <= int(refused.headers["Retry-After"]) <= 86400


def test_the_limit_of_the_app_and_of_concurrent_calls_name_no_time(client):
    for limit, problem in (("app_minute", "appminute"), ("concurrent", "concurrent")):
        client.admin("reset", {})
        client.admin("limits", {"enforced": True, limit: 0})
        refused = client.call("GET", "/Organisation")
        assert (refused.status_code, refused.headers["X-Rate-Limit-Problem"]) == (429, problem)
        assert "Retry-After" not in refused.headers


def test_calls_at_the_same_time_are_counted_with_those_that_are_slow(client, server):
    client.admin("limits", {"enforced": True, "concurrent": 1})
    client.admin("faults", {"faults": [{"match": "GET *currencies", "fault": "slow", "seconds": 600}]})
    waiting = threading.Thread(target=lambda: suppressed(client.call, "GET", "/Currencies"), daemon=True)
    waiting.start()
    for _ in range(200):
        answer = requests.get(f"{client.base_url}/api.xro/2.0/Organisation", headers=client.headers, timeout=30)
        if answer.status_code == 429:
            break
    assert answer.headers["X-Rate-Limit-Problem"] == "concurrent"
    server.close()
    waiting.join()


def suppressed(call, *arguments):
    with suppress(requests.ConnectionError):
        call(*arguments)


def test_a_request_is_at_most_three_and_a_half_megabytes(client):
    body = {"Contacts": [{"Name": "Ada", "Website": "x" * 3_500_000}]}
    assert client.call("PUT", "/Contacts", body).status_code == 413


def test_limits_are_off_by_default(client):
    assert {client.call("GET", "/Currencies").status_code for _ in range(70)} == {200}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("rules", {"no_such_rule": True}),
        ("rules", {"line_total_must_match": 1}),
        ("limits", {"minute": "x"}),
        ("organisation", {"timezone": "Moon"}),
        ("organisation", {"period_lock_date": "soon"}),
        ("organisation", []),
    ],
)
def test_settings_of_the_sandbox_that_make_no_sense_are_refused(client, path, body):
    answer = client.session.post(f"{client.base_url}/_sandbox/{path}", json=body, timeout=30)
    assert answer.status_code == 400
    assert answer.json()["error"]
