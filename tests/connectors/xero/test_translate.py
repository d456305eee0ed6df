import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.xero import XERO, invoices
from connectors.xero.endpoints import INVOICES
from connectors.xero.translate import catalogue, documents, settlements
from connectors.xero.wire import fitting
from core.entities import Address, Application, Customer, InvoiceLine, InvoiceStatus, LineTax
from core.kinds import Kind
from core.money import EXPONENTS, decimal_of
from core.reasons import Problem, ReasonCode
from tests.connectors.xero.documents import CONTACT, CREDIT_NOTE, INVOICE, LINE, invoice, of, payment, price


def code(row):
    assert isinstance(row, Problem), row
    return row.reason.code


# --- contact


def test_a_contact_carries_the_gateways_id():
    row = catalogue.contact(of(Customer("Ada GmbH", "ada@books.example"), origin_id="cus_1"))
    assert row == {"ContactNumber": "cus_1", "Name": "Ada GmbH", "EmailAddress": "ada@books.example"}
    there = catalogue.contact(of(Customer("Ada GmbH"), origin_id="cus_1", remote_id=CONTACT))
    assert there["ContactID"] == CONTACT


@pytest.mark.parametrize(
    ("customer", "name"),
    [
        (Customer("Ada", "a@b.example"), "Ada"),
        (Customer("", "a@b.example"), "a@b.example"),
        (Customer("  \x00\t ", ""), "cus_1"),
        (Customer("Ada\r\nLovelace\x07"), "Ada Lovelace"),
        (Customer("x" * 300), "x" * 255),
    ],
)
def test_a_contact_always_has_a_name_that_xero_takes(customer, name):
    assert catalogue.contact(of(customer, origin_id="cus_1"))["Name"] == name


@pytest.mark.parametrize("email", ["", "ada", "ä@b.example", "a@b", "a b@c.example", "a@b@c.example", "a@" + "b" * 300])
def test_an_address_that_xero_would_refuse_does_not_cost_the_contact(email):
    assert "EmailAddress" not in catalogue.contact(of(Customer("Ada", email)))


def test_a_contact_has_its_address_and_telephone():
    customer = Customer("Ada", phone="+49 30 1", address=Address("1 Way", city="Berlin", country="DE"))
    row = catalogue.contact(of(customer))
    assert row["Phones"] == [{"PhoneType": "DEFAULT", "PhoneNumber": "+49 30 1"}]
    assert row["Addresses"] == [{"AddressType": "POBOX", "AddressLine1": "1 Way", "City": "Berlin", "Country": "DE"}]


def test_a_long_id_keeps_its_beginning_and_stays_unique():
    one, other = fitting("price_" + "a" * 30, 30), fitting("price_" + "a" * 31, 30)
    assert (len(one), len(other)) == (30, 30)
    assert one.startswith("price_aaaa")
    assert one != other
    assert fitting("price_1", 30) == "price_1"


# --- item


def test_an_item_is_named_by_its_code():
    row = catalogue.item(of(price(), origin_id="price_1"))
    assert (row["Code"], row["Name"]) == ("price_1", "Pro")
    assert row["SalesDetails"] == {"AccountCode": "200", "UnitPrice": Decimal("49.90")}
    assert catalogue.item(of(price(), origin_id="price_1", remote_id="price_old"))["Code"] == "price_old"


@pytest.mark.parametrize(
    "entity",
    [
        price(currency="USD"),
        price(tax_behavior="inclusive"),
        price(unit_amount=None),
        price(unit_amount=Decimal("0.00001")),
    ],
)
def test_a_price_that_means_something_else_in_xero_is_not_written(entity):
    assert catalogue.item(of(entity))["SalesDetails"] == {"AccountCode": "200"}


def test_an_item_without_a_name_of_its_own_is_called_like_the_document():
    assert catalogue.item(of(price(nickname=""), name="price Pro " + "x" * 60))["Name"] == "price Pro " + "x" * 40


# --- invoice


