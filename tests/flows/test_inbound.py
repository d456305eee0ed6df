"""What arrives at the doors as it should not: nothing is lost, refused for its content, or done twice."""

import base64
import hmac
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import invariants
import pytest

from core.kinds import Kind
from core.store import schema
from sandbox.stripe.courier import signature
from sandbox.xero.webhooks import SIGNING_KEY
from web.app import create_app

KINDS = {"invoice": "invoice.paid", "payment": "invoice_payment.paid", "credit_note": "credit_note.created"}
"""An event of each kind of document that a trade makes."""


def harm(outside, hub):
    """What is broken once all is done."""
    hub.work()
    return invariants.broken(invariants.gather(outside, hub, "nobody"))


def event_of(outside, kind):
    return next(event for event in outside.events() if event["type"] == KINDS[kind])


def changed(event, **object_fields):
    """The same event with other words about its object."""
    forged = json.loads(json.dumps(event))
    forged["data"]["object"].update(object_fields)
    return forged


def tell_xero(hub, *events):
    body = json.dumps({"events": events, "firstEventSequence": 1, "lastEventSequence": len(events)}).encode()
    signed = base64.b64encode(hmac.new(SIGNING_KEY.encode(), body, sha256).digest()).decode()
    return hub.web.post(hub.xero_door, data=body, headers={"x-xero-signature": signed}).status_code


def xero_event(outside, plural="Invoices", category="INVOICE", tenant=None, number=0):
    (row, *_) = outside.xero("GET", f"{plural}?page=1")[plural]
    return {
        "resourceUrl": f"https://api.xero.com/api.xro/2.0/{plural}/{row[f'{plural[:-1]}ID']}",
        "resourceId": row[f"{plural[:-1]}ID"],
        "tenantId": tenant or outside.line["xero"]["tenant_id"],
        "tenantType": "ORGANISATION",
        "eventCategory": category,
        "eventType": "UPDATE",
        "eventDateUtc": f"2026-11-28T00:00:00.{number:03}",
    }


@pytest.fixture
def traded(hub, outside):
    """A document of every kind, told and brought over."""
    outside.trade()
    hub.tell_all()
    assert harm(outside, hub) == []
    return hub.state_hash()


# --- told often ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", ["twice", "a hundred times", "ten in parallel"])
def test_one_message_told_often_is_one_event_and_one_effect(hub, outside, kind, way):
    outside.trade()
    event = event_of(outside, kind)
    if way == "ten in parallel":
        body = json.dumps(event).encode()
        headers = {"Stripe-Signature": signed(hub, outside, body)}
        doors = [create_app(hub.hub).test_client() for _ in range(10)]
        with ThreadPoolExecutor(10) as vendor:
            answers = list(vendor.map(lambda door: door.post(hub.door, data=body, headers=headers).status_code, doors))
    else:
        answers = hub.tell(*[event] * (2 if way == "twice" else 100))
    assert set(answers) == {200}
    assert len(hub.rows(schema.event, schema.event.c.id)) == 1
    hub.tell_all()
    assert harm(outside, hub) == []


def signed(hub, outside, body):
    return signature(outside.line["stripe"]["webhook_secret"], int(hub.clock.now().timestamp()), body)


@pytest.mark.parametrize("kind", KINDS)
def test_an_id_used_twice_is_shown_to_a_person_and_the_truth_is_fetched(hub, outside, traded, kind):
    event = event_of(outside, kind)
    forged = changed(event, amount=1, total=1, amount_paid=1)
    assert hub.tell(forged, forged, event) == [200, 200, 200]
    hub.work()
    parked = hub.open_work()
    assert set(parked) == {"event parked"}
    assert f"sent event {event['id']}" in hub.sentences()[0]
    assert all(
        "twice with different contents. The first one counts; the document was read afresh." in sentence
        for sentence in hub.sentences()
    )
    assert hub.state_hash() == traded
    assert outside.agree()


def test_a_burst_about_the_same_objects_is_read_once_and_written_once(hub, outside):
    """Three objects and three hundred messages: as when much is imported at once."""
    outside.trade()
    told = [{**event_of(outside, kind), "id": f"evt_{kind}_{number}"} for number in range(100) for kind in KINDS]
    assert set(hub.tell(*told)) == {200}
    before = len(outside.calls("stripe"))
    hub.work()
    reads = Counter(call["path"] for call in outside.calls("stripe")[before:])
    assert {path: count for path, count in reads.items() if count > 1 and path.count("/") == 3} == {}
    hub.tell_all()
    assert harm(outside, hub) == []
    assert set(outside.creations().values()) == {1}


# --- told in the wrong order -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", [1, -1], ids=["as they happened", "the other way round"])
def test_two_events_of_the_same_second_leave_what_is_true_in_either_order(hub, outside, kind, order):
    """One-second moments are no order."""
    invoice = outside.invoice(outside.customer())
    if kind == "payment":
        invoice = outside.pay(invoice)
    note = outside.credit(invoice, 1000) if kind == "credit_note" else None
    earlier = outside.events()[-1]
    about = {"invoice": invoice["id"], "credit_note": note and note["id"]}.get(kind) or outside.intent(invoice)
    if kind == "invoice":
        outside.pay(invoice)
    elif kind == "payment":
        outside.refund(invoice, 300)
    else:
        outside.stripe.create(f"credit_notes/{note['id']}/void")
    mine = [event for event in outside.events() if about in json.dumps(event["data"]["object"])]
    told = [{**event, "created": earlier["created"]} for event in mine][::order]
    for event in told:
        assert hub.tell(event) == [200]
        hub.work()
    others = [event for event in outside.events() if event["id"] not in {event["id"] for event in told}]
    hub.tell(*others)
    assert harm(outside, hub) == []


