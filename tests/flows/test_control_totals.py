"""Control totals: each month of each currency is held against what a system says of its own documents."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.kinds import Kind
from core.store import connections
from core.store.reading.control import controls

ROOT = Path(__file__).parents[2]


@pytest.fixture
def totals(hub):
    """By system, what and currency: {month: (ours, theirs)}, in minor units."""

    def read():
        with hub.store.read() as database:
            links = {one.id: one for one in connections.connections(database, hub.workspace_id)}
            found = controls(database, hub.workspace_id, list(links.values()))
        months = {}
        for one in found:
            key = (links[one.connection_id].name, one.what, one.currency)
            months.setdefault(key, {})[one.period] = (one.ours_minor, one.theirs_minor)
        return months

    return read


@pytest.fixture
def reconcile(hub):
    """What the command says, and how it ends."""

    def run(*options):
        done = subprocess.run(
            [sys.executable, "-m", "cli", "reconcile", *options],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **hub.environment},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    return run


def loose(months):
    return {key for key, of in months.items() for ours, theirs in of.values() if ours != theirs}


def a_month_of_trade(hub, outside):
    outside.trade()
    open_one = outside.invoice(outside.customer(), currency="usd", tax="")
    hub.pull()
    hub.pull()
    assert hub.open_work() == {}
    return open_one


def test_every_month_ties_at_both_ends(hub, outside, totals):
    a_month_of_trade(hub, outside)
    months = totals()
    assert {name for name, _, _ in months} == {"Stripe", "Xero"}
    kinds = {"invoice total", "invoice tax", "invoice due", "credit note", "payment", "refund"}
    assert {what for _, what, _ in months} >= kinds
    assert loose(months) == set()


def test_a_document_that_somebody_dated_into_another_month_shows_although_the_sums_are_equal(hub, outside, totals):
    invoice = a_month_of_trade(hub, outside)
    [there] = [one for one in outside.xero("GET", "Invoices")["Invoices"] if one["InvoiceNumber"] == invoice["number"]]
    outside.xero("POST", f"Invoices/{there['InvoiceID']}", {"InvoiceID": there["InvoiceID"], "Date": "2020-02-29"})
    hub.pull()
    months = totals()["Xero", "invoice total", "USD"]
    assert sum(ours for ours, _ in months.values()) == sum(theirs for _, theirs in months.values())
    assert months["2020-02"] == (0, invoice["total"])
    assert loose(totals()) == {("Xero", what, "USD") for what in ("invoice total", "invoice due")}


def test_what_has_not_arrived_yet_does_not_tie(hub, outside, totals):
    outside.sell()
    hub.tell_all()
    for lane in hub.lanes_due("ingest"):
        hub.drain("ingest", Kind(lane.kind), "Stripe")
    assert {name for name, _, _ in loose(totals())} == {"Xero"}


def test_the_command_ends_with_0_only_if_everything_ties(hub, outside, reconcile):
    invoice = a_month_of_trade(hub, outside)
    code, out, _ = reconcile("--json")
    told = json.loads(out)
    assert (code, told["ties"], told["documents"]) == (0, True, [])
    assert {row["difference"] for row in told["totals"]} == {"0.00"}
    [there] = [one for one in outside.xero("GET", "Invoices")["Invoices"] if one["InvoiceNumber"] == invoice["number"]]
    outside.xero("POST", f"Invoices/{there['InvoiceID']}", {"InvoiceID": there["InvoiceID"], "Status": "VOIDED"})
    hub.pull()
    code, out, error = reconcile("--json")
    assert (code, json.loads(out)["ties"]) == (1, False)
    assert [row["document"] for row in json.loads(out)["documents"]] == [f"invoice {invoice['number']}"]
    assert json.loads(error) == {"error": "2 of 14 totals do not tie; documents that differ: 1."}
    code, out, error = reconcile()
    assert code == 1
    assert f"invoice {invoice['number']}" in out
    assert error == "subledger: 2 of 14 totals do not tie; documents that differ: 1.\n"
