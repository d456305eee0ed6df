"""Bad input of every sort: a clear sentence for whoever can mend it, nothing lost, and no neighbour held up."""

import json
import sqlite3

import invariants
import pytest

from core.reasons import ReasonCode
from core.store import engine as engines
from core.store import outbox, schema
from worker.setup import new_rate, new_rulebook

EVERYTHING = {
    "slots": {
        "income_account": [{"use": "200"}],
        "tax_code": [{"when": {"tax": "19"}, "use": "OUTPUT"}, {"use": "NONE"}],
        "clearing_account": [{"use": "1200"}],
    }
}


def arrived(outside):
    return {document.number for document in invariants.invoices(outside.documents()[1])}


def parked_with(hub, outside, neighbour):
    """The one reason for what is parked, once everything else has gone through."""
    hub.tell_all()
    hub.work()
    assert neighbour["number"] in arrived(outside)
    (sentence,) = hub.sentences()
    return sentence


def retried(hub, outside, code):
    """A person presses retry; then nothing is open and both ends agree."""
    connection = hub.connection("Xero")
    released = hub.store.write(hub.workspace_id, lambda work: outbox.release(work, connection.id, [code]))
    assert released
    return done(hub, outside)


def done(hub, outside):
    hub.work()
    return hub.open_work() == {} and outside.agree() and set(outside.creations().values()) == {1}


# --- what Xero refuses -----------------------------------------------------------------------------------------------


def test_a_name_that_is_taken_waits_for_a_person_beside_its_neighbours(hub, outside):
    (theirs,) = outside.xero("PUT", "Contacts", {"Contacts": [{"Name": "Taken GmbH"}]})["Contacts"]
    customer = outside.customer("Taken GmbH")
    outside.sell(customer)
    assert parked_with(hub, outside, outside.sell()) == (
        f"Xero already has another contact named Taken GmbH, so customer {customer['id']} was not created. "
        "Link it to that contact or rename one of the two."
    )
    outside.xero("POST", "Contacts", {"Contacts": [{"ContactID": theirs["ContactID"], "Name": "Another GmbH"}]})
    assert retried(hub, outside, ReasonCode.NAME_TAKEN)


def test_a_retry_is_a_new_question_and_not_answered_with_what_the_vendor_remembers_of_the_last(hub, outside):
    """Xero: the same key is given the same answer for minutes, a refusal too."""
    (theirs,) = outside.xero("PUT", "Contacts", {"Contacts": [{"Name": "Taken GmbH"}]})["Contacts"]
    outside.sell(outside.customer("Taken GmbH"))
    hub.tell_all()
    hub.work()
    assert "already has another contact named Taken GmbH" in hub.sentences()[0]
    outside.xero("POST", "Contacts", {"Contacts": [{"ContactID": theirs["ContactID"], "Name": "Another GmbH"}]})
    assert retried(hub, outside, ReasonCode.NAME_TAKEN)


def test_a_number_that_is_taken_is_not_mistaken_for_ours(hub, outside):
    invoice = outside.sell()
    (contact,) = outside.xero("PUT", "Contacts", {"Contacts": [{"Name": "Somebody else"}]})["Contacts"]
    theirs = {
        "Type": "ACCREC",
        "Status": "DRAFT",
        "InvoiceNumber": invoice["number"],
        "Reference": "typed by hand",
        "Contact": {"ContactID": contact["ContactID"]},
        "Date": "2026-01-02",
        "DueDate": "2026-01-02",
        "LineItems": [{"Description": "By hand", "Quantity": 1, "UnitAmount": "5.00", "AccountCode": "200"}],
    }
    (drafted,) = outside.xero("PUT", "Invoices", {"Invoices": [theirs]})["Invoices"]
    assert parked_with(hub, outside, outside.sell()) == (
        f"Xero already has a document numbered {invoice['number']} that is not ours, so invoice {invoice['number']} "
        "was not created. Link it to that one or renumber it there."
    )
    renumbered = {"InvoiceID": drafted["InvoiceID"], "InvoiceNumber": "BY-HAND-1"}
    outside.xero("POST", "Invoices", {"Invoices": [renumbered]})
    assert retried(hub, outside, ReasonCode.NUMBER_TAKEN)


