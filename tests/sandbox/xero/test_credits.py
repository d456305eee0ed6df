"""Credit notes, overpayments and prepayments: made, allocated, refunded, taken back."""

import pytest

from tests.sandbox.xero.conftest import NOBODY, line


def credit_note(**fields):
    usual = {
        "Type": "ACCRECCREDIT",
        "Status": "AUTHORISED",
        "Contact": {"Name": "Ada Lovelace"},
        "Date": "2026-03-02",
        "LineItems": [line(UnitAmount=50)],
    }
    return {name: value for name, value in {**usual, **fields}.items() if value is not None}


def receipt(kind="RECEIVE-OVERPAYMENT", **fields):
    usual = {
        "Type": kind,
        "Contact": {"Name": "Ada Lovelace"},
        "BankAccount": {"Code": "1200"},
        "Date": "2026-03-02",
        "Reference": "pi_over",
        "LineAmountTypes": "NoTax",
        "LineItems": [{"Description": "Too much", "UnitAmount": 40}],
    }
    if kind.endswith("PREPAYMENT"):
        usual |= {"LineAmountTypes": "Exclusive", "LineItems": [line(UnitAmount=40)]}
    return {name: value for name, value in {**usual, **fields}.items() if value is not None}


@pytest.fixture
def credited(client):
    return lambda **fields: client.ok("PUT", "/CreditNotes", credit_note(**fields))


@pytest.fixture
def allocate(client):
    def put(url, invoice, amount, **fields):
        body = {"Invoice": {"InvoiceID": invoice["InvoiceID"]}, "Amount": amount, "Date": "2026-03-04"}
        return client.ok("PUT", f"{url}/Allocations", {"Allocations": [body | fields]})

    return put


def note_url(row):
    return f"/CreditNotes/{row['CreditNoteID']}"


def read(client, path):
    return client.ok("GET", path)[0]


def test_a_credit_note_comes_back_as_it_was_put(client, credited):
    made = credited(CreditNoteNumber="CN-1", Reference="cn_1")
    row = read(client, "/CreditNotes/CN-1")
    assert (row["CreditNoteID"], row["Reference"], row["Status"]) == (
        made["CreditNoteID"],
        "cn_1",
        "AUTHORISED",
    )
    assert (row["SubTotal"], row["TotalTax"], row["Total"], row["RemainingCredit"]) == (50, 9.5, 59.5, 59.5)
    assert credited(Reference="2")["CreditNoteNumber"] == "CN-0002"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"Type": "CREDIT"}, "The credit note Type must be ACCRECCREDIT or ACCPAYCREDIT"),
        ({"CreditNoteNumber": "CN-1"}, "Credit note # must be unique."),
        ({"Status": "PAID"}, "Credit note not of valid status for creation"),
        ({"LineItems": []}, "One or more line items must be specified"),
        ({"LineItems": None, "Status": "DRAFT"}, "One or more line items must be specified"),
        ({"LineItems": [line(DiscountRate=10)]}, "Discounts can only be given on sales invoices and quotes"),
        ({"CurrencyCode": "GBP"}, "Organisation is not subscribed to currency GBP"),
    ],
)
def test_a_credit_note_that_breaks_a_rule_is_refused(client, credited, fields, message):
    credited(CreditNoteNumber="CN-1")
    assert client.refused("PUT", "/CreditNotes", credit_note(**fields)) == [message]


def test_a_credit_note_is_changed_by_id_or_number_and_walks_the_ways_of_an_invoice(client, credited):
    made = credited(CreditNoteNumber="CN-1", Status="DRAFT")
    assert client.ok("POST", "/CreditNotes", {"CreditNoteNumber": "CN-1", "Reference": "x"})["Reference"] == "x"
    assert client.ok("POST", note_url(made), {"Status": "AUTHORISED"})["Status"] == "AUTHORISED"
    assert client.refused("POST", note_url(made), {"Status": "DRAFT"}) == [
        "Credit note not of valid status for modification"
    ]
    voided = client.ok("POST", note_url(made), {"Status": "VOIDED"})
    assert (voided["Status"], voided["RemainingCredit"]) == ("VOIDED", 0)
    assert client.refused("POST", "/CreditNotes", {"CreditNoteID": NOBODY, "Reference": "y"}) == [
        "Credit note not found"
    ]


