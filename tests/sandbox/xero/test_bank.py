"""Bank transactions, transfers and batch payments."""

import pytest

from tests.sandbox.xero.conftest import NOBODY, line


def fee(**fields):
    usual = {
        "Type": "SPEND",
        "Contact": {"Name": "Stripe"},
        "BankAccount": {"Code": "1200"},
        "Date": "2026-03-15",
        "Reference": "po_1 fees",
        "LineAmountTypes": "NoTax",
        "LineItems": [{"Description": "Fees", "Quantity": 1, "UnitAmount": 3.34, "AccountCode": "404"}],
    }
    return {name: value for name, value in {**usual, **fields}.items() if value is not None}


def transfer(**fields):
    usual = {
        "FromBankAccount": {"Code": "1200"},
        "ToBankAccount": {"Code": "1300"},
        "Amount": 101.62,
        "Date": "2026-03-16",
        "Reference": "po_1",
    }
    return {**usual, **fields}


def balances(client):
    return client.session.get(f"{client.base_url}/_sandbox/balances", timeout=30).json()


def test_money_spent_comes_back_as_it_was_put(client):
    made = client.ok("PUT", "/BankTransactions", fee())
    (row,) = client.ok("GET", f"/BankTransactions/{made['BankTransactionID']}")
    assert (row["Type"], row["Status"], row["Total"], row["Reference"]) == (
        "SPEND",
        "AUTHORISED",
        3.34,
        "po_1 fees",
    )
    assert (row["BankAccount"]["Code"], row["Contact"]["Name"], row["CurrencyCode"]) == (
        "1200",
        "Stripe",
        "EUR",
    )
    assert row["LineItems"][0]["TaxType"] == "NONE"
    assert balances(client)["1200"] == "-3.34"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"Type": "PAY"}, "The bank transaction Type is not valid"),
        ({"Type": "SPEND-TRANSFER"}, "The bank transaction Type is not valid"),
        ({"Status": "DELETED"}, "Bank transaction not of valid status for creation"),
        ({"BankAccount": {"Code": "200"}}, "A valid bank account must be specified"),
        ({"BankAccount": None}, "A valid bank account must be specified"),
        ({"Contact": None}, "A Contact must be specified for this type of transaction"),
        ({"LineItems": []}, "One or more line items must be specified"),
        ({"LineItems": [line(AccountCode=None)]}, "Account code or ID must be specified"),
        (
            {"LineItems": [line(AccountCode="1300")]},
            "Account code '1300' is not a valid code for this document.",
        ),
        (
            {"LineItems": [line(AccountCode="404", UnitAmount=-1)]},
            "The total of a bank transaction must be greater than zero",
        ),
        ({"CurrencyCode": "USD"}, "The currency of a bank transaction is that of its bank account"),
    ],
)
def test_a_bank_transaction_that_breaks_a_rule_is_refused(client, fields, message):
    assert client.refused("PUT", "/BankTransactions", fee(**fields)) == [message]
    assert balances(client)["1200"] == "0.00"


def test_a_bank_transaction_is_changed_as_a_whole_and_deleted(client):
    made = client.ok("PUT", "/BankTransactions", fee())
    url = f"/BankTransactions/{made['BankTransactionID']}"
    lines = [line(AccountCode="404", UnitAmount=5, TaxType="NONE")]
    assert client.ok("POST", url, {"LineItems": lines, "BankAccount": {"Code": "1300"}})["Total"] == 5
    assert (balances(client)["1200"], balances(client)["1300"]) == ("0.00", "-5.00")
    body = {"BankTransactionID": made["BankTransactionID"], "Status": "DELETED"}
    assert client.ok("POST", "/BankTransactions", body)["Status"] == "DELETED"
    assert balances(client)["1300"] == "0.00"
    for change in ({"Reference": "x"}, {"Status": "DELETED"}):
        assert client.refused("POST", url, change) == ["Bank transaction not of valid status for modification"]


