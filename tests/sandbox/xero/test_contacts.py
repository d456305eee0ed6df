import pytest

from tests.sandbox.xero.conftest import invoice

TAKEN = (
    "The contact name Ada is already assigned to another contact."
    " The contact name must be unique across all active contacts."
)


def test_a_contact_comes_back_as_it_was_put(client):
    address = {"AddressType": "POBOX", "AddressLine1": "Hauptstr. 1", "City": "Berlin", "PostalCode": "10115"}
    contact = {
        "Name": "Ada GmbH",
        "ContactNumber": "cus_1",
        "EmailAddress": "ada@example.com",
        "DefaultCurrency": "EUR",
        "TaxNumber": "DE123",
        "Addresses": [address],
        "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "1"}],
    }
    client.ok("PUT", "/Contacts", contact)
    (found,) = client.ok("GET", "/Contacts")
    assert {name: found[name] for name in contact} == contact
    assert (found["ContactStatus"], found["IsCustomer"], found["IsSupplier"]) == ("ACTIVE", False, False)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"Name": "Ada"}, TAKEN),
        ({"Name": ""}, "The contact name must be specified"),
        ({"Name": "x" * 256}, "The contact name must have at most 255 characters"),
        ({"Name": "B", "EmailAddress": "b@"}, "Email address must be valid."),
        ({"Name": "B", "EmailAddress": "bö@example.com"}, "Email address must be valid."),
        ({"Name": "B", "ContactNumber": "n" * 51}, "The contact number must have at most 50 characters"),
        (
            {"Name": "B", "ContactNumber": "n1"},
            "The contact number n1 is already assigned to another contact.",
        ),
        ({"Name": "B", "DefaultCurrency": "GBP"}, "Organisation is not subscribed to currency GBP"),
        ({"Name": "B", "ContactStatus": "GONE"}, "The contact status must be ACTIVE or ARCHIVED"),
        ({"Name": "B", "TaxNumber": "1" * 51}, "TaxNumber must have at most 50 characters"),
    ],
)
def test_a_contact_that_breaks_a_rule_is_refused_in_xeros_words(client, fields, message):
    client.ok("PUT", "/Contacts", {"Name": "Ada", "ContactNumber": "n1"})
    assert client.refused("PUT", "/Contacts", fields) == [message]


def test_a_rename_onto_another_active_contact_is_refused_and_onto_itself_is_not(client):
    client.ok("PUT", "/Contacts", {"Name": "Ada"})
    bob = client.ok("PUT", "/Contacts", {"Name": "Bob"})
    assert client.refused("POST", f"/Contacts/{bob['ContactID']}", {"Name": "ADA"})[0].startswith("The contact name")
    assert client.ok("POST", f"/Contacts/{bob['ContactID']}", {"Name": "bob"})["Name"] == "bob"


def test_the_name_of_an_archived_contact_is_free(client):
    first = client.ok("PUT", "/Contacts", {"Name": "Ada"})
    client.ok("POST", "/Contacts", {"ContactID": first["ContactID"], "ContactStatus": "ARCHIVED"})
    second = client.ok("PUT", "/Contacts", {"Name": "Ada"})
    assert second["ContactID"] != first["ContactID"]


@pytest.mark.parametrize("key", ["ContactID", "ContactNumber", "Name"])
def test_a_post_finds_its_contact_by_id_else_number_else_name_and_changes_only_what_it_says(client, key):
    first = client.ok("PUT", "/Contacts", {"Name": "Ada", "ContactNumber": "n1", "TaxNumber": "DE1"})
    changed = client.ok("POST", "/Contacts", {key: first[key], "EmailAddress": "a@example.com"})
    assert changed["ContactID"] == first["ContactID"]
    assert (changed["Name"], changed["TaxNumber"], changed["EmailAddress"]) == ("Ada", "DE1", "a@example.com")
    assert len(client.ok("GET", "/Contacts")) == 1


def test_a_post_of_nobody_known_creates_and_a_put_never_changes(client):
    assert client.ok("POST", "/Contacts", {"Name": "Ada"})["ContactStatus"] == "ACTIVE"
    assert client.refused("PUT", "/Contacts", {"Name": "Ada", "TaxNumber": "DE1"}) == [TAKEN]


def test_a_post_of_an_unknown_id_is_refused(client):
    body = {"ContactID": "00000000-0000-0000-0000-000000000000", "Name": "Ada"}
    assert client.refused("POST", "/Contacts", body) == [
        "The contact with the specified contact details could not be found"
    ]


def test_archived_contacts_are_listed_only_when_asked_for(client):
    ada = client.ok("PUT", "/Contacts", {"Name": "Ada"})
    client.ok("POST", f"/Contacts/{ada['ContactID']}", {"ContactStatus": "ARCHIVED"})
    assert client.ok("GET", "/Contacts") == []
    assert len(client.ok("GET", "/Contacts?includeArchived=true")) == 1
    assert client.ok("GET", f"/Contacts/{ada['ContactID']}")[0]["ContactStatus"] == "ARCHIVED"


def test_an_archived_contact_takes_no_documents(client):
    ada = client.ok("PUT", "/Contacts", {"Name": "Ada"})
    client.ok("POST", f"/Contacts/{ada['ContactID']}", {"ContactStatus": "ARCHIVED"})
    (message,) = client.refused("PUT", "/Invoices", invoice(Contact={"ContactID": ada["ContactID"]}))
    assert message.startswith("The contact with the specified contact details has been archived.")


def test_a_contact_is_found_by_number_and_by_id_in_the_path(client):
    ada = client.ok("PUT", "/Contacts", {"Name": "Ada", "ContactNumber": "cus_1"})
    for key in (ada["ContactID"], ada["ContactID"].upper(), "cus_1"):
        assert client.ok("GET", f"/Contacts/{key}")[0]["Name"] == "Ada"


def test_contacts_are_searched_by_name_number_and_mail(client):
    client.ok("PUT", "/Contacts", [{"Name": "Ada", "EmailAddress": "lovelace@example.com"}, {"Name": "Bob"}])
    for term, names in (("LOVELACE", ["Ada"]), ("bo", ["Bob"]), ("zz", [])):
        assert [row["Name"] for row in client.ok("GET", f"/Contacts?searchTerm={term}")] == names


def test_whoever_got_an_invoice_is_a_customer_and_whoever_sent_a_bill_a_supplier(client, invoiced):
    invoiced(Contact={"Name": "Ada"})
    invoiced(Contact={"Name": "Bob"}, Type="ACCPAY", InvoiceNumber="B-1")
    kinds = {row["Name"]: (row["IsCustomer"], row["IsSupplier"]) for row in client.ok("GET", "/Contacts")}
    assert kinds == {"Ada": (True, False), "Bob": (False, True)}
