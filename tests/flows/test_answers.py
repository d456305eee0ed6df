"""Answers that are no plain yes: some of a batch refused, stored otherwise than sent, a list that does not end."""

import json
from collections import Counter

import invariants
import pytest

from core.reasons import ReasonCode
from core.store import outbox, schema
from worker.pull import WHOLE_EVERY

DOCUMENTS = ("invoice", "payment", "credit_note")
PLURALS = {"invoice": "Invoices", "payment": "Payments", "credit_note": "CreditNotes", "allocation": "Allocations"}
LISTS = {"invoice": "invoices", "payment": "balance_transactions", "credit_note": "credit_notes"}
"""Where a first import finds them at Stripe."""


def harm(outside, hub):
    """What is broken once all is done."""
    hub.work()
    return invariants.broken(invariants.gather(outside, hub, "nobody"))


def puts(outside, plural):
    return [call for call in outside.calls("xero") if call["method"] == "PUT" and call["path"].endswith(f"/{plural}")]


def retry(hub, code):
    connection = hub.connection("Xero")
    return hub.store.write(hub.workspace_id, lambda work: outbox.release(work, connection.id, [code]))


# --- refused ---------------------------------------------------------------------------------------------------------

KEY_USED = {
    "ErrorNumber": 10,
    "Type": "ValidationException",
    "Message": "The Idempotency-Key was already used with a different request",
}


@pytest.mark.parametrize("kind", PLURALS)
def test_a_key_that_the_vendor_knows_for_something_else_is_told_and_the_next_one_is_another(hub, outside, kind):
    """A batch goes on by itself, each alone; a document that was alone already waits for a person."""
    refusal = {"fault": "refuse", "status": 400, "body": json.dumps(KEY_USED)}
    outside.fail("xero", {"match": f"PUT *{PLURALS[kind]}", **refusal})
    outside.trade()
    hub.tell_all()
    hub.work()
    for sentence in hub.sentences():
        assert "The Idempotency-Key was already used with a different request" in sentence
    if kind != "credit_note":
        assert retry(hub, ReasonCode.REFUSED) == 1
    assert harm(outside, hub) == []
    keys = [call["headers"]["idempotency-key"] for call in puts(outside, PLURALS[kind])]
    assert len(keys) == len(set(keys)) >= 2


def by_hand(outside, kind, document, contact):
    """Somebody has used its number at Xero, or has paid it there."""
    line = {"Description": "By hand", "Quantity": 1, "UnitAmount": "5.00", "AccountCode": "200"}
    written = {"Contact": {"ContactID": contact}, "Date": "2026-01-02", "LineItems": [line], "Status": "DRAFT"}
    if kind == "invoice":
        row = {"Type": "ACCREC", "DueDate": "2026-01-02", "InvoiceNumber": document["number"], **written}
        outside.xero("PUT", "Invoices", {"Invoices": [row]})
    elif kind == "credit_note":
        row = {"Type": "ACCRECCREDIT", "CreditNoteNumber": document["number"], **written}
        outside.xero("PUT", "CreditNotes", {"CreditNotes": [row]})
    else:
        (row,) = outside.xero("GET", f"Invoices?InvoiceNumbers={document['number']}&page=1")["Invoices"]
        paid = {"Invoice": {"InvoiceID": row["InvoiceID"]}, "Account": {"Code": "1200"}, "Date": "2026-12-01"}
        outside.xero("PUT", "Payments", {"Payments": [{**paid, "Amount": row["AmountDue"], "Reference": "cash"}]})


BATCHES = [("invoice", 50, (7, 31)), ("payment", 9, (2, 7)), ("credit_note", 9, (2, 7))]


