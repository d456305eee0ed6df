"""How little is asked of the gateway: what one answer brings along is not asked for again."""

from collections import Counter
from dataclasses import replace

import invariants
import pytest

from connectors.xero import XERO
from core.kinds import Kind
from core.store import schema


def asked(outside, after=0):
    return [call["path"].removeprefix("/v1/") for call in outside.calls("stripe")[after:]]


@pytest.mark.usefixtures("hub")
def test_all_the_events_of_a_sale_are_answered_by_one_read_of_each_thing(hub, outside):
    sale = outside.sell()
    hub.tell_all()
    hub.work()
    reads = Counter(path.partition("/")[0] for path in asked(outside))
    # the intent and what it paid, which bring invoice and customer; and the catalogue
    assert reads["payment_intents"] + reads["invoice_payments"] + reads["invoices"] + reads["customers"] <= 4
    assert max(Counter(asked(outside)).values()) == 1
    assert {row.state for row in hub.rows(schema.event, schema.event.c.state)} == {"done", "ignored"}
    assert [one.number for one in invariants.invoices(outside.documents()[1])] == [sale["number"]]


def test_what_came_along_answers_only_what_was_told_before(hub, outside):
    customer = outside.customer()
    outside.sell(customer)
    told = outside.events()
    hub.tell(*[event for event in told if event["type"] == "invoice.paid"])
    hub.work()
    hub.tell(*[event for event in told if event["type"] == "customer.created"])
    assert hub.open_work() == {"event pending": 1}
    hub.work()
    assert f"customers/{customer['id']}" in asked(outside)


def test_a_poll_asks_for_news_of_everything_at_once(hub, outside):
    outside.sell()
    hub.pull()
    before = len(outside.calls("stripe"))
    hub.clock.sleep(60)
    hub.pull()
    assert Counter(asked(outside, before)) == {"events": 1, "balance_transactions": 1}


def test_about_a_batch_that_no_question_has_room_for_several_are_put(open_hub, outside, monkeypatch):
    hub = open_hub(xero={"read_seconds": "0.3"})
    monkeypatch.setitem(XERO.writes, Kind.CUSTOMER, replace(XERO.writes[Kind.CUSTOMER], question_max=2))
    for _ in range(5):
        outside.sell()
    outside.fail("xero", {"match": "PUT /api.xro/2.0/Contacts", "fault": "commit_then_close"})
    hub.tell_all()
    hub.work()
    contacts = Counter(call["method"] for call in outside.calls("xero") if call["path"].endswith("/Contacts"))
    assert contacts == {"PUT": 1, "GET": 3}
    assert set(outside.creations().values()) == {1}
    assert outside.agree()
