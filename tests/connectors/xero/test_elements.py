from decimal import Decimal

import pytest

from connectors.contract import Stored
from connectors.rows import Unreadable
from connectors.xero import XERO, refusals
from connectors.xero.endpoints import CONTACTS, INVOICES, ITEMS, PAYMENTS
from connectors.xero.translate import documents, settlements
from connectors.xero.wire import document_date, moment
from core.kinds import Kind
from core.reasons import Problem, ReasonCode
from tests.connectors.xero.documents import CONTACT, INVOICE, PAYMENT, invoice, of, payment

NO_GUID = "00000000-0000-0000-0000-000000000000"


def contact(number, **fields):
    return {"ContactNumber": number, "Name": f"Name of {number}", **fields}


def stored_contact(number, **fields):
    return contact(number, ContactID=CONTACT, UpdatedDateUTC="/Date(1551399321043+0000)/", **fields)


def code(outcome):
    assert isinstance(outcome, Problem), outcome
    return outcome.reason.code


# --- the answer to a write


def test_each_element_is_recognised_by_its_key_and_not_by_its_place():
    rows = [contact("cus_a"), contact("cus_b"), contact("cus_c")]
    answer = {
        "Contacts": [
            stored_contact("cus_c"),
            contact("cus_b", ContactID=NO_GUID, ValidationErrors=[{"Message": "Email address must be valid."}]),
            stored_contact("cus_a", StatusAttributeString="OK", Warnings=[{"Message": "Mind"}]),
        ]
    }
    first, second, third = CONTACTS.answer(rows, answer)
    assert isinstance(first, Stored)
    assert (first.remote_id, first.version) == (CONTACT, "/Date(1551399321043+0000)/")
    assert first.row["Warnings"] == [{"Message": "Mind"}]
    assert second.reason.params == {"words": "Email address must be valid."}
    assert third.row["ContactNumber"] == "cus_c"


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"Contacts": None},
        {"Contacts": []},
        {"Contacts": [7, None]},
        {"Contacts": [stored_contact("cus_other")]},
        {"Contacts": [{"ContactNumber": 5}]},
        {"Contacts": [contact("cus_a")]},
        {"Contacts": [contact("cus_a", ContactID=NO_GUID)]},
        {"Contacts": [contact("cus_a", ContactID=5)]},
        {"Contacts": [contact("cus_a", ContactID="' OR 1=1")]},
        {"Contacts": [stored_contact("cus_a", ValidationErrors="?")]},
        {"Contacts": [stored_contact("cus_x"), stored_contact("cus_a"), stored_contact("cus_a")]},
    ],
)
def test_an_answer_that_is_not_about_what_was_sent_is_never_a_success(answer):
    (outcome,) = CONTACTS.answer([contact("cus_a")], answer)
    assert code(outcome) is ReasonCode.CONTRACT_BROKEN


def test_an_update_that_is_answered_with_another_document_is_never_a_success():
    (outcome,) = CONTACTS.answer([contact("cus_a", ContactID=INVOICE)], {"Contacts": [stored_contact("cus_a")]})
    assert code(outcome) is ReasonCode.CONTRACT_BROKEN


@pytest.mark.parametrize(
    "flags",
    [
        {"StatusAttributeString": "ERROR"},
        {"HasErrors": True},
        {"HasValidationErrors": True},
        {"ValidationErrors": [{"Message": "No."}]},
    ],
)
def test_a_refused_element_is_refused_however_xero_flags_it(flags):
    (outcome,) = CONTACTS.answer([contact("cus_a")], {"Contacts": [stored_contact("cus_a", **flags)]})
    assert code(outcome) is ReasonCode.REFUSED


def test_two_invoices_of_one_number_in_one_push_are_told_apart():
    rows = [documents.invoice(of(invoice(), origin_id=origin)) for origin in ("in_1", "in_2")]
    refused = {**rows[0], "ValidationErrors": [{"Message": "Invoice # must be unique."}]}
    first, second = INVOICES.answer(rows, {"Invoices": [{**rows[1], "InvoiceID": INVOICE}, refused]})
    assert code(first) is ReasonCode.NUMBER_TAKEN
    assert second.remote_id == INVOICE


