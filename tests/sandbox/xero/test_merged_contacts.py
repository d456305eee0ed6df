"""A person merges contacts in Xero, where no API can; the sandbox has a route for what that person does."""

import pytest

from tests.sandbox.xero.conftest import NOBODY, invoice, line

ARCHIVED = (
    "The specified contact details matched an archived contact."
    " Archived contacts cannot currently be edited via the API."
)
NO_DOCUMENTS = (
    "The contact with the specified contact details has been archived."
    " The contact must be un-archived before creating new invoices or credit notes."
)


@pytest.fixture
def ada(client):
    return client.ok("PUT", "/Contacts", {"Name": "Ada", "ContactNumber": "cus_1"})["ContactID"]


@pytest.fixture
def bob(client):
    return client.ok("PUT", "/Contacts", {"Name": "Bob", "ContactNumber": "cus_2"})["ContactID"]


@pytest.fixture
def merge(client, ada, bob):
    return lambda: client.admin("merge_contacts", {"contacts": [ada], "into": bob})["Contacts"]


def receipt(kind, contact, **fields):
    return {
        "Type": kind,
        "Contact": {"ContactID": contact},
        "BankAccount": {"Code": "1200"},
        "Date": "2026-03-05",
        "LineAmountTypes": "NoTax",
        "LineItems": [line()],
        **fields,
    }


def test_every_document_of_a_merged_contact_is_the_survivors(client, ada, bob, merge, invoiced):
    contact = {"ContactID": ada}
    invoiced(Contact=contact)
    invoiced(Contact=contact, Type="ACCPAY", InvoiceNumber="B-1")
    note = {"Type": "ACCRECCREDIT", "Contact": contact, "Date": "2026-03-01", "LineItems": [line()]}
    client.ok("PUT", "/CreditNotes", note)
    client.ok("PUT", "/Quotes", {"Contact": contact, "Date": "2026-03-01", "LineItems": [line()]})
    for kind in ("RECEIVE", "RECEIVE-OVERPAYMENT", "RECEIVE-PREPAYMENT"):
        client.ok("PUT", "/BankTransactions", receipt(kind, ada))

    merge()

    owners = {
        name: {row["Contact"]["ContactID"] for row in client.ok("GET", f"/{name}?page=1")}
        for name in ("Invoices", "CreditNotes", "Quotes", "BankTransactions", "Overpayments", "Prepayments")
    }
    assert set().union(*owners.values()) == {bob}
    assert all(owners.values())
    flags = {row["Name"]: (row["IsCustomer"], row["IsSupplier"]) for row in client.ok("GET", "/Contacts")}
    assert flags == {"Bob": (True, True)}


def test_a_merged_contact_is_archived_and_names_its_survivor_in_pages_and_alone(client, ada, bob, merge):
    assert [(row["ContactStatus"], row.get("MergedToContactID")) for row in merge()] == [
        ("ARCHIVED", bob),
        ("ACTIVE", None),
    ]

    def survivors(path):
        return {row["Name"]: row.get("MergedToContactID") for row in client.ok("GET", path)}

    assert survivors("/Contacts?page=1") == {"Bob": None}
    assert survivors("/Contacts?page=1&includeArchived=true") == {"Ada": bob, "Bob": None}
    assert survivors("/Contacts?includeArchived=true") == {"Ada": None, "Bob": None}
    assert survivors(f"/Contacts/{ada}") == survivors("/Contacts/cus_1") == {"Ada": bob}


def test_both_contacts_were_changed_by_a_merge_and_the_documents_were_not_unless_by_rule(client, ada, merge, invoiced):
    invoiced(Contact={"ContactID": ada}, InvoiceNumber="A-1")
    client.admin("clock", {"offset_seconds": 60})
    later = client.ok("PUT", "/Contacts", {"Name": "Cy"})["UpdatedDateUTC"]
    merge()

    def changed(path):
        return client.ok("GET", path, If_Modified_Since=later)

    assert [row["Name"] for row in changed("/Contacts?page=1&includeArchived=true")] == ["Cy", "Ada", "Bob"]
    assert changed("/Invoices?page=1") == []

    client.admin("rules", {"documents_of_merged_contacts_keep_their_moment": False})
    cy, bob = (row["ContactID"] for row in changed("/Contacts?page=1"))
    client.admin("merge_contacts", {"contacts": [bob], "into": cy})
    assert [row["InvoiceNumber"] for row in changed("/Invoices?page=1")] == ["A-1"]


