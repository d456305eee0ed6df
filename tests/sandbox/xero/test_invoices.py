import pytest

from tests.sandbox.xero.conftest import NOBODY, invoice, line

NOT_CHANGEABLE = "Invoice not of valid status for modification"
HAS_PAYMENT = "This document cannot be edited as it has a payment or credit note allocated to it."


def pay(client, row, amount):
    body = {"Invoice": {"InvoiceID": row["InvoiceID"]}, "Account": {"Code": "1200"}, "Date": "2026-03-05"}
    return client.ok("PUT", "/Payments", body | {"Amount": amount})


def test_an_invoice_comes_back_as_it_was_put(client, invoiced):
    invoiced(InvoiceNumber="A-1", Reference="in_1", Url="https://example.com/in_1", SentToContact=True)
    (row,) = client.ok("GET", "/Invoices/A-1")
    assert (row["InvoiceNumber"], row["Reference"], row["Url"]) == ("A-1", "in_1", "https://example.com/in_1")
    assert (row["Date"], row["DateString"]) == ("/Date(1772323200000+0000)/", "2026-03-01T00:00:00")
    assert (row["DueDate"], row["Status"], row["CurrencyCode"]) == (
        "/Date(1774915200000+0000)/",
        "AUTHORISED",
        "EUR",
    )
    assert (row["SubTotal"], row["TotalTax"], row["Total"], row["AmountDue"]) == (100, 19, 119, 119)
    assert (row["LineAmountTypes"], row["SentToContact"], row["CurrencyRate"]) == ("Exclusive", True, 1)
    (item,) = row["LineItems"]
    assert (item["AccountCode"], item["TaxType"], item["TaxAmount"], item["LineAmount"]) == (
        "200",
        "OUTPUT",
        19,
        100,
    )


@pytest.mark.parametrize(
    "day", ["2026-03-01", "2026-03-01T00:00:00", "/Date(1772323200000)/", "/Date(1772323200000+0000)/"]
)
def test_dates_come_in_iso_or_in_xeros_own_format(invoiced, day):
    assert invoiced(Date=day)["Date"] == "/Date(1772323200000+0000)/"


def test_a_date_that_is_none_is_a_post_data_exception(client):
    answer = client.call("PUT", "/Invoices", invoice(Date="tomorrow"))
    assert (answer.status_code, answer.json()["ErrorNumber"]) == (400, 14)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"Type": "INVOICE"}, "The invoice Type must be ACCREC or ACCPAY"),
        ({"Contact": None}, "A Contact must be specified for this type of transaction"),
        ({"Contact": {"ContactNumber": "cus_9"}}, "A Contact must be specified for this type of transaction"),
        ({"Status": "PAID"}, "Invoice not of valid status for creation"),
        ({"Status": "VOIDED"}, "Invoice not of valid status for creation"),
        ({"LineItems": []}, "One or more line items must be specified"),
        ({"LineItems": None}, "One or more line items must be specified"),
        ({"DueDate": None}, "The DueDate must be specified to approve the document"),
        ({"CurrencyCode": "GBP"}, "Organisation is not subscribed to currency GBP"),
        ({"CurrencyCode": "USD", "CurrencyRate": -1}, "The currency rate must be greater than zero"),
        ({"LineAmountTypes": "Net"}, "LineAmountTypes must be Exclusive, Inclusive or NoTax"),
        ({"InvoiceNumber": "n" * 256}, "The invoice number must have at most 255 characters"),
        (
            {"LineItems": [line(AccountCode="999")]},
            "Account code '999' is not a valid code for this document.",
        ),
        (
            {"LineItems": [line(AccountCode="1200")]},
            "Account code '1200' is not a valid code for this document.",
        ),
        (
            {"LineItems": [line(AccountCode="610")]},
            "Account code '610' is not a valid code for this document.",
        ),
        ({"LineItems": [line(AccountCode=None)]}, "Account code or ID must be specified"),
        ({"LineItems": [line(Description="")]}, "Description is required for each line item"),
        ({"LineItems": [line(ItemCode="none")]}, "Item code 'none' is not valid"),
        ({"LineItems": [line(UnitAmount=-1)]}, "The document total must not be less than zero"),
        (
            {"LineItems": [line(TaxType="OUTPUT9")]},
            "The TaxType code 'OUTPUT9' does not exist or cannot be used for this type of transaction.",
        ),
        (
            {"LineItems": [line(TaxType="INPUT")]},
            "The TaxType code 'INPUT' cannot be used with account code '200'.",
        ),
    ],
)
def test_an_invoice_that_breaks_a_rule_is_refused_in_xeros_words(client, fields, message):
    assert client.refused("PUT", "/Invoices", invoice(**fields)) == [message]
    assert client.ok("GET", "/Invoices") == []