def test_an_allocation_settles_the_invoice_and_uses_the_credit(client, invoiced, credited, allocate):
    row, note = invoiced(), credited()
    made = allocate(note_url(note), row, 59.5)
    assert (made["Amount"], made["Invoice"]["InvoiceID"]) == (59.5, row["InvoiceID"])
    after = read(client, f"/Invoices/{row['InvoiceID']}")
    assert (after["AmountDue"], after["AmountCredited"], after["AmountPaid"]) == (59.5, 59.5, 0)
    (applied,) = after["CreditNotes"]
    assert (applied["CreditNoteID"], applied["AppliedAmount"]) == (note["CreditNoteID"], 59.5)
    used = read(client, note_url(note))
    assert (used["Status"], used["RemainingCredit"], used["AppliedAmount"]) == ("PAID", 0, 59.5)
    assert used["Allocations"][0]["AllocationID"] == made["AllocationID"]


def test_credits_and_payments_together_make_an_invoice_paid(client, invoiced, credited, allocate):
    row, note = invoiced(), credited()
    allocate(note_url(note), row, 59.5)
    body = {"Invoice": {"InvoiceID": row["InvoiceID"]}, "Account": {"Code": "1200"}, "Date": "2026-03-05"}
    assert client.refused("PUT", "/Payments", body | {"Amount": 59.51}) == [
        "Payment amount exceeds the amount outstanding on this document"
    ]
    client.ok("PUT", "/Payments", body | {"Amount": 59.5})
    assert read(client, f"/Invoices/{row['InvoiceID']}")["Status"] == "PAID"


def test_a_removed_allocation_reopens_both(client, invoiced, credited, allocate):
    row, note = invoiced(), credited(LineItems=[line()])
    made = allocate(note_url(note), row, 119)
    assert read(client, f"/Invoices/{row['InvoiceID']}")["Status"] == "PAID"
    gone = client.call("DELETE", f"{note_url(note)}/Allocations/{made['AllocationID']}").json()
    assert (gone["IsDeleted"], gone["AllocationID"]) == (True, made["AllocationID"])
    assert read(client, f"/Invoices/{row['InvoiceID']}")["AmountDue"] == 119
    assert (read(client, note_url(note))["Status"], read(client, note_url(note))["Allocations"]) == (
        "AUTHORISED",
        [],
    )
    assert client.call("DELETE", f"{note_url(note)}/Allocations/{made['AllocationID']}").status_code == 404


def test_an_allocation_is_removed_only_from_its_own_credit(client, invoiced, credited, allocate):
    row, note, other = invoiced(), credited(), credited(Reference="2")
    made = allocate(note_url(note), row, 1)
    assert client.call("DELETE", f"{note_url(other)}/Allocations/{made['AllocationID']}").status_code == 404


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (({}, {}, {"Amount": 59.51}), "The allocation amount exceeds the remaining credit"),
        (
            ({}, {"LineItems": [line(UnitAmount=1)]}, {"Amount": 2}),
            "The allocation amount exceeds the amount outstanding on this document",
        ),
        (({}, {}, {"Date": None}), "The allocation date must be specified"),
        (({}, {}, {"Amount": 0}), "The allocation amount must be greater than zero"),
        (({}, {}, {"Invoice": {"InvoiceID": NOBODY}}), "Invoice not found"),
        (({}, {}, {"Invoice": {"InvoiceNumber": "none"}}), "Invoice not found"),
        (({"Contact": {"Name": "Bob"}}, {}, {}), "The credit and the invoice must be of the same contact"),
        (({"CurrencyCode": "USD"}, {}, {}), "The credit and the invoice must be in the same currency"),
        (({"Status": "DRAFT"}, {}, {}), "Allocations can only be made between Authorised documents"),
        (({}, {"Status": "DRAFT"}, {}), "Allocations can only be made between Authorised documents"),
        (({}, {"Type": "ACCPAY"}, {}), "The credit cannot be allocated to an invoice of this type"),
    ],
)
def test_an_allocation_that_breaks_a_rule_is_refused(client, invoiced, credited, fields, message):
    of_note, of_invoice, of_allocation = fields
    note, row = credited(**of_note), invoiced(**of_invoice)
    body = {"Invoice": {"InvoiceID": row["InvoiceID"]}, "Amount": 1, "Date": "2026-03-04"} | of_allocation
    assert client.refused("PUT", f"{note_url(note)}/Allocations", {"Allocations": [body]}) == [message]
    assert read(client, f"/Invoices/{row['InvoiceID']}")["AmountCredited"] == 0


