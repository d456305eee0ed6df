"""What happens to a document after it was written: it is written again only where that changes what it says there."""

import pytest

from core.kinds import Kind
from worker.lane import Held


def writes(outside, plural):
    calls = [call for call in outside.calls("xero") if call["path"].endswith(f"/{plural}")]
    return [call["method"] for call in calls if call["method"] != "GET"]


def written_open_and_paid(hub, outside):
    invoice = outside.invoice(outside.customer())
    hub.tell_all()
    hub.work()
    outside.pay(invoice)
    hub.tell_all()
    hub.work()
    assert hub.open_work() == {}
    assert writes(outside, "Invoices") == ["PUT"]
    assert outside.agree()


def test_an_invoice_that_was_written_open_is_not_written_again_when_it_is_paid(hub, outside):
    written_open_and_paid(hub, outside)


def test_an_invoice_that_is_lowered_by_a_credit_note_is_not_written_again(hub, outside):
    invoice = outside.invoice(outside.customer())
    hub.tell_all()
    hub.work()
    outside.stripe.create("credit_notes", invoice=invoice["id"], amount=1000)
    hub.tell_all()
    hub.work()
    assert hub.open_work() == {}
    assert (writes(outside, "Invoices"), writes(outside, "Allocations")) == (["PUT"], ["PUT"])


def test_a_contact_that_changed_is_written_again_and_once(hub, outside):
    customer = outside.customer()
    outside.invoice(customer)
    hub.tell_all()
    hub.work()
    outside.stripe.create(f"customers/{customer['id']}", email="ada@books.example")
    outside.stripe.create(f"customers/{customer['id']}", metadata={"a": "b"})
    hub.tell_all()
    hub.work()
    assert writes(outside, "Contacts") == ["PUT", "POST"]


def test_an_invoice_whose_answer_was_lost_is_not_written_again_when_it_is_paid(open_hub, outside):
    hub = open_hub(xero={"read_seconds": "0.3"})
    outside.fail("xero", {"match": "PUT /api.xro/2.0/Invoices", "fault": "commit_then_close"})
    written_open_and_paid(hub, outside)


@pytest.mark.parametrize("moment", ["_sort_out", "_prepared"])
def test_news_that_come_between_choosing_and_sending_are_what_is_sent(hub, outside, monkeypatch, moment):
    customer = outside.customer()
    outside.invoice(customer)
    hub.tell_all()
    hub.work()
    names = iter(["Second Name", "Third Name"])

    def rename():
        if name := next(names, None):
            outside.stripe.create(f"customers/{customer['id']}", name=name)
            hub.tell_all()
            hub.drain("ingest", Kind.CUSTOMER, "Stripe")

    original = Held.write

    def write(held, what):
        if getattr(getattr(what, "func", None), "__name__", "") == moment:
            rename()
        return original(held, what)

    rename()
    monkeypatch.setattr(Held, "write", write)
    hub.work()
    assert hub.open_work() == {}
    assert [contact["Name"] for contact in outside.xero("GET", "Contacts")["Contacts"]] == ["Third Name"]
