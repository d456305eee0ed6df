import copy

import pytest
from stripe_contract import complaints, of_kind, operations, path

from sandbox.stripe.event_types import EVENT_TYPES
from sandbox.stripe.routes import ROUTES

needs_contract = pytest.mark.skipif(
    path() is None, reason="the vendor contracts are absent: set SUBLEDGER_CONTRACTS to their folder"
)


@pytest.fixture
def invoice(api, customer):
    return api.invoices.create({"customer": customer.id, "currency": "eur"}).to_dict()


@needs_contract
def test_the_judge_lets_a_right_answer_pass(invoice):
    assert complaints("POST", "/v1/invoices", 200, invoice) == []
    page = {"object": "list", "data": [invoice], "has_more": False, "url": "/v1/invoices"}
    assert complaints("GET", "/v1/invoices", 200, page) == []


@needs_contract
@pytest.mark.parametrize(
    ("name", "value"),
    [("paid", True), ("total", "12.00"), ("status", 1), ("lines", []), ("customer", {"id": "cus_1"})],
)
def test_the_judge_refuses_a_field_that_is_unknown_or_of_a_wrong_type(invoice, name, value):
    wrong = {**copy.deepcopy(invoice), name: value}
    assert complaints("POST", "/v1/invoices", 200, wrong)
    page = {"object": "list", "data": [wrong], "has_more": False, "url": "/v1/invoices"}
    assert complaints("GET", "/v1/invoices", 200, page)


@needs_contract
def test_the_judge_misses_a_field_that_is_required(invoice):
    del invoice["amount_due"]
    assert any("amount_due" in complaint for complaint in complaints("POST", "/v1/invoices", 200, invoice))


@needs_contract
def test_every_route_is_an_operation_of_the_contract():
    known = {(method, template.count("{"), template.split("{")[0]) for method, template, *_ in operations()}
    played = {(route.method, route.path.count("{"), route.path.split("{")[0]) for route in ROUTES}
    assert {one for one in played - known if "/billing/" not in one[2]} == set()


@needs_contract
def test_every_event_type_is_one_of_the_contract():
    for type_ in EVENT_TYPES:
        event = {"id": "evt_1", "object": "event", "created": 1, "livemode": False, "pending_webhooks": 0}
        assert of_kind("Event", {**event, "data": {"object": {}}, "type": type_}) == []