def test_a_used_credit_note_or_credited_invoice_cannot_be_voided(client, invoiced, credited, allocate):
    row, note = invoiced(), credited()
    allocate(note_url(note), row, 1)
    for url in (note_url(note), f"/Invoices/{row['InvoiceID']}"):
        assert client.refused("POST", url, {"Status": "VOIDED"}) == [
            "This document cannot be voided as it has a payment or credit note allocated to it."
        ]
        assert client.refused("POST", url, {"LineItems": [line()]}) == [
            "This document cannot be edited as it has a payment or credit note allocated to it."
        ]


def test_a_credit_note_is_refunded_by_a_payment_and_reopened_by_its_deletion(client, credited):
    note = credited(CreditNoteNumber="CN-1")
    body = {
        "CreditNote": {"CreditNoteID": note["CreditNoteID"]},
        "Account": {"Code": "1200"},
        "Date": "2026-03-05",
    }
    assert client.refused("PUT", "/Payments", body | {"Amount": 60}) == [
        "Payment amount exceeds the amount outstanding on this document"
    ]
    refund = client.ok("PUT", "/Payments", body | {"Amount": 59.5, "Reference": "re_1"})
    assert refund["PaymentType"] == "ARCREDITPAYMENT"
    assert (refund["Invoice"]["Type"], refund["CreditNote"]["CreditNoteNumber"]) == ("ACCRECCREDIT", "CN-1")
    after = read(client, note_url(note))
    assert (after["Status"], after["RemainingCredit"], after["Payments"][0]["Amount"]) == ("PAID", 0, 59.5)
    client.ok("POST", f"/Payments/{refund['PaymentID']}", {"Status": "DELETED"})
    assert read(client, note_url(note))["RemainingCredit"] == 59.5
    named = {"CreditNoteNumber": "CN-1", "Account": {"Code": "1200"}, "Amount": 1, "Date": "2026-03-05"}
    assert client.ok("PUT", "/Payments", named)["Invoice"]["InvoiceNumber"] == "CN-1"


@pytest.mark.parametrize(
    ("kind", "payment_type"),
    [
        ("RECEIVE-OVERPAYMENT", "AROVERPAYMENTPAYMENT"),
        ("RECEIVE-PREPAYMENT", "ARPREPAYMENTPAYMENT"),
        ("SPEND-OVERPAYMENT", "APOVERPAYMENTPAYMENT"),
        ("SPEND-PREPAYMENT", "APPREPAYMENTPAYMENT"),
    ],
)
def test_an_over_or_prepayment_is_made_by_a_bank_transaction_allocated_and_refunded(
    client, invoiced, allocate, kind, payment_type
):
    name = kind.split("-")[1].capitalize()
    sale = kind.startswith("RECEIVE")
    fields = (
        {}
        if sale or name == "Overpayment"
        else {"LineItems": [line(UnitAmount=40, AccountCode="404", TaxType="INPUT")]}
    )
    made = client.ok("PUT", "/BankTransactions", receipt(kind, **fields))
    credit_id = made[f"{name}ID"]
    url = f"/{name}s/{credit_id}"
    total = read(client, url)["Total"]
    assert total == made["Total"] == (40 if name == "Overpayment" else 47.6)
    row = invoiced() if sale else invoiced(Type="ACCPAY", LineItems=[line(AccountCode="404")])
    allocation = allocate(url, row, 30)
    after = read(client, f"/Invoices/{row['InvoiceID']}")
    assert (after["AmountCredited"], after[f"{name}s"][0]["AppliedAmount"]) == (30, 30)
    body = {
        name: {f"{name}ID": credit_id},
        "Account": {"Code": "1200"},
        "Date": "2026-03-05",
        "Amount": round(total - 30, 2),
    }
    refund = client.ok("PUT", "/Payments", body)
    assert refund["PaymentType"] == payment_type
    used = read(client, url)
    assert (used["Status"], used["RemainingCredit"]) == ("PAID", 0)
    client.call("DELETE", f"{url}/Allocations/{allocation['AllocationID']}")
    assert read(client, url)["RemainingCredit"] == 30
    assert read(client, f"/Invoices/{row['InvoiceID']}")["AmountCredited"] == 0


