"""The demo for real: it comes out equal, a second run writes nothing, and it notices what was broken."""

import pytest
import requests

from demo.run import Demo

pytestmark = [pytest.mark.slow, pytest.mark.timeout(450)]


@pytest.fixture(scope="module", params=[("sqlite", 3), ("postgresql", 4)], ids=lambda param: param[0])
def finished(request, empty_database):
    """One run of the demo that came out equal, on a database of its own or on a server, its sandboxes still up."""
    kind, seed = request.param
    with empty_database(kind) as url, pytest.MonkeyPatch.context() as environment:
        environment.setenv("DATABASE_URL", url)
        yield from played(seed)


def played(seed):
    with Demo(seed=seed) as demo:
        demo.play()
        verdict = demo.judge()
        assert verdict.problems == []
        yield demo


def effects(demo):
    return {
        vendor: [call["effects"] for call in demo.sandboxes.calls(vendor) if call["effects"]]
        for vendor in demo.sandboxes.line
    }


def test_faults_struck_on_the_way(finished):
    answered = [call for call in finished.sandboxes.calls("xero") if call["method"] in {"PUT", "POST"}]
    assert [call["status"] for call in answered].count(429) == 1
    assert [call["fault"] for call in answered].count("commit_then_close") == 2


def test_a_second_run_of_the_drains_writes_nothing_and_changes_nothing(finished):
    before, known = effects(finished), finished.hub.state_hash()
    assert len(before["xero"]) >= 10
    finished.hub.drain_again()
    assert effects(finished) == before
    assert finished.hub.state_hash() == known


def test_a_credit_note_that_somebody_changes_at_xero_is_found_by_its_number(finished):
    number, currency = break_a_credit_note_at_xero(finished)
    problems = finished.judge().problems
    assert any(problem.startswith(f"credit note {number}: credit note is ") for problem in problems), problems
    assert any(problem.startswith(f"credit note {currency} differs by 1") for problem in problems), problems


def break_a_credit_note_at_xero(demo):
    """Takes its payments off and makes its first line one unit dearer, as a careless person could. Its number."""
    note = next(note for note in demo.xero.all("CreditNotes") if note["Payments"])
    for payment in note["Payments"]:
        post(demo, f"Payments/{payment['PaymentID']}", {"Status": "DELETED"})
    first, *others = note["LineItems"]
    kept = {name: first[name] for name in ("AccountCode", "TaxType", "LineItemID")}
    dearer = {**kept, "Description": "one more", "Quantity": 1, "TaxAmount": str(first["TaxAmount"])}
    dearer["UnitAmount"] = str(first["LineAmount"] + 1)
    lines = [dearer, *({"LineItemID": line["LineItemID"]} for line in others)]
    post(demo, f"CreditNotes/{note['CreditNoteID']}", {"CreditNoteID": note["CreditNoteID"], "LineItems": lines})
    return note["CreditNoteNumber"], note["CurrencyCode"]


def post(demo, path, element):
    keys = demo.sandboxes.line["xero"]
    headers = {
        "Authorization": f"Bearer {keys['access_token']}",
        "xero-tenant-id": keys["tenant_id"],
        "Accept": "application/json",
        "User-Agent": "a careless person",
    }
    answer = requests.post(f"{keys['base_url']}/api.xro/2.0/{path}", json=element, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
