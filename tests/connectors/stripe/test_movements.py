import copy
from datetime import UTC, datetime

import pytest

from connectors.stripe.translate import movements
from core.entities import BalanceTransaction, Fee, Refund
from core.kinds import Kind
from core.reasons import Problem, ReasonCode
from tests.connectors.stripe.rows import PAYMENT, REFUND, moved

MOVED_AT = datetime.fromtimestamp(1768546870, UTC)


def refund(**fields):
    row = copy.deepcopy(REFUND)
    row["refund"] |= fields
    return row


def code(read):
    assert isinstance(read, Problem), read
    return read.reason.code


def test_a_refund_tells_what_left_and_how_much_of_it_is_explained():
    assert movements.refund(REFUND) == Refund(
        payment="pi_1",
        customer="cus_1",
        currency="EUR",
        amount_minor=6000,
        succeeded=True,
        refunded_at=MOVED_AT,
        settled_currency="EUR",
        settled_minor=6000,
        covered_minor=5000,
        failed_at=None,
        reason="requested_by_customer",
    )


def test_a_refund_in_another_currency_settles_in_the_balances_own():
    row = refund(currency="kwd", amount=12000, balance_transaction=moved("txn_2", -3529, currency="eur"), reason=None)
    read = movements.refund({**row, "credit_notes": []})
    assert (read.currency, read.amount_minor, read.settled_currency, read.settled_minor) == ("KWD", 12000, "EUR", 3529)
    assert (read.covered_minor, read.reason) == (0, "")


def test_a_pending_refund_has_left_the_balance_but_has_not_succeeded():
    read = movements.refund(refund(status="pending"))
    assert (read.succeeded, read.refunded_at) == (False, MOVED_AT)


def test_a_refund_without_a_balance_transaction_has_moved_nothing():
    read = movements.refund(refund(status="requires_action", balance_transaction=None))
    assert (read.succeeded, read.refunded_at, read.settled_minor, read.settled_currency) == (False, None, 0, "EUR")
    assert movements.beside_refund(refund(balance_transaction=None)) == []


def test_a_refund_that_failed_came_back():
    back = moved("txn_3", 6000, type="refund_failure", created=1768633200)
    row = refund(status="failed", failure_balance_transaction=back)
    read = movements.refund(row)
    assert (read.succeeded, read.refunded_at) == (False, MOVED_AT)
    assert read.failed_at == datetime.fromtimestamp(1768633200, UTC)
    assert [(kind, ident, one.amount_minor) for kind, ident, one in movements.beside_refund(row)] == [
        (Kind.BALANCE_TRANSACTION, "txn_2", -6000),
        (Kind.BALANCE_TRANSACTION, "txn_3", 6000),
    ]


def test_a_refund_of_a_charge_without_an_intent_names_the_charge():
    assert movements.refund(refund(payment_intent=None)).payment == "ch_1"
    assert code(movements.refund(refund(payment_intent=None, charge=None))) is ReasonCode.UNREADABLE_ROW


@pytest.mark.parametrize(
    ("fields", "customer"),
    [
        ({"charge": {"id": "ch_1", "customer": {"id": "cus_2"}}}, "cus_2"),
        ({"customer": "cus_3"}, "cus_3"),
        ({"charge": {"id": "ch_1", "customer": None}}, None),
        ({"charge": "ch_1"}, None),
    ],
)
def test_a_refund_is_its_customers_also_where_only_its_charge_says_so(fields, customer):
    assert movements.refund(refund(**fields)).customer == customer


def test_more_coverage_than_refund_is_not_believed():
    row = {**REFUND, "credit_notes": [{"id": "cn_1", "amount": 6000}, {"id": "cn_2", "amount": 1}]}
    assert code(movements.refund(row)) is ReasonCode.UNREADABLE_ROW


def test_a_balance_transaction_is_told_with_its_fees():
    row = {
        **moved("txn_1", 42400, 890, type="charge", reporting_category="charge", source={"id": "ch_1"}),
        "fee_details": [
            {"type": "stripe_fee", "amount": 800, "currency": "eur"},
            {"type": "tax", "amount": 90, "currency": "eur"},
        ],
    }
    assert movements.balance_transaction(row) == BalanceTransaction(
        type="charge",
        category="charge",
        currency="EUR",
        amount_minor=42400,
        fee_minor=890,
        moved_at=MOVED_AT,
        source="ch_1",
        fees=(Fee("stripe_fee", 800, "EUR"), Fee("tax", 90, "EUR")),
    )


def test_a_movement_of_nothing_and_a_fee_of_its_own_are_movements():
    nothing = movements.balance_transaction(moved("txn_1", 0, source=None))
    assert (nothing.amount_minor, nothing.fee_minor, nothing.source, nothing.fees) == (0, 0, "", ())
    only_fee = movements.balance_transaction(moved("txn_1", 0, 1500, type="adjustment"))
    assert (only_fee.amount_minor, only_fee.fee_minor) == (0, 1500)


@pytest.mark.parametrize("changes", [{"net": 1}, {"created": None}, {"type": None}, {"fee": None}, {"net": None}])
def test_a_movement_that_leaves_a_question_is_unreadable(changes):
    assert code(movements.balance_transaction({**moved("txn_1", 100), **changes})) is ReasonCode.UNREADABLE_ROW


def test_beside_a_payment_stands_what_it_did_to_the_balance():
    ((kind, ident, one),) = movements.beside_payment(PAYMENT)
    assert (kind, ident) == (Kind.BALANCE_TRANSACTION, "txn_1")
    assert (one.amount_minor, one.fee_minor, one.currency, one.source) == (138545, 2103, "USD", "ch_1")
    waiting = copy.deepcopy(PAYMENT)
    waiting["payment_intent"]["latest_charge"] = None
    assert movements.beside_payment(waiting) == []


def test_a_payment_whose_movement_cannot_be_read_waits_with_it():
    strange = copy.deepcopy(PAYMENT)
    strange["payment_intent"]["latest_charge"]["balance_transaction"]["net"] = 1
    assert code(movements.payment(strange)) is ReasonCode.UNREADABLE_ROW
