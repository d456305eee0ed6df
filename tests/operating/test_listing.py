"""The lists of the command line, over a hub that has sold a little."""

import json
import os
import subprocess
import sys

import pytest

from demo.hub import DemoHub
from demo.stripe_account import StripeAccount

_ROUNDS_MAX = 12


@pytest.fixture
def asked(made, wanted, vendors):
    """Asks the command for JSON, after six invoices were sold and delivered."""
    import shop

    hub, what = made
    keys = vendors.line()["stripe"]
    stripe = StripeAccount(keys["base_url"], keys["api_key"])
    shop.sell(stripe, *shop.catalogue(stripe))
    demo = DemoHub({}, None, hub, what, None, None)
    for _ in range(_ROUNDS_MAX):
        demo.drain_again()
        if not demo.open_work():
            break
        hub.clock.sleep(0.6)
    environment = {**os.environ, "SUBLEDGER_HOME": str(wanted.home), "DATABASE_URL": wanted.database_url}

    def ask(*words):
        command = [sys.executable, "-m", "cli", *words, "--json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
        return json.loads(done.stdout)

    return ask


def test_records_are_found_by_number_customer_and_amount(asked):
    invoices = asked("records", "invoice")["rows"]
    assert len(invoices) == 6
    one = invoices[0]
    assert one["id"].startswith("inv_")
    assert one["elsewhere"] == "Xero: delivered"
    number = one["name"].removeprefix("invoice ")
    for text in (number, one["customer"], one["amount"]):
        assert one["id"] in {row["id"] for row in asked("records", "invoice", text)["rows"]}, text
    assert asked("records", "invoice", "nobody of that name")["rows"] == []


def test_deliveries_and_events_are_listed_by_state(asked):
    delivered = asked("deliveries", "--state", "delivered", "--kind", "payment")["rows"]
    assert {(row["connection"], row["state"]) for row in delivered} == {("Xero", "delivered")}
    assert len(delivered) == 6
    assert asked("deliveries", "--state", "parked")["rows"] == []
    assert asked("events", "--state", "parked") == {"rows": [], "older": None}