def test_a_currency_that_the_ledger_does_not_keep_is_named(open_hub, outside):
    hub = open_hub(rulebook=EVERYTHING)
    new_rate(hub.store, hub.workspace_id, "Flow GmbH", rate("GBP"))
    invoice = outside.sell(currency="gbp", tax="")
    assert parked_with(hub, outside, outside.sell()) == (
        f"invoice {invoice['number']} is in GBP, which Xero does not keep. Add the currency there and press retry."
    )


# --- what the bookkeeper has not chosen yet --------------------------------------------------------------------------


def rate(currency):
    return {"currency": currency, "on": "2020-01-01", "value": "1.2", "source": "test"}


def test_what_no_rule_maps_is_parked_and_goes_by_itself_once_there_is_a_rule(hub, outside):
    invoice = outside.sell(tax="7")
    sentence = parked_with(hub, outside, outside.sell())
    assert sentence.startswith(f"invoice {invoice['number']} needs a tax code on Xero, and no rule gives one")
    assert sentence.endswith(", book Flow GmbH. Add a rule; the document then goes by itself.")
    rules = {"slots": {**EVERYTHING["slots"], "tax_code": [{"when": {"tax": "19"}, "use": "OUTPUT"}, {"use": "INPUT"}]}}
    (seven,) = [row for row in outside.xero("GET", "TaxRates")["TaxRates"] if row["EffectiveRate"] == 7] or [None]
    rules["slots"]["tax_code"][1]["use"] = seven["TaxType"] if seven else "OUTPUT"
    new_rulebook(hub.store, hub.workspace_id, "Xero", json.dumps(rules), "a bookkeeper")
    assert done(hub, outside)


def test_a_missing_rate_is_asked_for_and_the_document_is_then_booked_by_itself(open_hub, outside):
    hub = open_hub(rates=[])
    invoice = outside.sell(currency="usd", tax="")
    hub.tell_all()
    hub.work()
    sentence = hub.sentences()[0]
    assert sentence.startswith(f"invoice {invoice['number']} is in USD, and no rate to EUR is known for ")
    assert sentence.endswith(". Enter the rate of that day; the document is then booked by itself.")
    new_rate(hub.store, hub.workspace_id, "Flow GmbH", rate("USD"))
    assert done(hub, outside)


def test_a_third_decimal_is_never_rounded_by_machine(open_hub, outside):
    hub = open_hub(rulebook=EVERYTHING)
    new_rate(hub.store, hub.workspace_id, "Flow GmbH", rate("KWD"))
    invoice = outside.invoice(outside.customer(), currency="kwd", tax="", postage=330)
    total = invoice["total"]
    # Stripe rounds to ten fils; what if it one day does not?
    row = json.dumps(invoice).replace(f": {total}", f": {total + 1}").replace(": 330", ": 331")
    outside.fail("stripe", {"match": f"GET /v1/invoices/{invoice['id']}", "fault": "malformed", "body": row})
    own = [event for event in outside.events() if event["data"]["object"]["id"] == invoice["id"]]
    hub.tell(*own)
    hub.work()
    (sentence,) = hub.sentences()
    assert sentence.startswith(f"invoice {invoice['number']} has the amount ")
    assert sentence.endswith(", and Xero keeps two decimals only. Decide how to round it.")


# --- a database that cannot take it ----------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch):
    """The wait for a lock is short here; what happens at its end is the same."""
    monkeypatch.setitem(engines._SQLITE, "busy_timeout", 50)
    monkeypatch.setattr(engines, "_POSTGRESQL", engines._POSTGRESQL.replace("lock_timeout=5000", "lock_timeout=50"))


@pytest.fixture
def told(outside):
    outside.customer()
    return outside.events()[0]