@pytest.mark.parametrize("key", ["ContactID", "ContactNumber"])
def test_an_archived_contact_cannot_be_written_to(client, ada, merge, key):
    merge()
    named = {"ContactID": ada, "ContactNumber": "cus_1"}[key]
    assert client.refused("POST", "/Contacts", {key: named, "EmailAddress": "a@example.com"}) == [ARCHIVED]
    assert client.refused("POST", "/Contacts", {key: named, "ContactStatus": "ACTIVE"}) == [ARCHIVED]
    assert client.refused("PUT", "/Invoices", invoice(Contact={key: named})) == [NO_DOCUMENTS]


def test_the_number_of_a_merged_contact_stays_with_it_and_its_name_is_free(client, ada, merge):
    merge()
    taken = client.refused("PUT", "/Contacts", {"Name": "New", "ContactNumber": "cus_1"})
    assert taken == ["The contact number cus_1 is already assigned to another contact."]
    assert client.ok("PUT", "/Contacts", {"Name": "Ada"})["ContactID"] != ada


@pytest.mark.parametrize("status", ["VOIDED", "AUTHORISED"])
def test_an_invoice_of_an_archived_contact_cannot_be_changed_or_voided_unless_by_rule(client, ada, invoiced, status):
    row = invoiced(Contact={"ContactID": ada})
    client.ok("POST", f"/Contacts/{ada}", {"ContactStatus": "ARCHIVED"})
    change = {"Status": status, "Reference": "new"}
    assert client.refused("POST", f"/Invoices/{row['InvoiceID']}", change) == [NO_DOCUMENTS]
    client.admin("rules", {"documents_of_archived_contacts_stay_as_they_are": False})
    assert client.ok("POST", f"/Invoices/{row['InvoiceID']}", change)["Status"] == status


def test_an_invoice_of_a_merged_contact_is_voided_as_the_survivors(client, ada, merge, invoiced):
    row = invoiced(Contact={"ContactID": ada})
    merge()
    assert client.ok("POST", f"/Invoices/{row['InvoiceID']}", {"Status": "VOIDED"})["Status"] == "VOIDED"


def test_a_restored_contact_is_active_again_and_gets_none_of_its_documents_back(client, ada, bob, merge, invoiced):
    invoiced(Contact={"ContactID": ada})
    merge()
    (restored,) = client.admin("restore_contact", {"contact": ada})["Contacts"]
    assert (restored["ContactStatus"], "MergedToContactID" in restored) == ("ACTIVE", False)
    (row,) = client.ok("GET", "/Invoices")
    assert row["Contact"]["ContactID"] == bob


def test_a_contact_whose_name_was_given_away_is_not_restored(client, ada, merge):
    merge()
    client.ok("PUT", "/Contacts", {"Name": "Ada"})
    answer = client.session.post(f"{client.base_url}/_sandbox/restore_contact", json={"contact": ada}, timeout=30)
    assert answer.status_code == 400
    assert "already assigned to another contact" in answer.json()["error"]


@pytest.mark.parametrize(
    ("route", "wanted"),
    [
        ("merge_contacts", lambda ada, bob: {"contacts": ada, "into": bob}),
        ("merge_contacts", lambda ada, bob: {"contacts": [], "into": bob}),
        ("merge_contacts", lambda ada, bob: {"contacts": [ada, bob], "into": bob}),
        ("merge_contacts", lambda ada, bob: {"contacts": [ada, ada], "into": bob}),
        ("merge_contacts", lambda ada, bob: {"contacts": [ada]}),
        ("merge_contacts", lambda ada, bob: {"contacts": [NOBODY], "into": bob}),
        ("restore_contact", lambda ada, bob: {"contact": ada}),
        ("restore_contact", lambda ada, bob: {}),
    ],
)
def test_a_merge_or_a_restoration_that_makes_no_sense_is_refused_and_changes_nothing(client, ada, bob, route, wanted):
    body = wanted(ada, bob)
    answer = client.session.post(f"{client.base_url}/_sandbox/{route}", json=body, timeout=30)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert {row["ContactStatus"] for row in client.ok("GET", "/Contacts?includeArchived=true")} == {"ACTIVE"}


def test_a_contact_that_was_merged_away_is_not_merged_again(client, ada, bob, merge):
    merge()
    answer = client.session.post(
        f"{client.base_url}/_sandbox/merge_contacts", json={"contacts": [bob], "into": ada}, timeout=30
    )
    assert answer.json() == {"error": "only active contacts are merged"}