def test_a_used_invoice_number_is_refused_in_xeros_words(client, invoiced):
    invoiced(InvoiceNumber="A-1")
    assert client.refused("PUT", "/Invoices", invoice(InvoiceNumber="A-1")) == ["Invoice # must be unique."]


def test_bills_may_share_a_number(client, invoiced):
    invoiced(InvoiceNumber="A-1", Type="ACCPAY")
    invoiced(InvoiceNumber="A-1", Type="ACCPAY")
    invoiced(InvoiceNumber="A-1")
    assert len(client.ok("GET", "/Invoices")) == 3


def test_the_number_of_a_voided_invoice_stays_used_and_that_of_a_deleted_draft_is_free(client, invoiced):
    voided, deleted = invoiced(InvoiceNumber="A-1"), invoiced(InvoiceNumber="A-2", Status="DRAFT")
    client.ok("POST", "/Invoices", {"InvoiceID": voided["InvoiceID"], "Status": "VOIDED"})
    client.ok("POST", "/Invoices", {"InvoiceID": deleted["InvoiceID"], "Status": "DELETED"})
    assert client.refused("PUT", "/Invoices", invoice(InvoiceNumber="A-1")) == ["Invoice # must be unique."]
    assert invoiced(InvoiceNumber="A-2")["InvoiceID"] != deleted["InvoiceID"]


def test_an_invoice_without_a_number_gets_the_next_one(invoiced):
    assert [invoiced(Reference=str(place))["InvoiceNumber"] for place in range(2)] == ["INV-0001", "INV-0002"]


def test_a_post_with_a_used_number_overwrites_what_it_names(client, invoiced):
    first = invoiced(InvoiceNumber="A-1", Reference="old")
    second = client.ok(
        "POST", "/Invoices", invoice(InvoiceNumber="A-1", Reference="new", LineItems=[line(UnitAmount=50)])
    )
    assert second["InvoiceID"] == first["InvoiceID"]
    assert (second["Reference"], second["Total"]) == ("new", 59.5)


def test_a_post_of_an_unknown_id_is_refused_and_creates_nothing(client):
    assert client.refused("POST", "/Invoices", invoice(InvoiceID=NOBODY)) == ["Invoice not found"]
    assert client.ok("GET", "/Invoices") == []


def test_a_post_of_a_new_number_creates(client):
    assert client.ok("POST", "/Invoices", invoice(InvoiceNumber="A-1"))["Status"] == "AUTHORISED"


def test_a_post_by_id_changes_only_what_it_says_and_may_renumber(client, invoiced):
    first = invoiced(InvoiceNumber="A-1", Reference="in_1")
    changed = client.ok("POST", f"/Invoices/{first['InvoiceID']}", {"InvoiceNumber": "A-2"})
    assert (changed["InvoiceNumber"], changed["Reference"], changed["Total"]) == ("A-2", "in_1", 119)
    assert changed["LineItems"] == first["LineItems"]


def test_lines_that_are_named_keep_their_ids_and_lines_left_out_are_gone(client, invoiced):
    first = invoiced(LineItems=[line(), line(Description="Seats")])
    kept = first["LineItems"][1]
    body = {
        "LineItems": [
            line(Description="New"),
            {**line(Description="Seats"), "LineItemID": kept["LineItemID"]},
        ]
    }
    after = client.ok("POST", f"/Invoices/{first['InvoiceID']}", body)["LineItems"]
    assert [item["Description"] for item in after] == ["New", "Seats"]
    assert after[1]["LineItemID"] == kept["LineItemID"]
    assert after[0]["LineItemID"] not in {item["LineItemID"] for item in first["LineItems"]}


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (["DRAFT", "SUBMITTED", "DRAFT", "AUTHORISED", "VOIDED"], True),
        (["DRAFT", "DELETED"], True),
        (["SUBMITTED", "DELETED"], True),
        (["AUTHORISED", "DRAFT"], False),
        (["AUTHORISED", "DELETED"], False),
        (["AUTHORISED", "PAID"], False),
        (["DRAFT", "VOIDED"], False),
        (["DRAFT", "PAID"], False),
        (["AUTHORISED", "VOIDED", "AUTHORISED"], False),
        (["DRAFT", "DELETED", "DRAFT"], False),
    ],
)
def test_an_invoice_walks_only_the_ways_that_xero_knows(client, invoiced, path, allowed):
    first, *steps, last = path
    row = invoiced(Status=first)
    url = f"/Invoices/{row['InvoiceID']}"
    for step in steps:
        assert client.ok("POST", url, {"Status": step})["Status"] == step
    if allowed:
        assert client.ok("POST", url, {"Status": last})["Status"] == last
    else:
        assert client.refused("POST", url, {"Status": last}) == [NOT_CHANGEABLE]