def test_a_bank_transaction_keeps_its_type(client):
    made = client.ok("PUT", "/BankTransactions", fee())
    assert client.refused("POST", f"/BankTransactions/{made['BankTransactionID']}", {"Type": "RECEIVE"}) == [
        "The Type of a document cannot be changed"
    ]


def test_a_post_without_an_id_creates_and_an_unknown_id_is_refused(client):
    assert client.ok("POST", "/BankTransactions", fee())["Status"] == "AUTHORISED"
    assert client.refused("POST", "/BankTransactions", fee(BankTransactionID=NOBODY)) == ["Bank transaction not found"]


def test_a_reconciled_bank_transaction_cannot_be_changed(client):
    made = client.ok("PUT", "/BankTransactions", fee(IsReconciled=True))
    (message,) = client.refused("POST", f"/BankTransactions/{made['BankTransactionID']}", {"Status": "DELETED"})
    assert message == "This Bank Transaction cannot be edited as it has been reconciled with a Bank Statement."


def test_bank_transactions_are_listed_by_account_type_and_reference(client):
    client.ok(
        "PUT",
        "/BankTransactions",
        [fee(), fee(Type="RECEIVE", Reference="won", BankAccount={"Code": "1300"})],
    )
    for where, references in (
        ('BankAccount.Code=="1300"', ["won"]),
        ('Type=="SPEND"', ["po_1 fees"]),
        ('Reference=="won"', ["won"]),
    ):
        assert [row["Reference"] for row in client.ok("GET", f"/BankTransactions?where={where}&page=1")] == references


def test_a_transfer_moves_money_and_makes_two_bank_transactions(client):
    made = client.ok("PUT", "/BankTransfers", transfer())
    (row,) = client.ok("GET", f"/BankTransfers/{made['BankTransferID']}")
    assert (row["Amount"], row["Reference"], row["Status"]) == (101.62, "po_1", "AUTHORISED")
    assert (balances(client)["1200"], balances(client)["1300"]) == ("-101.62", "101.62")
    (side,) = client.ok("GET", f"/BankTransactions/{made['FromBankTransactionID']}")
    assert (side["Type"], side["Total"]) == ("SPEND-TRANSFER", 101.62)
    assert client.refused("POST", f"/BankTransactions/{side['BankTransactionID']}", {"Status": "DELETED"}) == [
        "Bank transaction not of valid status for modification"
    ]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"ToBankAccount": {"Code": "1200"}}, "The two bank accounts of a transfer must be different"),
        (
            {"ToBankAccount": {"Code": "1301"}},
            "The two bank accounts of a transfer must be in the same currency",
        ),
        ({"ToBankAccount": {"Code": "200"}}, "A valid bank account must be specified"),
        ({"Amount": 0}, "The amount of a bank transfer must be greater than zero"),
    ],
)
def test_a_transfer_that_breaks_a_rule_is_refused(client, fields, message):
    assert client.refused("PUT", "/BankTransfers?summarizeErrors=false", transfer(**fields)) == [message]


@pytest.mark.parametrize("by_path", [True, False])
def test_a_transfer_is_deleted_with_both_sides_and_not_twice(client, by_path):
    made = client.ok("PUT", "/BankTransfers", transfer())
    path = f"/BankTransfers/{made['BankTransferID']}" if by_path else "/BankTransfers"
    body = (
        {"Status": "DELETED"}
        if by_path
        else {"BankTransfers": [{"BankTransferID": made["BankTransferID"], "Status": "DELETED"}]}
    )
    assert client.ok("POST", path, body)["Status"] == "DELETED"
    assert set(balances(client).values()) == {"0.00"}
    assert client.ok("GET", "/BankTransfers") == []
    assert len(client.ok("GET", "/BankTransfers?includeDeleted=true")) == 1
    assert client.refused("POST", path, body) == ["Bank transfer not of valid status for modification"]