def test_an_annual_plan_with_a_coupon_is_one_net_line():
    row = documents.invoice(of(invoice()))
    assert row == {
        "Type": "ACCREC",
        "Status": "AUTHORISED",
        "InvoiceNumber": "RE-1001",
        "Reference": "in_1",
        "Contact": {"ContactID": CONTACT},
        "Date": "2026-01-15",
        "DueDate": "2026-01-15",
        "CurrencyCode": "EUR",
        "LineAmountTypes": "Exclusive",
        "LineItems": [
            {
                "Description": "Pro (yearly) (discount 120.00 EUR)",
                "Quantity": Decimal(1),
                "UnitAmount": Decimal("1080.0000"),
                "LineAmount": Decimal("1080.00"),
                "TaxAmount": Decimal("205.20"),
                "TaxType": "OUTPUT",
                "AccountCode": "2200",
                "ItemCode": "price_1",
            }
        ],
    }


def test_included_tax_keeps_the_gateways_cents():
    lines = (
        InvoiceLine("Bread", Decimal(3), 2497, (LineTax("txr_20", 2497, 500, inclusive=True),)),
        InvoiceLine("Book", Decimal(1), 1185, (LineTax("txr_55", 1185, 65, inclusive=True),)),
    )
    row = documents.invoice(of(invoice(*lines)))
    bread, book = row["LineItems"]
    assert (bread["LineAmount"], bread["TaxAmount"]) == (Decimal("24.97"), Decimal("5.00"))
    assert (book["LineAmount"], book["TaxAmount"]) == (Decimal("11.85"), Decimal("0.65"))
    # 24.97 is no multiple of three at four decimals
    assert (bread["Quantity"], bread["UnitAmount"]) == (1, Decimal("24.97"))


def test_several_taxes_of_a_line_are_added_up():
    taxes = (LineTax("txr_1", 1000, 63, inclusive=False), LineTax("txr_2", 1000, 25, inclusive=False))
    row = documents.invoice(of(invoice(InvoiceLine("Thing", Decimal(1), 1000, taxes))))
    assert row["LineItems"][0]["TaxAmount"] == Decimal("0.88")


@pytest.mark.parametrize(
    ("quantity", "net", "told"),
    [
        ("2", 9980, ("2", "49.90")),
        ("0.5", 4990, ("0.5", "99.80")),
        ("8", 1001, ("1", "10.01")),
        ("3", 1000, ("1", "10.00")),
        ("0", 1000, ("1", "10.00")),
        ("-2", -500, ("-2", "2.50")),
        ("1.00001", 1000, ("1", "10.00")),
        ("1000", 1, ("1", "0.01")),
    ],
)
def test_quantity_and_price_are_told_only_where_they_make_the_amount(quantity, net, told):
    line = InvoiceLine("Thing", Decimal(quantity), net)
    other = InvoiceLine("More", Decimal(1), 100_000)
    (first, _) = documents.invoice(of(invoice(line, other)))["LineItems"]
    assert (first["Quantity"], first["UnitAmount"]) == (Decimal(told[0]), Decimal(told[1]))
    assert first["LineAmount"] == decimal_of(net, "EUR")


def test_dates_are_those_of_the_books_zone():
    entity = invoice(issued_at=datetime(2026, 3, 31, 22, 30, tzinfo=UTC), due_at=datetime(2026, 4, 30, tzinfo=UTC))
    row = documents.invoice(of(entity))
    assert (row["Date"], row["DueDate"]) == ("2026-04-01", "2026-04-30")
    overseas = replace(of(entity), book=replace(of(entity).book, time_zone="America/New_York"))
    assert documents.invoice(overseas)["Date"] == "2026-03-31"


def test_a_foreign_document_says_its_rate_the_way_round_that_xero_wants():
    row = documents.invoice(of(invoice(currency="USD"), rate="0.925"))
    assert (row["CurrencyCode"], row["CurrencyRate"]) == ("USD", Decimal("1.081081"))
    assert "CurrencyRate" not in documents.invoice(of(invoice(), rate="1"))


def test_a_foreign_document_without_a_rate_is_a_problem():
    read = documents.invoice(of(invoice(currency="USD")))
    assert code(read) is ReasonCode.RATE_MISSING
    assert read.reason.params == {"currency": "USD", "base": "EUR", "on": "2026-01-15"}
    assert code(settlements.payment(of(payment(currency="USD"), part=INVOICE))) is ReasonCode.RATE_MISSING


