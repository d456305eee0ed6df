import pytest

from tests.sandbox.xero.conftest import line


@pytest.fixture
def payment(client):
    def build(row, amount=119, **fields):
        usual = {
            "Invoice": {"InvoiceID": row["InvoiceID"]},
            "Account": {"Code": "1200"},
            "Date": "2026-03-05",
            "Amount": amount,
        }
        return {name: value for name, value in {**usual, **fields}.items() if value is not None}

    return build


@pytest.fixture
def pay(client, payment):
    return lambda row, amount=119, **fields: client.ok("PUT", "/Payments", payment(row, amount, **fields))


@pytest.fixture
def read(client):
    return lambda row: client.ok("GET", f"/Invoices/{row['InvoiceID']}")[0]


def test_a_payment_comes_back_as_it_was_put_with_its_invoice(client, invoiced, pay):
    made = pay(invoiced(InvoiceNumber="A-1"), 19, Reference="pi_1")
    (row,) = client.ok("GET", f"/Payments/{made['PaymentID']}")
    assert (row["Amount"], row["BankAmount"], row["Reference"], row["Status"]) == (
        19,
        19,
        "pi_1",
        "AUTHORISED",
    )
    assert (row["PaymentType"], row["Date"]) == ("ACCRECPAYMENT", "/Date(1772668800000+0000)/")
    assert (row["Account"]["Code"], row["Invoice"]["InvoiceNumber"]) == ("1200", "A-1")
    assert row["Invoice"]["AmountDue"] == 100


def test_a_payment_of_all_that_is_due_makes_the_invoice_paid(invoiced, pay, read):
    row = invoiced()
    pay(row, 100)
    half = read(row)
    assert (half["Status"], half["AmountPaid"], half["AmountDue"]) == ("AUTHORISED", 100, 19)
    pay(row, 19, Date="2026-03-09")
    paid = read(row)
    assert (paid["Status"], paid["AmountPaid"], paid["AmountDue"]) == ("PAID", 119, 0)
    assert paid["FullyPaidOnDate"] == "/Date(1773014400000+0000)/"
    assert [one["Amount"] for one in paid["Payments"]] == [100, 19]


def test_a_deleted_payment_reopens_the_invoice(client, invoiced, pay, read):
    row = invoiced()
    made = pay(row)
    assert client.ok("POST", f"/Payments/{made['PaymentID']}", {"Status": "DELETED"})["Status"] == "DELETED"
    open_again = read(row)
    assert (open_again["Status"], open_again["AmountDue"], open_again["Payments"]) == ("AUTHORISED", 119, [])
    assert "FullyPaidOnDate" not in open_again
    assert client.refused("POST", f"/Payments/{made['PaymentID']}", {"Status": "DELETED"}) == [
        "Payment not of valid status for modification"
    ]


def test_the_only_change_that_a_payment_takes_is_its_deletion(client, invoiced, pay):
    made = pay(invoiced())
    assert client.refused("POST", f"/Payments/{made['PaymentID']}", {"Amount": 1}) == [
        "The only change that a payment can take is the Status DELETED"
    ]


def test_a_reconciled_payment_cannot_be_deleted(client, invoiced, pay):
    made = pay(invoiced(), IsReconciled=True)
    (message,) = client.refused("POST", f"/Payments/{made['PaymentID']}", {"Status": "DELETED"})
    assert message.startswith("This payment cannot be deleted as it has been reconciled")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"Amount": 119.01}, "Payment amount exceeds the amount outstanding on this document"),
        ({"Amount": 0}, "The payment amount must be greater than zero"),
        ({"Amount": -1}, "The payment amount must be greater than zero"),
        ({"Amount": None}, "The payment amount must be greater than zero"),
        ({"Invoice": {"InvoiceNumber": "none"}}, "Invoice not found"),
        ({"Invoice": {"InvoiceID": "00000000-0000-0000-0000-000000000000"}}, "Invoice not found"),
        ({"Invoice": None}, "Invoice not found"),
        ({"Date": None}, "The payment date must be specified"),
        ({"Account": None}, "An account must be specified for the payment"),
        ({"Account": {"Code": "999"}}, "The account could not be found"),
        ({"Account": {"Code": "200"}}, "The account must be of type BANK or have payments enabled"),
        (
            {"Account": {"Code": "1201"}},
            "The account must be in the base currency or in the currency of the document",
        ),
    ],
)
def test_a_payment_that_breaks_a_rule_is_refused_in_xeros_words(client, invoiced, payment, fields, message):
    body = payment(invoiced(), **fields)
    assert client.refused("PUT", "/Payments", body) == [message]
    assert client.ok("GET", "/Payments") == []