@pytest.mark.parametrize("name", ["Overpayments", "Prepayments"])
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_over_and_prepayments_are_made_in_no_other_way(client, name, method):
    assert client.call(method, f"/{name}", {name: [receipt()]}).status_code == 405


def test_overpayments_are_found_by_reference_and_page(client):
    client.ok("PUT", "/BankTransactions", [receipt(Reference="pi_1"), receipt(Reference="pi_2")])
    assert [row["Reference"] for row in client.ok("GET", "/Overpayments?References=pi_2")] == ["pi_2"]
    body = client.call("GET", "/Overpayments?page=1&pageSize=1").json()
    assert (body["pagination"]["itemCount"], len(body["Overpayments"])) == (2, 1)
    assert body["Overpayments"][0]["LineItems"]
    assert client.ok("GET", "/Prepayments") == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"LineAmountTypes": "Exclusive"},
            "An overpayment has exactly one line item, with LineAmountTypes NoTax",
        ),
        (
            {"LineItems": [{"Description": "a", "UnitAmount": 1}] * 2},
            "An overpayment has exactly one line item, with LineAmountTypes NoTax",
        ),
        (
            {"BankAccount": {"Code": "1201"}, "CurrencyCode": "EUR"},
            "The account must be in the base currency or in the currency of the document",
        ),
    ],
)
def test_an_overpayment_that_breaks_a_rule_is_refused(client, fields, message):
    assert client.refused("PUT", "/BankTransactions", receipt(**fields)) == [message]


def test_an_overpayment_in_another_currency_moves_the_account_by_its_rate(client):
    body = receipt(CurrencyCode="USD", CurrencyRate=1.25)
    made = client.ok("PUT", "/BankTransactions", body)
    assert (made["Total"], made["CurrencyCode"]) == (40, "USD")
    balances = client.session.get(f"{client.base_url}/_sandbox/balances", timeout=30).json()
    assert balances["1200"] == "32.00"


def test_a_deleted_receipt_voids_its_overpayment_unless_that_was_used(client, invoiced, allocate):
    first = client.ok("PUT", "/BankTransactions", receipt())
    url = f"/BankTransactions/{first['BankTransactionID']}"
    allocation = allocate(f"/Overpayments/{first['OverpaymentID']}", invoiced(), 1)
    assert client.refused("POST", url, {"Status": "DELETED"}) == [
        "This document cannot be voided as it has a payment or credit note allocated to it."
    ]
    client.call("DELETE", f"/Overpayments/{first['OverpaymentID']}/Allocations/{allocation['AllocationID']}")
    assert client.ok("POST", url, {"Status": "DELETED"})["Status"] == "DELETED"
    voided = read(client, f"/Overpayments/{first['OverpaymentID']}")
    assert (voided["Status"], voided["RemainingCredit"]) == ("VOIDED", 0)


def test_a_receipt_that_made_an_overpayment_is_not_edited(client):
    made = client.ok("PUT", "/BankTransactions", receipt())
    assert client.refused("POST", f"/BankTransactions/{made['BankTransactionID']}", {"Reference": "x"}) == [
        "Bank transaction not of valid status for modification"
    ]


@pytest.mark.parametrize("name", ["Overpayment", "Prepayment", "CreditNote"])
def test_a_refund_of_something_unknown_is_refused(client, name):
    body = {name: {f"{name}ID": NOBODY}, "Account": {"Code": "1200"}, "Amount": 1}
    assert client.refused("PUT", "/Payments", body)[0].endswith("not found")


def test_a_refund_of_an_unknown_credit_note_number_is_refused(client):
    body = {"CreditNoteNumber": "none", "Account": {"Code": "1200"}, "Amount": 1}
    assert client.refused("PUT", "/Payments", body) == ["Credit note not found"]
