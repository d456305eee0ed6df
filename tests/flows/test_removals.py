"""What is taken back at the gateway is taken out of the ledger: what rests on something goes before it."""

import pytest

from core.kinds import Kind


def credited(outside, invoice, amount=1000):
    """A part of an open invoice is credited before anything was paid: it lowers what is due."""
    return outside.stripe.create("credit_notes", invoice=invoice["id"], amount=amount)


def void(outside, *paths):
    for path in paths:
        outside.stripe.create(f"{path}/void")


def settle(hub):
    hub.tell_all()
    hub.work()
    assert hub.open_work() == {}, hub.sentences()


def standing(outside):
    """(status of the invoice, what is due of it, status of the credit note, how much of it is left)"""
    (invoice,) = outside.xero("GET", "Invoices?page=1")["Invoices"]
    (note,) = outside.xero("GET", "CreditNotes?page=1")["CreditNotes"]
    return invoice["Status"], invoice["AmountDue"], note["Status"], note["RemainingCredit"]


def refusals(outside):
    """What Xero was asked and refused."""
    return [call for call in outside.calls("xero") if '"ValidationErrors": [{' in str(call.get("response", ""))]


@pytest.fixture
def open_invoice(outside, hub):
    return outside.invoice(outside.customer())


@pytest.mark.parametrize("told_first", [Kind.CREDIT_NOTE, Kind.ALLOCATION])
def test_an_allocation_is_taken_off_before_its_credit_note_is_voided(outside, hub, open_invoice, told_first):
    note = credited(outside, open_invoice)
    settle(hub)
    assert standing(outside)[2:] == ("PAID", 0)

    void(outside, f"credit_notes/{note['id']}")
    hub.tell_all()
    hub.work(until=lambda: hub.lanes_due("deliver"))
    hub.clock.sleep(1)
    hub.drain("deliver", told_first, "Xero")
    settle(hub)

    assert standing(outside) == ("AUTHORISED", float(open_invoice["total"]) / 100, "VOIDED", 0)


def test_a_void_credit_note_and_its_void_invoice_leave_one_after_the_other(outside, hub, open_invoice):
    note = credited(outside, open_invoice)
    settle(hub)
    void(outside, f"credit_notes/{note['id']}", f"invoices/{open_invoice['id']}")
    settle(hub)
    assert standing(outside) == ("VOIDED", 0, "VOIDED", 0)


def test_an_invoice_that_was_voided_before_its_credit_was_known_to_be_is_voided_in_the_end(outside, hub, open_invoice):
    note = credited(outside, open_invoice)
    settle(hub)
    void(outside, f"credit_notes/{note['id']}", f"invoices/{open_invoice['id']}")

    told = outside.events()
    hub.tell(*[event for event in told if event["type"] == "invoice.voided"])
    hub.work()
    assert hub.open_work() == {"delivery parked": 1}
    hub.tell(*told)
    hub.work()

    assert hub.open_work() == {}, hub.sentences()
    assert standing(outside) == ("VOIDED", 0, "VOIDED", 0)


def test_a_void_that_was_never_sent_needs_nothing_taken_off(outside, hub, open_invoice):
    note = credited(outside, open_invoice)
    void(outside, f"credit_notes/{note['id']}", f"invoices/{open_invoice['id']}")
    settle(hub)
    assert outside.xero("GET", "Invoices?page=1")["Invoices"] == []
    assert outside.xero("GET", "CreditNotes?page=1")["CreditNotes"] == []


def test_what_nobody_expects_any_more_stays_due(outside, hub, open_invoice):
    settle(hub)
    outside.stripe.create(f"invoices/{open_invoice['id']}/mark_uncollectible")
    settle(hub)
    (invoice,) = outside.xero("GET", "Invoices?page=1")["Invoices"]
    assert (invoice["Status"], invoice["AmountDue"]) == ("AUTHORISED", float(open_invoice["total"]) / 100)
