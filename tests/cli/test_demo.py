"""The demo for real: what it prints, that a second run writes nothing, and that it notices what was broken."""

import json
import re
from pathlib import Path

import pytest
import requests

from cli import show
from demo import auditor
from demo.run import Demo, Verdict

README = Path(__file__).parents[2] / "README.md"
PATIENCE_SECONDS = 170
AMOUNT = re.compile(r"\d+\.\d\d")


def test_the_demo_ends_with_0_and_prints_one_line_of_equal_rows(fresh):
    with fresh.started("demo", "--json") as process:
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, err) == (0, "")
    (line,) = out.splitlines()
    told = json.loads(line)
    assert sorted(told) == ["calls", "rows", "seconds"]
    for row in told["rows"]:
        assert list(row) == ["kind", "currency", "stripe", "subledger", "xero", "difference"]
        assert all(AMOUNT.fullmatch(row[column]) for column in list(row)[2:])
        assert row["stripe"] == row["subledger"] == row["xero"]
        assert row["difference"] == "0.00"
    kinds = {row["kind"] for row in told["rows"]}
    assert {(row["kind"], row["currency"]) for row in told["rows"]} == {
        (kind, currency) for kind in kinds for currency in ("EUR", "USD")
    }
    assert kinds >= {"invoice total", "invoice tax", "payment"}
    assert [" ".join(row.values()) for row in told["rows"]] == rows_of_the_readme()
    assert sorted(told["calls"]) == ["stripe", "xero"]
    assert all(type(count) is int and count > 0 for count in told["calls"].values())
    assert told["seconds"] > 0


def rows_of_the_readme():
    """What it shows of the demo, spaces apart; it has to be what the demo prints."""
    (shown,) = re.findall(r"```text\nkind .*?\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    return [" ".join(line.split()) for line in shown.splitlines()]


@pytest.fixture(scope="module")
def finished():
    """One run of the demo that came out equal, its sandboxes still up."""
    with Demo() as demo:
        demo.play()
        demo.wait()
        verdict = demo.judge()
        assert verdict.problems == []
        yield demo


def effects(demo):
    return {
        vendor: [call["effects"] for call in demo.sandboxes.calls(vendor) if call["effects"]]
        for vendor in demo.sandboxes.line
    }


def test_a_second_run_of_the_drains_writes_nothing_and_changes_nothing(finished):
    before, known = effects(finished), finished.hub.state_hash()
    assert len(before["xero"]) >= 3
    finished.hub.drain_again()
    assert effects(finished) == before
    assert finished.hub.state_hash() == known


def test_an_amount_that_somebody_changes_at_xero_is_found_by_the_documents_name(finished):
    number = break_an_invoice_at_xero(finished)
    problems = finished.judge().problems
    assert any(problem.startswith(f"{number} differs: Stripe has ") for problem in problems), problems
    assert any(re.match(r"invoice total \w+ differs by 1\.00$", problem) for problem in problems), problems


def break_an_invoice_at_xero(demo):
    """Takes its payments off and makes its first line one unit dearer, as a careless person could. Its number."""
    keys = demo.sandboxes.line["xero"]
    headers = {
        "Authorization": f"Bearer {keys['access_token']}",
        "xero-tenant-id": keys["tenant_id"],
        "Accept": "application/json",
        "User-Agent": "a careless person",
    }
    url = f"{keys['base_url']}/api.xro/2.0"
    _, theirs = demo._documents()
    number = theirs[0].number
    found = requests.get(f"{url}/Invoices/{number}", headers=headers, timeout=30).json()["Invoices"][0]
    for payment in found["Payments"]:
        deleted = requests.post(
            f"{url}/Payments/{payment['PaymentID']}", headers=headers, json={"Status": "DELETED"}, timeout=30
        )
        assert deleted.status_code == 200, deleted.text
    lines = found["LineItems"]
    lines[0] = {"Description": "one more", "Quantity": 1, "UnitAmount": lines[0]["LineAmount"] + 1} | {
        name: lines[0][name] for name in ("AccountCode", "TaxType", "TaxAmount", "LineItemID")
    }
    changed = requests.post(
        f"{url}/Invoices/{found['InvoiceID']}",
        headers=headers,
        json={"InvoiceID": found["InvoiceID"], "LineItems": lines},
        timeout=30,
    )
    assert changed.status_code == 200, changed.text
    return number


def test_what_is_not_equal_is_printed_as_a_whole_and_ends_with_1(fresh, monkeypatch):
    row = {"kind": "invoice total", "currency": "EUR", "stripe": "1.00", "subledger": "1.00", "xero": "0.99"}
    verdict = Verdict(
        [row | {"difference": "0.01"}], {"stripe": {"GET": 2}, "xero": {"GET": 1, "PUT": 1}}, ["IN-1 differs"]
    )
    monkeypatch.setattr(show, "run_demo", lambda: (verdict, 3))
    done = fresh("demo", "--json")
    assert done.code == 1
    assert json.loads(done.out)["rows"][0]["difference"] == "0.01"
    assert json.loads(done.out)["calls"] == {"stripe": 2, "xero": 2}
    assert json.loads(done.err) == {"error": "Not everything is equal: IN-1 differs"}
    assert "0.99" in fresh("demo").out


def test_documents_that_are_missing_or_twice_are_named():
    document = auditor.Document("IN-1", "EUR", *map(auditor.Decimal, ("1.19", "0.19", "0", "1.19")))
    assert auditor.mismatches([document], [document]) == []
    assert auditor.mismatches([document], []) == ["IN-1 is in Stripe only"]
    assert auditor.mismatches([], [document]) == ["IN-1 is in Xero only"]
    assert "IN-1 stands twice on one side" in auditor.mismatches([document], [document, document])