@pytest.mark.parametrize("status", ["DRAFT", "SUBMITTED"])
def test_only_authorised_documents_take_payments(client, invoiced, payment, status):
    body = payment(invoiced(Status=status))
    assert client.refused("PUT", "/Payments", body) == ["Payments can only be made against Authorised documents"]


def test_two_payments_of_one_batch_cannot_exceed_what_is_due_together(client, invoiced, payment):
    row = invoiced()
    batch = {"Payments": [payment(row, 100), payment(row, 20)]}
    assert client.refused("PUT", "/Payments", batch) == [
        "Payment amount exceeds the amount outstanding on this document"
    ]
    assert client.ok("GET", f"/Invoices/{row['InvoiceID']}")[0]["AmountPaid"] == 0


def test_an_account_that_is_no_bank_takes_payments_when_it_is_enabled_to(invoiced, pay):
    assert pay(invoiced(), Account={"Code": "1230"})["Account"]["Code"] == "1230"


def test_the_invoice_may_be_named_by_number_and_the_account_by_id(client, invoiced, pay):
    (bank,) = (row for row in client.ok("GET", "/Accounts") if row["Code"] == "1200")
    made = pay(
        invoiced(InvoiceNumber="A-1"),
        Invoice={"InvoiceNumber": "A-1"},
        Account={"AccountID": bank["AccountID"]},
    )
    assert (made["Invoice"]["InvoiceNumber"], made["Account"]["Name"]) == ("A-1", "Stripe EUR")


def test_a_foreign_invoice_is_paid_into_an_account_of_its_own_currency_at_face_value(invoiced, pay):
    row = invoiced(CurrencyCode="USD", CurrencyRate=1.25)
    made = pay(row, Account={"Code": "1201"}, CurrencyRate=1.2)
    assert (made["Amount"], made["BankAmount"], made["CurrencyRate"]) == (119, 119, 1.2)


def test_a_foreign_invoice_is_paid_into_a_base_account_at_the_rate(client, invoiced, pay):
    client.ok("PUT", "/Currencies", {"Code": "KWD"})
    row = invoiced(CurrencyCode="KWD", CurrencyRate=0.335008, LineItems=[line(UnitAmount=120, TaxType="NONE")])
    made = pay(row, 120, CurrencyRate=0.340001)
    assert (made["Amount"], made["BankAmount"]) == (120, 352.94)


def test_a_bank_amount_alone_tells_the_rate(invoiced, pay):
    row = invoiced(CurrencyCode="USD")
    made = pay(row, BankAmount=100)
    assert (made["BankAmount"], made["CurrencyRate"]) == (100, 1.19)


def test_a_bill_is_paid_out(invoiced, pay):
    row = invoiced(Type="ACCPAY", LineItems=[line(AccountCode="404")])
    assert pay(row, 100)["PaymentType"] == "ACCPAYPAYMENT"


def test_a_payment_changes_the_invoice_and_both_are_effects(client, invoiced, pay):
    row = invoiced()
    pay(row, Reference="pi_1")
    effects = client.calls()[-1]["effects"]
    assert [(one["operation"], one["kind"]) for one in effects] == [
        ("update", "invoice"),
        ("create", "payment"),
    ]
    assert (effects[0]["status"], effects[1]["reference"]) == ("PAID", "pi_1")


def test_payments_are_found_by_reference_invoice_and_account(client, invoiced, pay):
    first, second = invoiced(InvoiceNumber="A-1"), invoiced(InvoiceNumber="A-2")
    pay(first, Reference="pi_1")
    pay(second, Reference="pi_2", Account={"Code": "1230"})
    for where, references in (
        ('Reference=="pi_2"', ["pi_2"]),
        (f'Invoice.InvoiceID==guid("{first["InvoiceID"]}")', ["pi_1"]),
        ('Account.Code=="1230"', ["pi_2"]),
        ('Invoice.InvoiceNumber=="A-1" AND Status=="AUTHORISED"', ["pi_1"]),
    ):
        assert [row["Reference"] for row in client.ok("GET", f"/Payments?where={where}")] == references