def in_the_way(hub):
    """A session of somebody else's that keeps the inbox locked until it is closed."""
    if hub.store.engine.dialect.name == "sqlite":
        other = sqlite3.connect(hub.store.engine.url.database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        return other
    other = hub.store.engine.connect()
    other.exec_driver_sql("LOCK TABLE receipt IN EXCLUSIVE MODE")
    return other


@pytest.mark.usefixtures("impatient")
def test_a_locked_database_is_told_to_the_vendor_which_comes_again(open_hub, outside, told):
    hub = open_hub()
    locked = in_the_way(hub)
    secret = outside.line["stripe"]["webhook_secret"]
    answer = hub.post(json.dumps(told).encode(), secret)
    assert (answer.status_code, answer.headers["Retry-After"], answer.data) == (503, "5", b"")
    locked.close()
    assert hub.rows(schema.receipt, schema.receipt.c.id) == []
    assert hub.tell(told) == [200]
    assert len(hub.rows(schema.receipt, schema.receipt.c.id)) == 1


# --- what nobody can read --------------------------------------------------------------------------------------------

UNREADABLE = {
    "nothing": b"",
    "not JSON": b"{",
    "a list": b"[]",
    "an empty object": b"{}",
    "null": b"null",
    "a number without end": b'{"id": 1e400}',
    "not a number": b'{"id": NaN}',
    "the same name twice": b'{"id": "a", "id": "b", "type": "c"}',
    "very deep": b"[" * 100_000,
    "deep objects": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "no UTF-8": b'{"id": "\xff\xfe"}',
    "a byte order mark": b'\xef\xbb\xbf{"id": "a"}',
    "a number for an id": b'{"id": 7, "type": "invoice.paid", "created": 1, "data": {"object": {"id": "in_1"}}}',
    "an impossible moment": b'{"id": "evt_1", "type": "x", "created": 99999999999999999999, "data": {"object": {}}}',
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_signed_body_that_nobody_can_read_is_kept_and_shown(hub, outside, body):
    secret = outside.line["stripe"]["webhook_secret"]
    assert hub.post(body, secret).status_code == 200
    assert hub.post(body, "whsec_sandbox_of_somebody_else").status_code == 401
    (sentence,) = hub.sentences()
    assert sentence.startswith("A signed message from stripe could not be read (")
    assert sentence.endswith("). It is kept; what it was about is found by the next poll.")
    assert len(hub.rows(schema.receipt, schema.receipt.c.id)) == 1


ODD = {
    "a lone surrogate": b'{"id": "\\ud800", "type": "x", "data": {"object": {}}}',
    "null for an object": b'{"id": "evt_1", "type": "invoice.paid", "created": 1, "data": null}',
    "NUL in the id": b'{"id": "evt\\u0000", "type": "x", "created": 1, "data": {"object": {"id": "in_1"}}}',
    "NUL in the object's id": b'{"id": "evt_1", "type": "invoice.paid", "data": {"object": {"id": "in\\u0000"}}}',
    "an id of any length": json.dumps({"id": "evt_" + "x" * 9000, "type": "x", "data": {"object": {}}}).encode(),
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD.keys())
def test_a_signed_body_that_is_odd_is_kept_whatever_it_says(hub, outside, body):
    assert hub.post(body, outside.line["stripe"]["webhook_secret"]).status_code == 200
    assert len(hub.rows(schema.receipt, schema.receipt.c.id)) == 1


def test_an_event_of_an_unknown_type_is_kept_and_asks_for_nothing(hub, outside, told):
    assert hub.tell({**told, "type": "v9.unheard.of"}, {**told, "id": "evt_2", "new": {"field": None}}) == [200, 200]
    hub.work()
    states = {row.type: row.state for row in hub.rows(schema.event, schema.event.c.type, schema.event.c.state)}
    assert states == {"v9.unheard.of": "ignored", told["type"]: "done"}
    assert hub.open_work() == {}
