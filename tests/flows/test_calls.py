"""How little is asked of the gateway: what one answer brings along is not asked for again."""

from collections import Counter
from dataclasses import replace

import invariants
import pytest

from connectors.xero import XERO
from core.kinds import Kind
from core.store import schema
from worker.pull import WHOLE_EVERY


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


def test_a_history_comes_by_lists_alone_with_all_it_names_and_the_rest_a_day_later(hub, outside):
    coupon = outside.stripe.create("coupons", percent_off=15, duration="forever")
    outside.stripe.create("coupons", percent_off=90, duration="once")
    outside.stripe.create("promotion_codes", code="WELCOME", promotion={"type": "coupon", "coupon": coupon["id"]})
    product = outside.stripe.create("products", name="Plan")
    terms = {"currency": "eur", "recurring": {"interval": "month"}}
    for number in range(5):
        customer = outside.customer()
        price = outside.stripe.create("prices", product=product["id"], unit_amount=1990 + number, **terms)
        outside.stripe.create(
            "subscriptions",
            customer=customer["id"],
            default_payment_method=customer["card"],
            items=[{"price": price["id"], "quantity": 3}],
            discounts=[{"coupon": coupon["id"]}] if number % 2 else [],
        )
    outside.trade()
    outside.stripe.create("products", name="Never sold")
    hub.pull()
    documents = ["tax_rates", "prices", "invoices", "balance_transactions", "refunds", "credit_notes"]
    assert lists(outside) == documents
    assert hub.open_work() == {}, hub.sentences()
    assert outside.agree()
    named = {"subscription": 5, "coupon": 1, "promotion_code": 0, "invoice": 6, "product": 2, "price": 6}
    assert kinds(hub, named) == named
    hub.clock.sleep(WHOLE_EVERY.total_seconds() + 1)
    hub.drain("pull", "everything", "Stripe")
    rest = ["products", "coupons", "promotion_codes", "subscriptions", "customers"]
    assert lists(outside) == [*documents, *documents, *rest]
    assert kinds(hub, named) == named | {"coupon": 2, "promotion_code": 1, "product": 3}


def lists(outside):
    return [path for path in asked(outside) if path != "events"]


def kinds(hub, of):
    known = Counter(row.kind for row in hub.rows(schema.record, schema.record.c.kind))
    return {kind: known[kind] for kind in of}


def test_an_import_that_is_cut_short_again_and_again_goes_on_where_it_was(hub, outside):
    outside.trade()
    broken_off = 0
    while "credit_notes" not in asked(outside):
        outside.fail("stripe", {"match": "GET /v1/*", "fault": "refuse", "status": 500, "skip": 2})
        hub.drain("pull", "everything", "Stripe")
        hub.clock.sleep(600)
        broken_off += 1
    assert broken_off >= 3
    outside.mend()
    hub.pull()
    assert hub.open_work() == {}, hub.sentences()
    assert outside.agree()
    assert set(outside.creations().values()) == {1}
    assert max(Counter(asked(outside)).values()) <= 3, "a page that failed is read again, and no list from its start"


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