@pytest.mark.parametrize(("kind", "count", "refused"), BATCHES)
def test_of_a_batch_those_that_are_refused_are_set_aside_and_all_others_arrive(hub, outside, kind, count, refused):
    customer = outside.customer()
    (contact,) = outside.xero("PUT", "Contacts", {"Contacts": [{"Name": "Somebody else"}]})["Contacts"]
    documents = [outside.invoice(customer) for _ in range(count)]
    if kind != "invoice":
        hub.tell_all()
        hub.work()
    if kind == "credit_note":
        documents = [outside.credit(invoice, 500) for invoice in documents]
    for place in refused:
        by_hand(outside, kind, documents[place], contact["ContactID"])
    if kind == "payment":
        documents = [outside.pay(invoice) for invoice in documents]
    hub.tell_all()
    hub.work()
    open_work = hub.open_work()
    assert open_work.pop("delivery parked") == 2
    assert set(open_work) <= {"delivery waiting"}
    assert len(hub.sentences()) == 1  # of two that have the same cause
    names = {"invoice": "invoice total", "payment": "payment", "credit_note": "credit note"}
    in_xero = {one.number for one in outside.documents()[1].documents if names[kind] in one.amounts}
    in_stripe = {one.number for one in outside.documents()[0].documents if names[kind] in one.amounts}
    assert len(in_stripe & in_xero) == count - 2
    (written,) = puts(outside, PLURALS[kind])
    assert written["status"] == 200


# --- stored otherwise ------------------------------------------------------------------------------------------------


def edited(outside, kind):
    """Somebody changes at Xero what has just been written there."""
    (row,) = outside.xero("GET", f"{PLURALS[kind]}?page=1")[PLURALS[kind]]
    if kind == "payment":
        outside.xero("POST", f"Payments/{row['PaymentID']}", {"Status": "DELETED"})
        paid = {"Invoice": {"InvoiceID": row["Invoice"]["InvoiceID"]}, "Account": {"Code": "1200"}}
        paid |= {"Date": "2026-12-01", "Amount": row["Amount"] - 1, "Reference": row["Reference"]}
        outside.xero("PUT", "Payments", {"Payments": [paid]})
        return
    line = {"Description": "Rounded", "Quantity": 1, "UnitAmount": "4.00", "AccountCode": "200", "TaxType": "NONE"}
    named = f"{PLURALS[kind][:-1]}ID"
    outside.xero("POST", PLURALS[kind], {PLURALS[kind]: [{named: row[named], "LineItems": [line]}]})


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_what_the_vendor_keeps_otherwise_than_it_was_sent_is_shown_and_not_written_again(open_hub, outside, kind):
    hub = open_hub(xero={"settle_seconds": "5"})
    outside.fail("xero", {"match": f"PUT *{PLURALS[kind]}", "fault": "commit_then_close"})
    invoice = outside.invoice(outside.customer())
    if kind == "credit_note":
        outside.credit(invoice, 1000)
    elif kind == "payment":
        outside.pay(invoice)
    hub.tell_all()
    hub.work(until=lambda: "push unknown" in hub.open_work())
    edited(outside, kind)
    hub.work()
    assert hub.open_work()["delivery parked"] == 1
    (sentence,) = hub.sentences()
    assert sentence.startswith("Xero stored ")
    assert sentence.endswith("was sent. Open it there, and accept or correct it.")
    assert len(puts(outside, PLURALS[kind])) == 1
    assert not outside.agree()


# --- lists -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_list_that_promises_more_and_does_not_go_on_is_left_and_read_again(hub, outside, kind):
    """A page with nothing on it that has more to come."""
    outside.trade()
    body = json.dumps({"object": "list", "url": f"/v1/{LISTS[kind]}", "has_more": True, "data": []})
    outside.fail("stripe", {"match": f"GET /v1/{LISTS[kind]}", "fault": "malformed", "body": body, "times": 2})
    for _ in range(5):
        hub.pull()
        hub.clock.sleep(120)
    read = Counter(call["path"] for call in outside.calls("stripe"))
    assert read[f"/v1/{LISTS[kind]}"] < 20
    assert harm(outside, hub) == []


def test_what_comes_and_goes_while_a_list_is_read_page_by_page_is_not_missed(hub, outside):
    """More customers than fit on a page of a reading of everything; and more are made after they were read."""
    customer = outside.customer()
    for _ in range(101):
        outside.customer()
    outside.sell(customer)
    hub.pull()
    hub.clock.sleep(WHOLE_EVERY.total_seconds() + 1)
    hub.pull()
    outside.sell(customer)
    outside.customer()
    hub.clock.sleep(60)
    hub.pull()
    assert harm(outside, hub) == []
    records = Counter(row.kind for row in hub.rows(schema.record, schema.record.c.kind))
    assert records["customer"] >= 102