# --- the question


def test_a_question_stays_below_what_a_web_server_takes():
    writes = XERO.writes
    contacts = [contact(f"cus_{n:014}") for n in range(writes[Kind.CUSTOMER].question_max)]
    items = [{"Code": f"price_{n:024}"} for n in range(writes[Kind.PRICE].question_max)]
    invoices = [{"InvoiceNumber": f"ABCDEF12-{n:04}"} for n in range(writes[Kind.INVOICE].question_max)]
    paid = [{"Invoice": {"InvoiceID": f"{n:036}"}} for n in range(writes[Kind.PAYMENT].question_max)]
    for endpoint, rows in ((CONTACTS, contacts), (ITEMS, items), (INVOICES, invoices), (PAYMENTS, paid)):
        assert len(endpoint.question(rows)) < 2048, endpoint.plural


def test_a_strange_number_cannot_change_the_question():
    question = CONTACTS.question([contact('" OR Name=="x')])
    assert question.startswith("/api.xro/2.0/Contacts?where=ContactNumber==%22%5C%22%20OR%20Name==%5C%22x%22&")
    asked = INVOICES.question([{"InvoiceNumber": "A,B&where=1"}])
    assert asked.startswith("/api.xro/2.0/Invoices?InvoiceNumbers=A%2CB%26where%3D1&page=1")


def test_what_is_there_is_found_by_its_key_and_what_is_not_is_absent():
    rows = [contact("cus_a"), contact("cus_b")]
    first, second = CONTACTS.found(rows, {"Contacts": [stored_contact("cus_b"), {"ContactNumber": None}]})
    assert first is None
    assert second.remote_id == CONTACT


def test_somebody_elses_invoice_of_our_number_is_not_ours():
    row = documents.invoice(of(invoice()))
    theirs = {**row, "InvoiceID": INVOICE}
    (ours,) = INVOICES.found([row], {"Invoices": [theirs]})
    assert ours.remote_id == INVOICE
    for change in ({"Reference": "in_other"}, {"Type": "ACCPAY"}, {"Status": "DELETED"}):
        assert INVOICES.found([row], {"Invoices": [{**theirs, **change}]}) == [None]


def test_a_payment_is_found_among_those_of_its_invoice():
    row = settlements.payment(of(payment(), part=INVOICE))
    shown = {
        "PaymentID": PAYMENT,
        "Date": "/Date(1768435200000+0000)/",
        "Amount": Decimal("1285.2"),
        "Reference": "ch_1",
    }
    body = {"Invoices": [{"InvoiceID": INVOICE.upper(), "Payments": [{**shown, "Reference": "cheque"}, shown]}]}
    (found,) = PAYMENTS.found([row], body)
    assert found.remote_id == PAYMENT
    assert PAYMENTS.differs(row, found.row) == {}
    assert PAYMENTS.found([row], {"Invoices": [{"InvoiceID": INVOICE}]}) == [None]


# --- what was stored


def test_every_difference_is_told_with_both_sides():
    row = settlements.payment(of(payment(), part=INVOICE))
    stored = {**row, "Date": "/Date(1768521600000+0000)/", "Amount": Decimal("1285.21")}
    assert PAYMENTS.differs(row, stored) == {"Date": ("2026-01-15", "2026-01-16"), "Amount": ("1285.2", "1285.21")}
    assert CONTACTS.differs(contact("cus_a"), contact("cus_a", Name="Another")) == {
        "Name": ("Name of cus_a", "Another")
    }
    assert ITEMS.differs({"Code": "a"}, {"Code": "b"}) == {"Code": ("a", "b")}


def test_a_voided_document_is_not_one_that_stands():
    row = documents.invoice(of(invoice()))
    assert INVOICES.differs(row, {**row, "Status": "VOIDED"})["Status"] == ("AUTHORISED", "VOIDED")
    assert INVOICES.differs(row, {**row, "Status": "PAID"}) == {}
    assert INVOICES.differs(row, {**row, "Status": "DRAFT"}) == {"Status": ("AUTHORISED", "DRAFT")}


