from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.stripe.translate import documents
from core.entities import Allocation, CreditNote, CreditNoteLine, CreditRefund, LineTax
from core.kinds import Kind
from core.reasons import Problem, ReasonCode
from tests.connectors.stripe.rows import CREDIT_NOTE, line, tax

ISSUED_AT = datetime.fromtimestamp(1768546860, UTC)


def code(read):
    assert isinstance(read, Problem), read
    return read.reason.code


def credit(total, *lines, **fields):
    return {
        **CREDIT_NOTE,
        "total": total,
        "pre_payment_amount": total,
        "post_payment_amount": 0,
        "out_of_band_amount": None,
        "customer_balance_transaction": None,
        "refunds": [],
        "lines": {"object": "list", "has_more": False, "data": list(lines)},
        **fields,
    }


def test_a_credit_note_is_read_with_what_became_of_each_part_of_it():
    assert documents.credit_note(CREDIT_NOTE) == CreditNote(
        customer="cus_1",
        invoice="in_1",
        number="RE-1001-CN-01",
        void=False,
        currency="EUR",
        issued_at=ISSUED_AT,
        lines=(
            CreditNoteLine(
                invoice_line="il_1",
                description="1 x Pro (at €1,200.00 / year)",
                quantity=Decimal(1),
                net_minor=10000,
                taxes=(LineTax("txr_1", 10000, 1900, inclusive=False),),
            ),
        ),
        total_minor=11900,
        tax_minor=1900,
        due_lowered_minor=2000,
        refunded_minor=5000,
        to_balance_minor=4000,
        outside_minor=900,
        reason="order_change",
    )


def test_beside_a_credit_note_stand_its_allocation_and_its_refunds():
    assert documents.beside_credit_note(CREDIT_NOTE) == [
        (Kind.ALLOCATION, "cn_1/in_1", Allocation("cn_1", "in_1", "EUR", 2000, ISSUED_AT, void=False)),
        (Kind.CREDIT_REFUND, "cn_1/re_1", CreditRefund("cn_1", "re_1", "EUR", 5000, void=False)),
    ]


def test_a_credit_note_on_a_paid_invoice_lowers_nothing_that_is_due():
    paid = {**CREDIT_NOTE, "pre_payment_amount": 0, "post_payment_amount": 11900}
    assert [kind for kind, _, _ in documents.beside_credit_note(paid)] == [Kind.CREDIT_REFUND]


def test_a_void_credit_note_says_so_of_all_that_stands_beside_it():
    void = {**CREDIT_NOTE, "status": "void"}
    assert documents.credit_note(void) == replace(documents.credit_note(CREDIT_NOTE), void=True)
    assert [one.void for _, _, one in documents.beside_credit_note(void)] == [True, True]


def test_included_tax_is_taken_back_as_tax():
    read = documents.credit_note(credit(999, line(999, [tax(167, "inclusive")])))
    assert (read.net_minor, read.tax_minor, read.total_minor) == (832, 167, 999)


def test_an_amount_of_its_own_names_no_line_of_the_invoice():
    read = documents.credit_note(credit(500, {**line(500, type="custom_line_item"), "taxes": None}))
    assert (read.lines[0].invoice_line, read.lines[0].taxes) == ("", ())


def test_without_an_effective_moment_the_created_one_counts():
    assert documents.credit_note({**CREDIT_NOTE, "effective_at": None}).issued_at.timestamp() == 1768546800


def test_what_a_payment_record_refunded_went_back_outside_the_gateway():
    recorded = {"amount_refunded": 5000, "refund": None, "payment_record_refund": {"payment_record": "prec_1"}}
    row = {**CREDIT_NOTE, "refunds": [recorded]}
    read = documents.credit_note(row)
    assert (read.refunded_minor, read.outside_minor) == (0, 5900)
    assert [kind for kind, _, _ in documents.beside_credit_note(row)] == [Kind.ALLOCATION]


def test_an_expanded_refund_is_read_like_an_id():
    row = {**CREDIT_NOTE, "refunds": [{"amount_refunded": 5000, "refund": {"id": "re_1", "object": "refund"}}]}
    assert documents.credit_note(row) == documents.credit_note(CREDIT_NOTE)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"pre_payment_amount": 1999}, "pre_payment_amount"),
        ({"post_payment_amount": 9901}, "pre_payment_amount"),
        ({"out_of_band_amount": 9000}, "balance"),
        ({"customer_balance_transaction": None}, "customer_balance_transaction"),
        ({"status": "a_status_of_tomorrow"}, "status"),
        ({"number": None}, "number"),
        ({"invoice": None}, "invoice"),
        ({"created": None, "effective_at": None}, "created"),
        ({"lines": {"has_more": True, "data": []}}, "lines"),
    ],
)
def test_a_credit_note_that_leaves_a_question_waits_for_a_person(changes, named):
    read = documents.credit_note({**CREDIT_NOTE, **changes})
    assert code(read) is ReasonCode.UNREADABLE_ROW
    assert named in read.reason.params["problem"]


def test_lines_that_do_not_make_the_credit_are_a_problem():
    read = documents.credit_note({**CREDIT_NOTE, "total": 11901, "pre_payment_amount": 2001})
    assert code(read) is ReasonCode.TOTALS_DIFFER
    assert read.reason.params == {"lines": "119.00 EUR", "total": "119.01 EUR"}


_parts = st.integers(0, 10**8)


@given(_parts, st.lists(_parts, max_size=4), _parts, _parts)
def test_the_parts_of_a_credit_note_are_always_its_total(lowered, refunded, to_balance, outside):
    post = sum(refunded) + to_balance + outside
    row = credit(
        lowered + post,
        line(lowered + post),
        pre_payment_amount=lowered,
        post_payment_amount=post,
        out_of_band_amount=outside,
        customer_balance_transaction="cbtxn_1",
        refunds=[{"amount_refunded": amount, "refund": f"re_{n}"} for n, amount in enumerate(refunded)],
    )
    read = documents.credit_note(row)
    assert (read.due_lowered_minor, read.to_balance_minor, read.outside_minor) == (lowered, to_balance, outside)
    told = documents.beside_credit_note(row)
    assert sum(one.amount_minor for kind, _, one in told if kind is Kind.CREDIT_REFUND) == read.refunded_minor
    assert sum(one.amount_minor for kind, _, one in told if kind is Kind.ALLOCATION) == lowered