def test_a_draft_may_be_incomplete_and_is_completed_when_it_is_approved(client, invoiced):
    row = invoiced(Status="DRAFT", DueDate=None, LineItems=[line(AccountCode=None)])
    url = f"/Invoices/{row['InvoiceID']}"
    assert client.refused("POST", url, {"Status": "AUTHORISED", "DueDate": "2026-04-01"}) == [
        "Account code or ID must be specified"
    ]
    body = {"Status": "AUTHORISED", "DueDate": "2026-04-01", "LineItems": [line()]}
    assert client.ok("POST", url, body)["AmountDue"] == 119


def test_the_date_is_today_in_the_organisations_zone_where_none_is_sent(client, invoiced, xero):
    assert invoiced(Date=None)["DateString"][:10] == xero.ledger.today().isoformat()


def test_a_paid_or_voided_invoice_cannot_be_changed(client, invoiced):
    paid, voided = invoiced(Reference="1"), invoiced(Reference="2")
    pay(client, paid, 119)
    client.ok("POST", f"/Invoices/{voided['InvoiceID']}", {"Status": "VOIDED"})
    for row in (paid, voided):
        assert client.refused("POST", f"/Invoices/{row['InvoiceID']}", {"Reference": "x"}) == [NOT_CHANGEABLE]


def test_an_invoice_with_a_payment_cannot_be_voided(client, invoiced):
    row = invoiced()
    pay(client, row, 1)
    (message,) = client.refused("POST", f"/Invoices/{row['InvoiceID']}", {"Status": "VOIDED"})
    assert message == "This document cannot be voided as it has a payment or credit note allocated to it."


@pytest.mark.parametrize(
    "fields",
    [{"LineItems": [line()]}, {"Date": "2026-03-02"}, {"CurrencyCode": "USD"}, {"Contact": {"Name": "Bob"}}],
)
def test_what_makes_the_amount_of_a_part_paid_invoice_cannot_be_changed(client, invoiced, fields):
    row = invoiced()
    pay(client, row, 1)
    assert client.refused("POST", f"/Invoices/{row['InvoiceID']}", fields) == [HAS_PAYMENT]


def test_what_does_not_touch_the_amount_of_a_part_paid_invoice_can(client, invoiced):
    row = invoiced()
    pay(client, row, 1)
    changed = client.ok("POST", f"/Invoices/{row['InvoiceID']}", {"Reference": "x", "DueDate": "2026-05-01"})
    assert (changed["Reference"], changed["DueDateString"][:10]) == ("x", "2026-05-01")


def test_totals_that_are_sent_are_not_read(client, invoiced):
    sent = {"SubTotal": 1, "TotalTax": 1, "Total": 2, "AmountDue": 0, "AmountPaid": 2, "AmountCredited": 1}
    row = invoiced(**sent, FullyPaidOnDate="2026-03-01")
    assert (row["Status"], row["SubTotal"], row["TotalTax"], row["Total"]) == ("AUTHORISED", 100, 19, 119)
    assert (row["AmountDue"], row["AmountPaid"], row["AmountCredited"]) == (119, 0, 0)
    assert "FullyPaidOnDate" not in row


def test_a_voided_invoice_owes_nothing(client, invoiced):
    row = invoiced()
    assert client.ok("POST", f"/Invoices/{row['InvoiceID']}", {"Status": "VOIDED"})["AmountDue"] == 0


def test_a_foreign_invoice_keeps_its_rate_and_an_omitted_one_is_the_days(invoiced):
    assert invoiced(CurrencyCode="USD", CurrencyRate=1.05)["CurrencyRate"] == 1.05
    assert invoiced(CurrencyCode="USD", Reference="2")["CurrencyRate"] == 1.0847
    assert invoiced(CurrencyRate=1.05, Reference="3")["CurrencyRate"] == 1


def test_an_invoice_creates_its_contact_by_name_or_finds_it(client, invoiced):
    first, second = invoiced(Contact={"Name": "Ada"}), invoiced(Contact={"Name": "ADA"}, Reference="2")
    assert first["Contact"]["ContactID"] == second["Contact"]["ContactID"]
    assert [row["Name"] for row in client.ok("GET", "/Contacts")] == ["Ada"]


def test_a_refused_invoice_leaves_no_contact_behind(client):
    client.refused("PUT", "/Invoices", invoice(Contact={"Name": "Ada"}, LineItems=[line(AccountCode="999")]))
    assert client.ok("GET", "/Contacts") == []


def test_a_document_keeps_its_type_and_needs_its_lines_when_their_tax_changes(client, invoiced):
    row = invoiced()
    url = f"/Invoices/{row['InvoiceID']}"
    assert client.refused("POST", url, {"Type": "ACCPAY"}) == ["The Type of a document cannot be changed"]
    assert client.refused("POST", url, {"LineAmountTypes": "Inclusive"}) == [
        "LineItems must be sent when LineAmountTypes changes"
    ]
    changed = client.ok("POST", url, {"LineAmountTypes": "Inclusive", "LineItems": [line(UnitAmount=119)]})
    assert (changed["SubTotal"], changed["Total"]) == (100, 119)
