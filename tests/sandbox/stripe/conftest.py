import importlib.util
import json
import sys
from pathlib import Path

import pytest
import stripe

from sandbox.server import serve
from sandbox.stripe import Stripe
from sandbox.stripe.routes import ROUTER

_spec = importlib.util.spec_from_file_location("stripe_contract", Path(__file__).with_name("contract.py"))
contract = importlib.util.module_from_spec(_spec)
sys.modules["stripe_contract"] = contract
_spec.loader.exec_module(contract)


class Judged(Stripe):
    """The sandbox with every answer held against the derived contract, where that is present."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.complaints = []
        self.driven = set()
        """Routes that the official client has asked."""

    def handle(self, request):
        response = super().handle(request)
        route = ROUTER.find(request.method, request.path)
        if route and "PythonBindings" in request.headers.get("user-agent", ""):
            self.driven.add(route[0])
        if contract.path():
            body = json.loads(response.body)
            found = contract.complaints(request.method, request.path, response.status, body)
            for complaint in found or ():
                self.complaints.append(f"{request.method} {request.path} {response.status}: {complaint}")
        return response


@pytest.fixture(scope="module")
def _served():
    vendor = Judged()
    server = serve(vendor)
    yield vendor, server
    server.close()


@pytest.fixture
def vendor(_served):
    """The vendor itself, fresh for each test; at its end, every answer must have kept to the contract."""
    vendor, _ = _served
    vendor.clock.move_to_offset(0)
    vendor.reset(1)
    vendor.complaints.clear()
    vendor.driven.clear()
    yield vendor
    assert vendor.complaints == []


@pytest.fixture
def base_url(_served, vendor):
    return _served[1].base_url


@pytest.fixture
def client(base_url):
    """The official client with nothing changed but addresses."""
    addresses = dict.fromkeys(("api", "connect", "files", "meter_events"), base_url)
    return stripe.StripeClient("sk_test_sandbox_subledger", base_addresses=addresses, max_network_retries=0)


@pytest.fixture
def api(client):
    return client.v1


@pytest.fixture
def customer(api):
    """One who can pay: a card is attached and is the default."""
    made = api.customers.create({"name": "Acme", "email": "books@acme.example"})
    method = api.payment_methods.attach("pm_card_visa", {"customer": made.id})
    settings = {"default_payment_method": method.id}
    return api.customers.update(made.id, {"invoice_settings": settings})


@pytest.fixture
def events(api):
    """Types and objects of all events, oldest first."""

    def listed(**params):
        found = list(api.events.list({"limit": 100, **params}).auto_paging_iter())
        return [(event.type, event.data.object) for event in reversed(found)]

    return listed
