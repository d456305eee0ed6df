"""What paid out a credit note and came back: its payment is deleted, alone, and asked about by its own id."""

import pytest

from connectors.contract import Stored
from connectors.xero import XERO, paid_out
from connectors.xero.endpoints import BANK_TRANSACTIONS
from connectors.xero.translate import settlements
from core.kinds import Kind
from core.reasons import Problem, ReasonCode
from tests.connectors.xero.documents import BANK_TRANSACTION, PAYMENT, at_noon, credit_refund, of, refund

WRITES = XERO.writes[Kind.CREDIT_REFUND]


@pytest.fixture
def removal():
    return settlements.credit_refund(of(credit_refund(void=True), remote_id=PAYMENT, date="2026-03-10"))


def test_a_deletion_is_a_call_of_its_own_that_gives_its_element_back(removal):
    call = paid_out.call([removal], False, "key")
    assert (call.method, call.path, call.body) == (
        "POST",
        f"/api.xro/2.0/Payments/{PAYMENT}",
        b'{"Status":"DELETED"}',
    )
    assert paid_out.rows(call) == [removal]
    other = settlements.credit_refund(of(credit_refund(), date="2026-03-10", origin_id="cn_1/re_1"))
    assert paid_out.apart(removal) != paid_out.apart(other) == ""


def test_it_is_gone_when_xero_shows_it_deleted_and_not_before(removal):
    deleted = {"Payments": [{"PaymentID": PAYMENT, "Status": "DELETED"}]}
    standing = {"Payments": [{"PaymentID": PAYMENT, "Status": "AUTHORISED"}]}
    assert paid_out.answer([removal], deleted) == [Stored(PAYMENT, "", removal, gone=True)]
    assert paid_out.question([removal]) == f"/api.xro/2.0/Payments/{PAYMENT}"
    assert paid_out.found([removal], deleted) == [Stored(PAYMENT, "", removal, gone=True)]
    assert paid_out.found([removal], standing) == [None]
    [broken] = paid_out.answer([removal], standing)
    assert isinstance(broken, Problem)


def test_a_refusal_is_told_in_the_words_of_the_element(removal):
    why = {"ValidationErrors": [{"Message": "The document date cannot be before the period lock date"}]}
    [refused] = paid_out.answer([removal], {"Elements": [why]})
    assert refused.reason.code is ReasonCode.PERIOD_LOCKED


def test_a_void_pay_out_is_owed_only_where_it_stands():
    assert WRITES.owes(credit_refund(void=True), True)
    assert not WRITES.owes(credit_refund(void=True), False)
    assert WRITES.removes(credit_refund(void=True))
    assert not WRITES.removes(credit_refund())


def test_a_refund_that_came_back_is_owed_its_deletion_where_it_was_spent():
    back = refund(failed_at=at_noon("2026-03-12"))
    writes = XERO.writes[Kind.REFUND]
    assert writes.owes(back, True)
    assert not writes.owes(back, False)
    assert writes.removes(back)
    row = settlements.refund(of(back, remote_id=BANK_TRANSACTION, origin_id="re_1"))
    assert row == {
        "Type": "SPEND",
        "Status": "DELETED",
        "Reference": "re_1",
        "BankTransactionID": BANK_TRANSACTION,
    }
    assert BANK_TRANSACTIONS.differs(row, {**row, "Total": 5}) == {}
    [gone] = BANK_TRANSACTIONS.found([row], {"BankTransactions": [{**row}]})
    assert gone.gone
    [standing] = BANK_TRANSACTIONS.found([row], {"BankTransactions": [{**row, "Status": "AUTHORISED"}]})
    assert not standing.gone
