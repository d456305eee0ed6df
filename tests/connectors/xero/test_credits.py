from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from connectors.contract import Stored
from connectors.xero import XERO, allocations
from connectors.xero.endpoints import CREDIT_NOTES
from connectors.xero.translate import documents, settlements
from core.entities import CreditNoteLine, LineTax
from core.kinds import Kind
from core.money import decimal_of
from core.reasons import Problem, ReasonCode
from tests.connectors.xero.documents import (
    ALLOCATION,
    CONTACT,
    CREDIT_NOTE,
    INVOICE,
    allocation,
    credit_note,
    of,
)


def code(row):
    assert isinstance(row, Problem), row
    return row.reason.code


# --- credit notes


def test_a_credit_note_is_written_with_its_own_net_and_tax():
    row = documents.credit_note(of(credit_note(), origin_id="cn_1"))
    assert row == {
        "Type": "ACCRECCREDIT",
        "Status": "AUTHORISED",
        "CreditNoteNumber": "RE-1001-CN-01",
        "Reference": "cn_1",
        "Contact": {"ContactID": CONTACT},
        "Date": "2026-03-10",
        "CurrencyCode": "EUR",
        "LineAmountTypes": "Exclusive",
        "LineItems": [
            {
                "Description": "Pro (yearly)",
                "Quantity": Decimal(1),
                "UnitAmount": Decimal("8.3200"),
                "LineAmount": Decimal("8.32"),
                "TaxAmount": Decimal("1.67"),
                "TaxType": "OUTPUT",
                "AccountCode": "2200",
            }
        ],
    }


def test_a_foreign_credit_note_carries_the_rate_that_it_is_given():
    row = documents.credit_note(of(credit_note(currency="USD"), rate="0.925"))
    assert row["CurrencyRate"] == Decimal("1.081081")
    assert code(documents.credit_note(of(credit_note(currency="USD")))) is ReasonCode.RATE_MISSING


def test_voiding_says_which_and_nothing_else():
    row = documents.credit_note(of(credit_note(void=True), origin_id="cn_1", remote_id=CREDIT_NOTE))
    assert row == {
        "Type": "ACCRECCREDIT",
        "Status": "VOIDED",
        "CreditNoteNumber": "RE-1001-CN-01",
        "Reference": "cn_1",
        "CreditNoteID": CREDIT_NOTE,
    }
    assert CREDIT_NOTES.differs(row, {**row, "Status": "VOIDED", "Total": Decimal(5)}) == {}


def test_a_credit_note_is_owed_unless_it_is_void_and_not_there_or_says_nothing():
    assert documents.owes_credit_note(credit_note(), False)
    assert documents.owes_credit_note(credit_note(void=True), True)
    assert not documents.owes_credit_note(credit_note(void=True), False)
    nothing = CreditNoteLine("il_1", "Trial", Decimal(1), 0)
    assert not documents.owes_credit_note(credit_note(nothing), False)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"total_minor": 1000}, ReasonCode.TOTALS_DIFFER),
        ({"currency": "KWD"}, ReasonCode.THIRD_DECIMAL),
    ],
)
def test_a_credit_note_that_the_ledger_could_not_keep_waits_for_a_person(fields, reason):
    assert code(documents.credit_note(of(credit_note(**fields), rate="3"))) is reason


def test_a_credit_below_nothing_waits_for_a_person():
    line = CreditNoteLine("il_1", "Back", Decimal(1), -500)
    assert code(documents.credit_note(of(credit_note(line)))) is ReasonCode.NEGATIVE_TOTAL


@given(
    st.sampled_from(["EUR", "JPY", "KWD", "HUF"]),
    st.lists(st.tuples(st.integers(-(10**7), 10**7), st.lists(st.integers(0, 10**5), max_size=2)), min_size=1),
)
def test_the_element_of_any_credit_note_adds_up_to_its_total_and_its_tax_exactly(currency, lines):
    step = 10 if currency == "KWD" else 1
    note = credit_note(
        *(
            CreditNoteLine(
                "il", "x", Decimal(3), net * step, tuple(LineTax("t", 0, tax * step, False) for tax in taxes)
            )
            for net, taxes in lines
        ),
        currency=currency,
    )
    assume(note.total_minor >= 0)
    row = documents.credit_note(of(note, rate="0.01"))
    assert sum(line["LineAmount"] + line["TaxAmount"] for line in row["LineItems"]) == decimal_of(
        note.total_minor, currency
    )
    assert sum(line["TaxAmount"] for line in row["LineItems"]) == decimal_of(note.tax_minor, currency)
    for line in row["LineItems"]:
        assert line["Quantity"] * line["UnitAmount"] == line["LineAmount"]


def test_a_credit_note_is_asked_about_by_its_number_and_known_by_its_reference():
    row = documents.credit_note(of(credit_note(number='CN "1"'), origin_id="cn_1"))
    assert CREDIT_NOTES.question([row]) == (
        "/api.xro/2.0/CreditNotes?where=CreditNoteNumber==%22CN%20%5C%221%5C%22%22&page=1&pageSize=1000"
    )
    stored = {**row, "CreditNoteID": CREDIT_NOTE, "Total": Decimal("9.99"), "SubTotal": Decimal("8.32")}
    stranger = {**stored, "Reference": "somebody's"}
    (found,) = CREDIT_NOTES.found([row], {"CreditNotes": [stranger, stored]})
    assert found.remote_id == CREDIT_NOTE
    assert CREDIT_NOTES.differs(row, found.row) == {}
    assert CREDIT_NOTES.differs(row, {**found.row, "Total": Decimal("9.98")}) == {"Total": ("9.99", "9.98")}
    assert CREDIT_NOTES.found([row], {"CreditNotes": [stranger]}) == [None]