FIRST = [
    "invoice_payment.paid",
    "invoice.paid",
    "charge.succeeded",
    "invoice.finalized",
    "credit_note.created",
    "refund.created",
    "charge.refunded",
]


@pytest.mark.parametrize("first", FIRST)
def test_one_event_alone_brings_whatever_it_rests_on(hub, outside, first):
    """A payment before its invoice, a refund before its payment, a credit note before both."""
    outside.trade()
    event = next(event for event in reversed(outside.events()) if event["type"] == first)
    hub.tell(event)
    hub.work()
    assert hub.open_work() == {}
    kinds = {row.kind for row in hub.rows(schema.record, schema.record.c.kind)}
    assert {"customer", "product", "price", "tax_rate", "invoice"} <= kinds
    hub.tell_all()
    assert harm(outside, hub) == []


# --- strange contents ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "strange",
    [
        {"status": "of_tomorrow", "reason": "unheard_of"},
        {"a_field_of_tomorrow": {"deep": [None]}, "lines": None, "metadata": None},
        {"customer": None, "currency": None, "total": None, "amount": None, "refunds": None, "payments": None},
    ],
    ids=["new values", "new fields", "null where something was"],
)
def test_what_a_message_says_of_its_object_is_not_believed(hub, outside, kind, strange):
    """An older or newer version of the vendor's words: the object is fetched in the version that we know."""
    outside.trade()
    event = {**changed(event_of(outside, kind), **strange), "api_version": "2019-03-14", "of_tomorrow": [{}]}
    assert hub.tell(event, {**event, "id": "evt_unknown", "type": "of.tomorrow"}) == [200, 200]
    hub.work()
    assert hub.open_work() == {}
    versions = {call["headers"]["stripe-version"] for call in outside.calls("stripe")}
    assert len(versions) == 1
    assert "2019-03-14" not in versions
    assert set(hub.tell(*[one for one in outside.events() if one["id"] != event["id"]])) == {200}
    assert harm(outside, hub) == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_of_the_other_mode_is_kept_apart(hub, outside, kind):
    """An endpoint of a platform is told of live and of test mode alike; ours is connected to one of them."""
    outside.trade()
    event = {**event_of(outside, kind), "livemode": True}
    assert hub.tell(event) == [200]
    hub.work()
    assert hub.rows(schema.record, schema.record.c.id) == []
    assert outside.calls("stripe") == []
    (sentence,) = hub.sentences()
    assert "live" in sentence


# --- many in one -----------------------------------------------------------------------------------------------------

UNREADABLE = {
    "no id": {"resourceId": None},
    "a number for an id": {"resourceId": 7},
    "no moment": {"eventDateUtc": None},
    "a moment that is none": {"eventDateUtc": "yesterday"},
    "no category": {"eventCategory": None},
}


@pytest.mark.usefixtures("traded")
@pytest.mark.parametrize("wrong", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_of_a_message_with_many_events_only_the_unreadable_one_is_set_aside(hub, outside, wrong):
    events = [xero_event(outside, number=number) for number in range(1, 100)]
    assert tell_xero(hub, *events[:50], {**xero_event(outside), **wrong}, *events[50:]) == 200
    hub.work()
    assert hub.open_work() == {"event parked": 1}
    (sentence,) = hub.sentences()
    assert sentence.startswith("A signed message from xero could not be read (")
    states = Counter(
        row.state
        for row in hub.rows(schema.event, schema.event.c.state, schema.event.c.type)
        if row.type == "INVOICE.UPDATE"
    )
    assert states["done"] == 99


@pytest.mark.usefixtures("traded")
def test_of_a_message_about_several_tenants_the_unknown_one_is_kept_apart(hub, outside):
    told = (xero_event(outside), xero_event(outside, tenant="somebody-else"), xero_event(outside, number=1))
    before = len(outside.calls("xero"))
    assert tell_xero(hub, *told) == 200
    hub.work()
    assert hub.open_work() == {"event parked": 1}
    (sentence,) = hub.sentences()
    assert sentence.startswith("A signed message was about account somebody-else, which is not connected here.")
    read = outside.calls("xero")[before:]
    assert read
    assert {call["headers"]["xero-tenant-id"] for call in read} == {outside.line["xero"]["tenant_id"]}


@pytest.mark.usefixtures("traded")
@pytest.mark.parametrize(("plural", "category"), [("Invoices", "INVOICE"), ("CreditNotes", "CREDITNOTE")])
def test_an_event_in_the_older_and_in_the_newer_form_is_understood(hub, outside, plural, category):
    """Xero: what is new in an event stands beside what was there before (`data` of a credit note, say)."""
    older = xero_event(outside, plural, category)
    newer = {**xero_event(outside, plural, category, number=1), "data": {"Type": "X", "Status": "Y"}, "version": 2}
    del older["tenantType"], older["resourceUrl"]
    assert tell_xero(hub, older) == tell_xero(hub, newer) == 200
    assert harm(outside, hub) == []


@pytest.mark.parametrize("first", [Kind.CREDIT_NOTE, Kind.REFUND])
def test_a_credit_note_and_the_refund_that_it_pays_out_are_read_in_either_order(hub, outside, first):
    """Each of them tells how much of the one is paid out by the other, which is then not known yet."""
    outside.trade()
    hub.tell_all()
    hub.drain("ingest", first, "Stripe")
    assert harm(outside, hub) == []