def test_a_third_decimal_is_never_rounded_by_us():
    kept = invoice(InvoiceLine("Thing", Decimal(1), 12340), currency="KWD")
    assert documents.invoice(of(kept, rate="3"))["LineItems"][0]["LineAmount"] == Decimal("12.340")
    lost = documents.invoice(of(invoice(InvoiceLine("Thing", Decimal(1), 12345), currency="KWD"), rate="3"))
    assert code(lost) is ReasonCode.THIRD_DECIMAL
    assert lost.reason.params == {"amount": "12.345 KWD"}
    in_parts = payment(currency="KWD", applications=(Application(INVOICE, 5),))
    assert code(settlements.payment(of(in_parts, part=INVOICE, rate="3"))) is ReasonCode.THIRD_DECIMAL


def test_yen_have_no_cents():
    row = documents.invoice(of(invoice(InvoiceLine("Thing", Decimal(1), 1500), currency="JPY"), rate="0.006"))
    assert str(row["LineItems"][0]["LineAmount"]) == "1500"


def test_a_negative_total_is_a_credit_note_of_the_same_number_with_its_amounts_turned_round():
    lost = InvoiceLine("Unused time", Decimal(1), -1400, (LineTax("txr_1", -1400, -266, inclusive=False),))
    kept = InvoiceLine("Remaining time", Decimal(1), 700, (LineTax("txr_1", 700, 133, inclusive=False),))
    row = documents.invoice(of(invoice(lost, kept)))
    assert (row["Type"], row["CreditNoteNumber"], row["Reference"]) == ("ACCRECCREDIT", "RE-1001", "in_1")
    assert {"InvoiceNumber", "DueDate"}.isdisjoint(row)
    amounts = [(line["LineAmount"], line["TaxAmount"]) for line in row["LineItems"]]
    assert amounts == [(Decimal("14.00"), Decimal("2.66")), (Decimal("-7.00"), Decimal("-1.33"))]
    again = documents.invoice(of(invoice(lost, kept), remote_id=CREDIT_NOTE))
    assert again == {**row, "CreditNoteID": CREDIT_NOTE}


def test_lines_that_do_not_add_up_are_a_problem():
    assert code(documents.invoice(of(invoice(total_minor=1)))) is ReasonCode.TOTALS_DIFFER


def test_lines_that_cancel_each_other_are_still_a_document():
    entity = invoice(InvoiceLine("New", Decimal(1), 500), InvoiceLine("Old", Decimal(1), -500))
    assert documents.owes_invoice(entity, False)
    assert documents.invoice(of(entity))["LineItems"][1]["LineAmount"] == Decimal("-5.00")


@pytest.mark.parametrize(
    ("fields", "is_there", "owed"),
    [
        ({}, False, True),
        ({}, True, True),
        ({"status": InvoiceStatus.OPEN}, False, True),
        ({"status": InvoiceStatus.UNCOLLECTIBLE}, False, True),
        ({"status": InvoiceStatus.DRAFT}, False, False),
        ({"status": InvoiceStatus.VOID}, False, False),
        ({"status": InvoiceStatus.VOID}, True, True),
        ({"lines": (InvoiceLine("Trial", Decimal(1), 0),), "total_minor": 0}, False, False),
        ({"lines": (), "total_minor": 0}, False, False),
    ],
)
def test_what_is_owed_of_an_invoice(fields, is_there, owed):
    assert XERO.writes[Kind.INVOICE].owes(invoice(**fields), is_there) is owed


def test_a_void_changes_the_status_and_nothing_else():
    row = documents.invoice(of(invoice(status=InvoiceStatus.VOID), remote_id=INVOICE))
    assert row == {
        "Type": "ACCREC",
        "Status": "VOIDED",
        "InvoiceNumber": "RE-1001",
        "Reference": "in_1",
        "InvoiceID": INVOICE,
    }


@pytest.mark.parametrize("description", ["", "\x00\x01", "   "])
def test_every_line_is_described(description):
    entity = invoice(replace(LINE, description=description, discount_minor=0))
    assert documents.invoice(of(entity))["LineItems"][0]["Description"] == "invoice RE-1001"


def test_a_long_description_still_tells_its_discount():
    entity = invoice(replace(LINE, description="x" * 5000))
    description = documents.invoice(of(entity))["LineItems"][0]["Description"]
    assert len(description) <= 4000
    assert description.endswith("(discount 120.00 EUR)")


# --- payment