def test_a_reconciled_transfer_is_not_deleted_and_no_transfer_is_edited(client):
    made = client.ok("PUT", "/BankTransfers", transfer(ToIsReconciled=True))
    url = f"/BankTransfers/{made['BankTransferID']}"
    assert client.refused("POST", url, {"Status": "DELETED"}) == [
        "This bank transfer cannot be deleted as it has been reconciled."
    ]
    assert balances(client)["1200"] == "-101.62"
    assert client.refused("POST", url, {"Amount": 1}) == [
        "The only change that a bank transfer can take is the Status DELETED"
    ]
    assert client.refused("POST", "/BankTransfers", {"BankTransferID": NOBODY}) == ["Bank transfer not found"]


@pytest.fixture
def batch(client, invoiced):
    def put(**fields):
        rows = [invoiced(Reference=str(place)) for place in range(2)]
        payments = [{"Invoice": {"InvoiceID": row["InvoiceID"]}, "Amount": 100} for row in rows]
        body = {"Account": {"Code": "1200"}, "Date": "2026-03-10", "Reference": "po_1", "Payments": payments}
        return rows, {**body, **fields}

    return put


def test_a_batch_pays_several_invoices_and_is_deleted_as_one(client, batch):
    rows, body = batch()
    made = client.ok("PUT", "/BatchPayments", {"BatchPayments": [body]})
    assert (made["Type"], made["TotalAmount"], len(made["Payments"])) == ("RECBATCH", 200, 2)
    assert client.ok("GET", f"/Invoices/{rows[0]['InvoiceID']}")[0]["AmountPaid"] == 100
    payment_id = made["Payments"][0]["PaymentID"]
    assert client.ok("GET", f"/Payments/{payment_id}")[0]["BatchPaymentID"] == made["BatchPaymentID"]
    assert client.refused("POST", f"/Payments/{payment_id}", {"Status": "DELETED"}) == [
        "This payment cannot be deleted as it is part of a batch payment."
    ]
    gone = client.ok("POST", "/BatchPayments", {"BatchPaymentID": made["BatchPaymentID"], "Status": "DELETED"})
    assert (gone["Status"], gone["Payments"]) == ("DELETED", [])
    assert client.ok("GET", f"/Invoices/{rows[0]['InvoiceID']}")[0]["AmountDue"] == 119
    assert client.refused("POST", f"/BatchPayments/{made['BatchPaymentID']}", {"Status": "DELETED"}) == [
        "Batch payment not of valid status for modification"
    ]
    assert client.ok("GET", "/BatchPayments")[0]["BatchPaymentID"] == made["BatchPaymentID"]
    assert client.ok("GET", f"/BatchPayments/{made['BatchPaymentID']}")[0]["Status"] == "DELETED"
    assert client.refused("POST", f"/BatchPayments/{made['BatchPaymentID']}", {"Reference": "x"}) == [
        "The only change that a batch payment can take is the Status DELETED"
    ]


def test_a_batch_that_breaks_a_rule_pays_nothing(client, batch, invoiced):
    rows, body = batch()
    body["Payments"][1]["Amount"] = 120
    assert client.refused("PUT", "/BatchPayments", body) == [
        "Payment amount exceeds the amount outstanding on this document"
    ]
    assert client.ok("GET", f"/Invoices/{rows[0]['InvoiceID']}")[0]["AmountPaid"] == 0
    assert client.refused("PUT", "/BatchPayments", body | {"Payments": []}) == [
        "A batch payment needs at least one payment"
    ]
    bill = invoiced(Type="ACCPAY", LineItems=[line(AccountCode="404")])
    mixed = [body["Payments"][0], {"Invoice": {"InvoiceID": bill["InvoiceID"]}, "Amount": 1}]
    assert client.refused("PUT", "/BatchPayments", body | {"Payments": mixed}) == [
        "All payments of a batch must be of one type"
    ]
    assert client.refused("POST", "/BatchPayments", {"BatchPaymentID": NOBODY, "Status": "DELETED"}) == [
        "Batch payment not found"
    ]
