"""What a person decides: this document is that one there; what is stored there is right."""

import pytest

from core.reasons import ReasonCode
from core.store import schema
from worker import decisions

NOTHING = "5f0a2b9e-0000-4000-8000-000000000000"
ME = "user:test"


def parked(hub):
    delivery = schema.delivery
    rows = hub.rows(delivery, delivery.c.id, delivery.c.state, delivery.c.reason_code)
    [one] = [row for row in rows if row.state == "parked"]
    return one


def settle(hub):
    hub.tell_all()
    hub.work()


def link(hub, delivery_id, remote_id):
    done = decisions.link(hub.hub, hub.workspace_id, delivery_id, remote_id, ME)
    hub.work()
    return done


def contact(outside, name):
    return outside.xero("PUT", "Contacts", {"Contacts": [{"Name": name}]})["Contacts"][0]["ContactID"]


@pytest.fixture
def collided(hub, outside):
    """A customer whose name somebody else has in Xero: (the delivery, the contact's id there)."""
    taken = contact(outside, "Taken GmbH")
    outside.sell(outside.customer("Taken GmbH"))
    settle(hub)
    assert parked(hub).reason_code == ReasonCode.NAME_TAKEN
    return parked(hub), taken


def test_a_customer_is_linked_to_the_contact_that_has_its_name_and_its_invoices_go(hub, outside, collided):
    delivery, taken = collided
    assert link(hub, delivery.id, taken)
    assert hub.open_work() == {}
    [invoice] = outside.xero("GET", "Invoices?page=1")["Invoices"]
    assert (invoice["Contact"]["ContactID"], invoice["Status"]) == (taken, "PAID")
    written = [one["method"] for one in outside.calls("xero") if one["path"].endswith("/Contacts") and one["effects"]]
    assert written == []
    assert ME in {row.actor for row in hub.rows(schema.audit, schema.audit.c.actor)}


def test_what_is_not_there_is_not_linked_and_can_be_linked_again(hub, outside, collided):
    delivery, taken = collided
    assert link(hub, delivery.id, NOTHING)
    assert parked(hub).reason_code == ReasonCode.NOT_LINKED
    assert "nothing has that id there" in hub.sentences()[0]
    assert link(hub, delivery.id, taken)
    assert hub.open_work() == {}
    assert len(outside.xero("GET", "Invoices?page=1")["Invoices"]) == 1


def test_one_document_there_is_one_document_here(hub, outside, collided):
    delivery, taken = collided
    assert link(hub, delivery.id, taken)
    other = contact(outside, "Other GmbH")
    outside.sell(outside.customer("Other GmbH"))
    settle(hub)
    assert not link(hub, parked(hub).id, taken)
    assert not link(hub, parked(hub).id, "")
    assert not link(hub, delivery.id, other), "it is done already"
    assert link(hub, parked(hub).id, other)
    assert hub.open_work() == {}


def test_what_is_stored_otherwise_is_accepted_as_it_is(hub, outside):
    outside.invoice(outside.customer())
    settle(hub)
    [there] = outside.xero("GET", "Invoices?page=1")["Invoices"]
    delivery = schema.delivery
    hub.store.write(
        hub.workspace_id,
        lambda work: work.connection.execute(
            delivery.update()
            .where(delivery.c.kind == "invoice")
            .values(
                state="parked",
                reason_code=ReasonCode.STORED_DIFFERENTLY.value,
                reason_params={"field": "Total", "ours": "153.03", "theirs": "1.00"},
            )
        ),
    )
    assert not link(hub, parked(hub).id, there["InvoiceID"])
    assert decisions.accept(hub.hub, hub.workspace_id, parked(hub).id, ME)
    assert hub.open_work() == {}


def test_only_what_was_stored_otherwise_can_be_accepted(hub, collided):
    assert not decisions.accept(hub.hub, hub.workspace_id, collided[0].id, ME)
    assert not decisions.accept(hub.hub, hub.workspace_id, "01ARZ3NDEKTSV4RRFFQ69G5FAV", ME)
