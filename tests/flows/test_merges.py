"""A person merges contacts in Xero: the customer goes on as the survivor, the old id still means the same customer."""

import pytest
from sqlalchemy import select

from core.kinds import Kind
from core.store import links, schema


@pytest.fixture
def contacts(outside):
    """Contact ids by the gateway's customer, as they stand in Xero."""

    def found():
        rows = outside.xero("GET", "Contacts?page=1&includeArchived=true")["Contacts"]
        return {row["ContactNumber"]: row["ContactID"] for row in rows if row.get("ContactNumber")}

    return found


def merge(outside, merged, survivor):
    outside._admin("POST", "xero", "merge_contacts", {"contacts": [merged], "into": survivor})


def stranger(outside, name="Somebody entered by hand"):
    [made] = outside.xero("PUT", "Contacts", {"Contacts": [{"Name": name}]})["Contacts"]
    return made["ContactID"]


def sold(outside, hub, customer):
    invoice = outside.sell(customer)
    hub.tell_all()
    hub.work()
    assert hub.open_work() == {}, hub.sentences()
    return invoice["number"]


def owners(outside):
    rows = outside.xero("GET", "Invoices?page=1")["Invoices"]
    return {row["InvoiceNumber"]: row["Contact"]["ContactID"] for row in rows}


def noticed(hub):
    hub.clock.sleep(60)
    hub.pull()


def resolved(hub, *remote_ids):
    """Which of our records these contacts mean."""
    with hub.store.read() as database:
        found = links.linked(
            database, hub.workspace_id, hub.connection("Xero").id, [(Kind.CUSTOMER, one) for one in remote_ids]
        )
    return [found.get((Kind.CUSTOMER, one)) for one in remote_ids]


@pytest.mark.parametrize("is_noticed", [True, False])
def test_later_documents_go_to_the_survivor_whether_the_merge_was_noticed_or_refused(
    outside, hub, contacts, is_noticed
):
    customer = outside.customer()
    first = sold(outside, hub, customer)
    old, survivor = contacts()[customer["id"]], stranger(outside)
    merge(outside, old, survivor)
    if is_noticed:
        noticed(hub)
    second = sold(outside, hub, customer)
    assert owners(outside) == {first: survivor, second: survivor}
    assert hub.sentences() == []
    assert resolved(hub, old) != [None]


def test_two_customers_may_be_one_contact(outside, hub, contacts):
    ada, bob = outside.customer("Ada"), outside.customer("Bob")
    numbers = {sold(outside, hub, ada), sold(outside, hub, bob)}
    there = contacts()
    merge(outside, there[ada["id"]], there[bob["id"]])
    noticed(hub)
    numbers |= {sold(outside, hub, ada), sold(outside, hub, bob)}
    assert owners(outside) == dict.fromkeys(numbers, there[bob["id"]])
    one, two = resolved(hub, there[ada["id"]], there[bob["id"]])
    assert one != two, "each id still means the customer that it was made for"
    assert None not in {one, two}


@pytest.mark.parametrize("noticed_between", [True, False])
def test_a_chain_of_merges_ends_at_the_last_survivor(outside, hub, contacts, noticed_between):
    ada, bob = outside.customer("Ada"), outside.customer("Bob")
    sold(outside, hub, ada)
    sold(outside, hub, bob)
    there, last = contacts(), stranger(outside)
    merge(outside, there[ada["id"]], there[bob["id"]])
    if noticed_between:
        noticed(hub)
    merge(outside, there[bob["id"]], last)
    noticed(hub)
    third, fourth = sold(outside, hub, ada), sold(outside, hub, bob)
    assert owners(outside)[third] == owners(outside)[fourth] == last


def test_the_survivor_keeps_its_name_when_the_merged_customer_changes_at_the_gateway(outside, hub, contacts):
    customer = outside.customer("Ada")
    sold(outside, hub, customer)
    survivor = stranger(outside, "The survivor")
    merge(outside, contacts()[customer["id"]], survivor)
    noticed(hub)
    outside.stripe.create(f"customers/{customer['id']}", name="Ada Ltd")
    sold(outside, hub, customer)
    rows = outside.xero("GET", "Contacts?page=1")["Contacts"]
    assert "The survivor" in {row["Name"] for row in rows}
    assert "Ada Ltd" not in {row["Name"] for row in rows}


def test_what_was_written_before_a_merge_is_not_written_again_for_it(outside, hub, contacts):
    customer = outside.customer()
    invoice = outside.invoice(customer)
    hub.tell_all()
    hub.work()
    merge(outside, contacts()[customer["id"]], stranger(outside))
    noticed(hub)
    outside.pay(invoice)
    hub.tell_all()
    hub.work()
    assert hub.open_work() == {}, hub.sentences()
    writes = [
        call for call in outside.calls("xero") if call["method"] in {"PUT", "POST"} and "/Invoices" in call["path"]
    ]
    assert len(writes) == 1


def test_a_contact_that_was_only_archived_is_for_a_person(outside, hub, contacts):
    customer = outside.customer()
    sold(outside, hub, customer)
    archived = {"ContactID": contacts()[customer["id"]], "ContactStatus": "ARCHIVED"}
    outside.xero("POST", "Contacts", {"Contacts": [archived]})
    invoice = outside.sell(customer)
    hub.tell_all()
    hub.work()
    [sentence] = hub.sentences()
    assert sentence.startswith(f"Xero has archived the contact of invoice {invoice['number']}.")


def test_a_merge_is_a_pointer_on_the_link_and_nothing_is_destroyed(outside, hub, contacts):
    customer = outside.customer()
    sold(outside, hub, customer)
    old, survivor = contacts()[customer["id"]], stranger(outside)
    merge(outside, old, survivor)
    noticed(hub)
    with hub.store.read() as database:
        found = database.execute(
            select(schema.link.c.remote_id, schema.link.c.moved_to).where(schema.link.c.remote_id == old)
        ).all()
    assert [tuple(row) for row in found] == [(old, survivor)]
