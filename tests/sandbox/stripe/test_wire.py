import base64
import json

import pytest
import requests
import stripe

from sandbox.stripe.wire import decode

KEY = "sk_test_sandbox_subledger"


@pytest.fixture
def raw(base_url):
    def call(method, path, body=None, key=KEY, **headers):
        return requests.request(
            method,
            base_url + path,
            data=body,
            headers={
                "Authorization": f"Bearer {key}",
                "Content-Type": "application/x-www-form-urlencoded",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
            timeout=10,
        )

    return call


@pytest.mark.parametrize(
    ("form", "tree"),
    [
        ("a=1", {"a": "1"}),
        ("a[b]=1&a[c]=2", {"a": {"b": "1", "c": "2"}}),
        ("a%5Bb%5D=1+2", {"a": {"b": "1 2"}}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[0]=1&a[1]=2", {"a": {"0": "1", "1": "2"}}),
        ("a[][b]=1&a[][c]=2&a[][b]=3", {"a": [{"b": "1", "c": "2"}, {"b": "3"}]}),
        ("a[0][b][c]=1", {"a": {"0": {"b": {"c": "1"}}}}),
        ("a=", {"a": ""}),
    ],
)
def test_brackets_become_a_tree(form, tree):
    assert decode(form) == tree


def test_lists_are_taken_with_and_without_indexes(raw):
    for form in (
        "preferred_locales[0]=de&preferred_locales[1]=en",
        "preferred_locales[]=de&preferred_locales[]=en",
    ):
        assert raw("POST", "/v1/customers", form).json()["preferred_locales"] == ["de", "en"]


def test_an_empty_string_unsets(api):
    made = api.customers.create({"description": "x", "metadata": {"a": "1", "b": "2"}})
    changed = api.customers.update(made.id, {"description": "", "metadata": {"a": ""}})
    assert changed.description is None
    assert changed.metadata.to_dict() == {"b": "2"}
    assert api.customers.update(made.id, {"metadata": ""}).metadata.to_dict() == {}


@pytest.mark.parametrize(
    ("form", "code", "param"),
    [
        ("nmae=x", "parameter_unknown", "nmae"),
        ("address[town]=x", "parameter_unknown", "address[town]"),
        ("balance=ten", "parameter_invalid_integer", "balance"),
        ("balance=1.5", "parameter_invalid_integer", "balance"),
    ],
)
def test_a_wrong_parameter_is_named(raw, form, code, param):
    answer = raw("POST", "/v1/customers", form)
    error = answer.json()["error"]
    assert answer.status_code == 400
    assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", code, param)


def test_a_missing_parameter_is_named(raw):
    error = raw("POST", "/v1/products", "").json()["error"]
    assert (error["code"], error["param"]) == ("parameter_missing", "name")
    error = raw("POST", "/v1/products", "name=").json()["error"]
    assert (error["code"], error["param"]) == ("parameter_invalid_empty", "name")


@pytest.mark.parametrize(
    "metadata",
    [{f"k{n}": "v" for n in range(51)}, {"k" * 41: "v"}, {"k": "v" * 501}],
)
def test_metadata_has_limits(api, metadata):
    with pytest.raises(stripe.InvalidRequestError, match=r"(?i)metadata"):
        api.customers.create({"metadata": metadata})


def test_metadata_at_its_limits_is_kept(api):
    metadata = {f"{n:040}": "v" * 500 for n in range(50)}
    assert api.customers.create({"metadata": metadata}).metadata.to_dict() == metadata


def test_what_the_address_names_is_missing_with_404_and_what_a_parameter_names_with_400(raw):
    by_address = raw("GET", "/v1/customers/cus_nobody")
    assert by_address.status_code == 404
    assert by_address.json()["error"]["code"] == "resource_missing"
    assert by_address.json()["error"]["message"] == "No such customer: 'cus_nobody'"
    by_parameter = raw("POST", "/v1/invoices", "customer=cus_nobody")
    assert by_parameter.status_code == 400
    assert by_parameter.json()["error"]["param"] == "customer"


def test_an_unknown_address_is_said_to_be_so(raw):
    answer = raw("GET", "/v1/nothing")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"].startswith("Unrecognized request URL (GET: /v1/nothing)")


@pytest.mark.parametrize("key", ["", "sk_test_sandbox_wrong"])
def test_a_wrong_key_is_refused(raw, key):
    assert raw("GET", "/v1/customers", key=key).status_code == 401


def test_the_key_may_come_by_basic_authentication(raw):
    basic = base64.b64encode(f"{KEY}:".encode()).decode()
    assert raw("GET", "/v1/customers", Authorization=f"Basic {basic}").status_code == 200


def test_only_the_pinned_version_is_played(raw):
    answer = raw("GET", "/v1/customers", Stripe_Version="2020-08-27")
    assert answer.status_code == 400
    assert "2026-10-28.endive" in answer.json()["error"]["message"]


def test_every_answer_says_its_request_id_and_version(raw):
    first, second = (raw("GET", "/v1/customers") for _ in range(2))
    assert first.headers["Request-Id"] != second.headers["Request-Id"]
    assert first.headers["Stripe-Version"] == "2026-10-28.endive"


def test_another_account_cannot_be_acted_on(raw):
    assert raw("GET", "/v1/customers", Stripe_Account="acct_other").status_code == 403


def test_a_key_answers_once_and_replays(raw, vendor):
    first = raw("POST", "/v1/customers", "name=Acme", Idempotency_Key="k1")
    second = raw("POST", "/v1/customers", "name=Acme", Idempotency_Key="k1")
    assert second.json() == first.json()
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.headers["Idempotency-Key"] == "k1"
    assert len(list(vendor.account.store.every("customer"))) == 1


def test_a_key_stands_for_its_parameters(raw):
    raw("POST", "/v1/customers", "name=Acme", Idempotency_Key="k1")
    for path, form in (("/v1/customers", "name=Other"), ("/v1/products", "name=Acme")):
        answer = raw("POST", path, form, Idempotency_Key="k1")
        assert answer.status_code == 400
        assert answer.json()["error"]["type"] == "idempotency_error"


def test_a_malformed_request_is_not_remembered(raw):
    assert raw("POST", "/v1/products", "", Idempotency_Key="k1").status_code == 400
    assert raw("POST", "/v1/products", "name=Plan", Idempotency_Key="k1").status_code == 200


def test_a_refusal_in_the_course_of_the_work_is_remembered(raw, api, customer):
    empty = api.invoices.create({"customer": customer.id})
    first = raw("POST", f"/v1/invoices/{empty.id}/finalize", "", Idempotency_Key="k1")
    api.invoice_items.create({"customer": customer.id, "invoice": empty.id, "amount": 500, "currency": "eur"})
    second = raw("POST", f"/v1/invoices/{empty.id}/finalize", "", Idempotency_Key="k1")
    assert (first.status_code, second.status_code) == (400, 400)
    assert second.headers["Idempotent-Replayed"] == "true"


def test_a_key_is_forgotten_after_a_day(raw, vendor):
    first = raw("POST", "/v1/customers", "name=Acme", Idempotency_Key="k1")
    vendor.clock.move_to_offset(24 * 3600 + 1)
    second = raw("POST", "/v1/customers", "name=Acme", Idempotency_Key="k1")
    assert second.json()["id"] != first.json()["id"]


def test_the_call_log_tells_what_a_request_changed_once(raw, base_url, api, customer):
    invoice = api.invoices.create({"customer": customer.id, "currency": "eur"})
    api.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": 500})
    for _ in range(2):
        raw("POST", f"/v1/invoices/{invoice.id}/finalize", "", Idempotency_Key="k1")
    calls = requests.get(f"{base_url}/_sandbox/calls", timeout=10).json()["calls"][-2:]
    number = api.invoices.retrieve(invoice.id).number
    effect = {"operation": "update", "kind": "invoice", "id": invoice.id, "number": number}
    assert effect in calls[0]["effects"]
    assert calls[1]["effects"] == []
    assert [call["replayed"] for call in calls] == [False, True]


def test_the_same_seed_gives_the_same_ids(api, base_url):
    def made():
        requests.post(f"{base_url}/_sandbox/reset", data=json.dumps({"seed": 7}), timeout=10)
        return api.customers.create({"name": "Acme"}).id

    assert made() == made()


def test_a_key_counts_for_a_post_only(base_url):
    headers = {"Authorization": "Bearer sk_test_sandbox_subledger", "Idempotency-Key": "k1"}
    empty = requests.get(f"{base_url}/v1/customers", headers=headers, timeout=10)
    assert requests.post(f"{base_url}/v1/customers", headers=headers, timeout=10).status_code == 200
    full = requests.get(f"{base_url}/v1/customers", headers=headers, timeout=10)
    assert [len(one.json()["data"]) for one in (empty, full)] == [0, 1]
