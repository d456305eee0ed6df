import json

from sandbox.kit import Request
from sandbox.xero import Xero


def test_all_state_survives_a_restart(client, invoiced, xero):
    client.ok("PUT", "/Items", {"Code": "a"})
    row = invoiced(InvoiceNumber="A-1")
    body = {
        "Invoice": {"InvoiceNumber": "A-1"},
        "Account": {"Code": "1200"},
        "Date": "2026-03-05",
        "Amount": 19,
    }
    client.ok("PUT", "/Payments", body)
    client.admin("organisation", {"period_lock_date": "2026-01-31"})
    saved = json.loads(json.dumps(xero.state()))
    other = Xero()
    other.restore(saved)
    assert other.state() == saved
    headers = {name.lower(): value for name, value in client.headers.items()}
    answer = other.handle(Request("GET", f"/api.xro/2.0/Invoices/{row['InvoiceID']}", headers=headers))
    assert json.loads(answer.body)["Invoices"][0]["AmountDue"] == 100


def test_two_runs_with_one_seed_hold_the_same_ids(client, invoiced):
    def run(seed):
        client.admin("reset", {"seed": seed})
        return invoiced(InvoiceNumber="A-1", Reference="x")["LineItems"][0]["LineItemID"]

    assert run(1) == run(1) != run(2)


def test_stale_reads_show_what_was_there_when_the_fault_was_set(client, invoiced):
    invoiced(InvoiceNumber="A-1")
    client.admin("faults", {"faults": [{"match": "GET *Invoices*", "fault": "stale", "times": 1}]})
    invoiced(InvoiceNumber="A-2")
    assert [row["InvoiceNumber"] for row in client.ok("GET", "/Invoices")] == ["A-1"]
    assert [row["InvoiceNumber"] for row in client.ok("GET", "/Invoices")] == ["A-1", "A-2"]


def test_a_401_in_the_middle_has_the_vendors_body(client):
    client.admin("faults", {"faults": [{"match": "* /api.xro/*", "fault": "refuse", "status": 401, "skip": 1}]})
    assert client.call("GET", "/Organisation").status_code == 200
    refused = client.call("GET", "/Organisation")
    assert (refused.status_code, refused.json()["Title"]) == (401, "Unauthorized")
    assert client.call("GET", "/Organisation").status_code == 200