@pytest.mark.parametrize("strange", [{"Date": "soon"}, {"Total": "a lot"}, {"Contact": []}, {"Status": 5}])
def test_an_unreadable_document_is_a_difference_and_no_crash(strange):
    row = documents.invoice(of(invoice()))
    assert INVOICES.differs(row, {**row, **strange})


# --- words


@pytest.mark.parametrize(
    ("words", "reason", "params"),
    [
        (
            "The contact name Ada is already assigned to another contact. The name must be unique.",
            ReasonCode.NAME_TAKEN,
            {"name": "Ada"},
        ),
        ("Invoice # must be unique.", ReasonCode.NUMBER_TAKEN, {"number": "RE-1"}),
        ("Price List Item with Code 'price_1' already exists", ReasonCode.NUMBER_TAKEN, {"number": "price_1"}),
        (
            "The document date cannot be before the period lock date, currently set at 31-Jan-2026",
            ReasonCode.PERIOD_LOCKED,
            {"on": "2026-01-15", "lock": "2026-01-31"},
        ),
        (
            "The document date cannot be before the period lock date",
            ReasonCode.PERIOD_LOCKED,
            {"on": "2026-01-15", "lock": "its lock date"},
        ),
        (
            "The document date cannot be before the end of year lock date, currently 2026-03-31",
            ReasonCode.PERIOD_LOCKED,
            {"on": "2026-01-15", "lock": "2026-03-31"},
        ),
        ("Organisation is not subscribed to currency EUR", ReasonCode.CURRENCY_NOT_IN_LEDGER, {"currency": "EUR"}),
        (
            "Account code '999' is not a valid code for this document.",
            ReasonCode.ACCOUNT_NOT_USABLE,
            {"words": "Account code '999' is not a valid code for this document."},
        ),
        (
            "Invoice not of valid status for modification",
            ReasonCode.NOT_CHANGEABLE,
            {"words": "Invoice not of valid status for modification."},
        ),
        ("Something\nnew", ReasonCode.REFUSED, {"words": "Something new."}),
    ],
)
def test_xeros_words_become_reasons(words, reason, params):
    sent = {"Name": "Ada", "InvoiceNumber": "RE-1", "Code": "price_1", "Date": "2026-01-15", "CurrencyCode": "USD"}
    told = refusals.reason({name: sent[name] for name in sent if name != "Code" or "Item" in words}, [words]).reason
    assert (told.code, told.params) == (reason, params)
    assert told.sentence()


def test_the_first_message_that_says_something_known_counts_and_unknown_ones_are_all_told():
    assert refusals.reason({}, ["Odd.", "Invoice # must be unique."]).reason.code is ReasonCode.NUMBER_TAKEN
    assert refusals.reason({}, ["Odd", "Stranger!"]).reason.params == {"words": "Odd. Stranger!"}
    assert len(refusals.reason({}, ["x" * 10_000]).reason.params["words"]) < 600


# --- spelling


@pytest.mark.parametrize(
    ("written", "on"),
    [
        ("/Date(1768435200000+0000)/", "2026-01-15"),
        ("/Date(1768435200000)/", "2026-01-15"),
        ("/Date(1768435200000+1300)/", "2026-01-15"),
        ("/Date(-86400000+0000)/", "1969-12-31"),
        ("2026-01-15T00:00:00", "2026-01-15"),
        ("2026-01-15", "2026-01-15"),
        ("", ""),
    ],
)
def test_a_date_is_read_however_it_is_spelt(written, on):
    assert document_date({"Date": written}, "Date") == on


@pytest.mark.parametrize("written", ["soon", "/Date(x)/", "/Date(999999999999999)/", 5, "2026-13-01"])
def test_what_is_no_date_is_named(written):
    with pytest.raises(Unreadable, match="Date"):
        moment({"Date": written}, "Date")