def test_a_payment_goes_to_the_clearing_account_on_the_day_the_money_arrived():
    row = settlements.payment(of(payment(), part=INVOICE))
    assert row == {
        "Invoice": {"InvoiceID": INVOICE},
        "Account": {"Code": "1200"},
        "Date": "2026-01-15",
        "Amount": Decimal("1285.20"),
        "Reference": "ch_1",
    }
    by_id = of(payment(), part=INVOICE, choices={"clearing_account": CONTACT})
    assert settlements.payment(by_id)["Account"] == {"AccountID": CONTACT}


def test_a_payment_over_several_invoices_is_one_for_each():
    entity = payment(applications=(Application("a", 100), Application("b", 50), Application("a", 25)))
    assert XERO.writes[Kind.PAYMENT].parts(entity) == ["a", "b"]
    amounts = [settlements.payment(of(entity, part=part))["Amount"] for part in ("a", "b")]
    assert amounts == [Decimal("1.25"), Decimal("0.50")]


def test_only_money_that_arrived_is_owed_and_only_once():
    owes = XERO.writes[Kind.PAYMENT].owes
    assert owes(payment(), False)
    assert not owes(payment(succeeded=False), False)
    assert not owes(payment(), True)


# --- money, whatever the invoice

AMOUNTS = st.integers(-(10**9), 10**9)
LINES = st.lists(
    st.builds(
        InvoiceLine,
        description=st.text(max_size=20),
        quantity=st.decimals(-1000, 1000, places=3),
        net_minor=AMOUNTS,
        taxes=st.lists(
            st.builds(
                LineTax, rate=st.just("txr"), taxable_minor=AMOUNTS, amount_minor=AMOUNTS, inclusive=st.booleans()
            ),
            max_size=3,
        ).map(tuple),
        discount_minor=st.integers(0, 10**6),
        price=st.sampled_from([None, "price_1"]),
    ),
    min_size=1,
    max_size=12,
)


@given(LINES, st.sampled_from(sorted(EXPONENTS)))
def test_the_element_of_any_invoice_adds_up_to_its_total_and_its_tax_exactly(lines, currency):
    entity = invoice(*lines, currency=currency)
    row = documents.invoice(of(entity, rate="1.5"))
    if isinstance(row, Problem):
        assert EXPONENTS[currency] > 2
        return
    [sent] = invoices.rows(invoices.call([row], True, ""))
    turned = sign(entity)
    net = turned * sum(Decimal(line["LineAmount"]) for line in sent["LineItems"])
    tax = turned * sum(Decimal(line["TaxAmount"]) for line in sent["LineItems"])
    assert net == decimal_of(entity.net_minor, currency)
    assert tax == decimal_of(entity.tax_minor, currency)
    assert net + tax == decimal_of(entity.total_minor, currency)
    for line in sent["LineItems"]:
        assert Decimal(line["Quantity"]) * Decimal(line["UnitAmount"]) == line["LineAmount"]


@given(LINES, st.integers(-3, 3))
def test_reading_back_finds_every_cent_that_differs(lines, off):
    entity = invoice(*lines)
    row = documents.invoice(of(entity))
    stored = {
        **{name: value for name, value in row.items() if name != "LineItems"},
        "Contact": {"ContactID": CONTACT.upper()},
        "Date": "/Date(1768435200000+0000)/",
        "SubTotal": sign(entity) * decimal_of(entity.net_minor, "EUR"),
        "TotalTax": sign(entity) * decimal_of(entity.tax_minor + off, "EUR"),
        "Total": sign(entity) * decimal_of(entity.total_minor + off, "EUR"),
    }
    assert set(invoices.differs(row, stored)) == ({"TotalTax", "Total"} if off else set())


def sign(entity):
    """What a negative invoice is turned round by, to be a credit note."""
    return -1 if entity.total_minor < 0 else 1


def test_the_bytes_of_a_write_hold_exact_numbers_and_give_back_its_elements():
    row = documents.invoice(of(invoice()))
    call = INVOICES.call([row], True, "key")
    assert (call.method, call.key) == ("PUT", "key")
    assert call.path == "/api.xro/2.0/Invoices?summarizeErrors=false&unitdp=4"
    assert b'"LineAmount":1080.00' in call.body
    assert INVOICES.rows(call) == [row]
    assert json.loads(call.body)
    assert INVOICES.call([row], False, "").method == "POST"