def test_a_taken_credit_note_number_is_named():
    row = documents.credit_note(of(credit_note(), origin_id="cn_1"))
    refused = {**row, "HasErrors": True, "ValidationErrors": [{"Message": "Credit note # must be unique."}]}
    (outcome,) = CREDIT_NOTES.answer([row], {"CreditNotes": [refused]})
    assert code(outcome) is ReasonCode.NUMBER_TAKEN
    assert outcome.reason.params == {"number": "RE-1001-CN-01"}


# --- allocations


def sent(entity, **fields):
    return settlements.allocation(of(entity, **fields))


def test_an_allocation_goes_to_its_credit_note():
    row = sent(allocation())
    call = allocations.call([row], True, "key-1")
    assert (call.method, call.key) == ("PUT", "key-1")
    assert call.path == f"/api.xro/2.0/CreditNotes/{CREDIT_NOTE}/Allocations?summarizeErrors=false"
    assert allocations.rows(call) == [row]
    assert row == {
        "CreditNote": {"CreditNoteID": CREDIT_NOTE},
        "Invoice": {"InvoiceID": INVOICE},
        "Amount": Decimal("9.99"),
        "Date": "2026-03-10",
    }


def test_an_allocation_is_known_by_its_credit_note_and_its_invoice():
    row = sent(allocation())
    stored = {**row, "AllocationID": ALLOCATION, "Date": "/Date(1773100800000+0000)/"}
    (answered,) = allocations.answer([row], {"Allocations": [stored]})
    assert (answered.remote_id, allocations.differs(row, answered.row)) == (ALLOCATION, {})
    shown = {name: value for name, value in stored.items() if name != "CreditNote"}
    there = {"CreditNotes": [{"CreditNoteID": CREDIT_NOTE.upper(), "Allocations": [shown]}]}
    (found,) = allocations.found([row], there)
    assert (found.remote_id, allocations.differs(row, found.row)) == (ALLOCATION, {})
    assert allocations.differs(row, {**found.row, "Amount": Decimal(9)}) == {"Amount": ("9.99", "9")}
    assert allocations.found([row], {"CreditNotes": [{"CreditNoteID": CREDIT_NOTE, "Allocations": []}]}) == [None]


def test_a_refused_allocation_is_told_in_xeros_words():
    row = sent(allocation())
    refused = {**row, "ValidationErrors": [{"Message": "The allocation amount exceeds the remaining credit"}]}
    (outcome,) = allocations.answer([row], {"Allocations": [refused]})
    assert code(outcome) is ReasonCode.REFUSED
    assert "remaining credit" in outcome.reason.params["words"]


def test_a_void_allocation_that_is_there_is_removed_by_a_call_that_its_row_is_read_back_from():
    row = sent(allocation(void=True), remote_id=ALLOCATION)
    call = allocations.call([row], False, "key-2")
    assert (call.method, call.body) == ("DELETE", b"")
    assert call.path == f"/api.xro/2.0/CreditNotes/{CREDIT_NOTE}/Allocations/{ALLOCATION}"
    assert allocations.rows(call) == [row]
    (removed,) = allocations.answer([row], {"AllocationID": ALLOCATION, "IsDeleted": True})
    assert isinstance(removed, Stored)
    assert (removed.remote_id, allocations.differs(row, removed.row)) == (ALLOCATION, {})
    (broken,) = allocations.answer([row], {"AllocationID": ALLOCATION})
    assert code(broken) is ReasonCode.CONTRACT_BROKEN


def test_whether_an_allocation_was_removed_is_seen_at_its_credit_note():
    row = sent(allocation(void=True), remote_id=ALLOCATION)
    assert allocations.question([row]) == f"/api.xro/2.0/CreditNotes/{CREDIT_NOTE}"
    there = {"CreditNotes": [{"CreditNoteID": CREDIT_NOTE, "Allocations": [{"AllocationID": ALLOCATION}]}]}
    assert allocations.found([row], there) == [None]
    (removed,) = allocations.found([row], {"CreditNotes": [{"CreditNoteID": CREDIT_NOTE, "Allocations": []}]})
    assert removed.remote_id == ALLOCATION


def test_an_allocation_is_owed_once_and_removed_once_it_is_void():
    assert settlements.owes_allocation(allocation(), False)
    assert not settlements.owes_allocation(allocation(), True)
    assert settlements.owes_allocation(allocation(void=True), True)
    assert not settlements.owes_allocation(allocation(void=True), False)


def test_an_allocation_with_a_third_decimal_waits_for_a_person():
    assert code(sent(replace(allocation(), currency="KWD"))) is ReasonCode.THIRD_DECIMAL


def test_allocations_are_sent_one_by_one():
    assert XERO.writes[Kind.ALLOCATION].batch_max == 1
