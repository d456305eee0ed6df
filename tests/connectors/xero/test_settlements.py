from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.xero import XERO
from connectors.xero.endpoints import BANK_TRANSACTIONS, CREDIT_PAYMENTS
from connectors.xero.translate import settlements
from core.entities import Application
from core.kinds import Kind
from core.reasons import Problem, ReasonCode
from tests.connectors.xero.documents import (
    BANK_TRANSACTION,
    CONTACT,
    CREDIT_NOTE,
    INVOICE,
    PAYMENT,
    credit_refund,
    of,
    payment,
    refund,
)

CENT = Decimal("0.01")
ACCOUNTS = {"clearing_account": "1200", "refunds_to_classify": "1250"}


def code(row):
    assert isinstance(row, Problem), row
    return row.reason.code


def bank_amount(row):
    """What Xero moves an account in the base currency by."""
    return (row["Amount"] / row["CurrencyRate"]).quantize(CENT, ROUND_HALF_UP)


# --- rates of money that settles in the base currency


def kwd(amount, settled, *amounts):
    applications = tuple(Application(f"in_{n}", one) for n, one in enumerate(amounts or (amount,)))
    return payment(
        currency="KWD", amount_minor=amount, settled_currency="EUR", settled_minor=settled, applications=applications
    )


def worth(amount, settled):
    return str(Decimal(settled) / 100 / (Decimal(amount) / 1000))


def test_a_payment_in_dinars_moves_the_euro_account_by_what_settled():
    row = settlements.payment(
        of(kwd(120_000, 35294), part="in_0", settles_in="EUR", rate=worth(120_000, 35294), choices=ACCOUNTS)
    )
    assert (row["Amount"], row["CurrencyRate"]) == (Decimal("120.000"), Decimal("0.340001"))
    assert bank_amount(row) == Decimal("352.94")


@given(st.integers(2500, 3500), st.lists(st.integers(1, 12_500), min_size=1, max_size=4))
def test_the_parts_of_any_payment_move_the_base_account_by_exactly_what_settled(rate_per_mille, parts):
    amounts = [part * 10 for part in parts]
    total = sum(amounts)
    settled = max(total * rate_per_mille // 10_000, 1)
    document = of(kwd(total, settled, *amounts), rate=worth(total, settled))
    rows = [settlements.payment(of_part(document, f"in_{n}")) for n in range(len(amounts))]
    if any(isinstance(row, Problem) for row in rows):
        # a part of a cent moves nothing, and no rate does that
        assert any(amount * rate_per_mille < 20_000 for amount in amounts)
    else:
        assert sum(bank_amount(row) for row in rows) == Decimal(settled) / 100


def of_part(document, part):
    return of(document.entity, part=part, settles_in="EUR", rate=document.rate, choices=ACCOUNTS)


def test_an_amount_for_which_six_decimals_are_too_few_waits_for_a_person():
    entity = kwd(3_410_000, 1_000_001)
    trouble = settlements.payment(
        of(entity, part="in_0", settles_in="EUR", rate=worth(3_410_000, 1_000_001), choices=ACCOUNTS)
    )
    assert code(trouble) is ReasonCode.RATE_TOO_COARSE
    assert trouble.reason.params == {"amount": "3410.000 KWD", "settled": "10000.01 EUR"}


def test_money_that_stays_in_its_currency_is_told_with_the_rate_of_its_day():
    entity = payment(currency="USD", settled_currency="USD", settled_minor=128520)
    row = settlements.payment(of(entity, part=INVOICE, settles_in="USD", rate="0.93", choices=ACCOUNTS))
    assert row["CurrencyRate"] == Decimal("1.075269")


# --- refunds of credit notes


def test_a_credit_note_is_paid_out_of_the_clearing_account_on_the_refunds_day():
    row = settlements.credit_refund(of(credit_refund(), origin_id="cn_1/re_1", date="2026-03-10", choices=ACCOUNTS_ONE))
    assert row == {
        "CreditNote": {"CreditNoteID": CREDIT_NOTE},
        "Account": {"Code": "1200"},
        "Date": "2026-03-10",
        "Amount": Decimal("9.99"),
        "Reference": "re_1",
    }


ACCOUNTS_ONE = {"clearing_account": "1200"}


def test_a_refund_that_had_been_spent_before_is_paid_out_of_where_it_was_put():
    spent = {"refunds_to_classify": "1250"}
    row = settlements.credit_refund(of(credit_refund(), origin_id="cn_1/re_1", date="2026-03-10", choices=spent))
    assert row["Account"] == {"Code": "1250"}
    assert XERO.writes[Kind.CREDIT_REFUND].slots_beside == {Kind.REFUND: ("refunds_to_classify",)}


def test_a_refund_in_dinars_moves_the_euro_account_by_what_settled():
    row = settlements.credit_refund(
        of(
            credit_refund(currency="KWD", amount_minor=60_000),
            date="2026-04-03",
            rate=worth(120_000, 35294),
            settles_in="EUR",
            choices=ACCOUNTS_ONE,
        )
    )
    assert bank_amount(row) == Decimal("176.47")


@pytest.mark.parametrize(
    ("fields", "date", "reason"),
    [
        ({}, "", ReasonCode.NOT_MOVED_YET),
        ({"currency": "USD"}, "2026-03-10", ReasonCode.RATE_MISSING),
        ({"currency": "KWD", "amount_minor": 9991}, "2026-03-10", ReasonCode.RATE_MISSING),
    ],
)
def test_a_pay_out_that_leaves_a_question_waits_for_a_person(fields, date, reason):
    assert code(settlements.credit_refund(of(credit_refund(**fields), date=date, choices=ACCOUNTS_ONE))) is reason


def test_a_third_decimal_of_a_pay_out_waits_for_a_person():
    fields = {"currency": "KWD", "amount_minor": 9991}
    row = settlements.credit_refund(of(credit_refund(**fields), date="2026-03-10", rate="3", choices=ACCOUNTS_ONE))
    assert code(row) is ReasonCode.THIRD_DECIMAL


def test_a_pay_out_is_found_among_the_payments_of_its_credit_note():
    row = settlements.credit_refund(of(credit_refund(), origin_id="cn_1/re_1", date="2026-03-10", choices=ACCOUNTS_ONE))
    assert CREDIT_PAYMENTS.question([row]).startswith("/api.xro/2.0/Payments?where=Reference==%22re_1%22&")
    listed = {**row, "PaymentID": PAYMENT, "Invoice": {"InvoiceID": CREDIT_NOTE.upper()}}
    del listed["CreditNote"]
    (found,) = CREDIT_PAYMENTS.found([row], {"Payments": [{**listed, "Invoice": {"InvoiceID": INVOICE}}, listed]})
    assert (found.remote_id, CREDIT_PAYMENTS.differs(row, found.row)) == (PAYMENT, {})
    assert CREDIT_PAYMENTS.found([row], {"Payments": [{**listed, "Status": "DELETED"}]}) == [None]


def test_a_pay_out_is_owed_once_and_not_of_a_void_credit_note():
    assert settlements.owes_credit_refund(credit_refund(), False)
    assert not settlements.owes_credit_refund(credit_refund(), True)
    assert not settlements.owes_credit_refund(credit_refund(void=True), False)


# --- refunds that nothing explains


def test_a_refund_that_nothing_explains_is_spent_to_where_it_waits_for_its_reason():
    row = settlements.refund(of(refund(), origin_id="re_1", name="refund re_1", choices=ACCOUNTS))
    assert row == {
        "Type": "SPEND",
        "Status": "AUTHORISED",
        "Contact": {"ContactID": CONTACT},
        "BankAccount": {"Code": "1200"},
        "Date": "2026-03-10",
        "Reference": "re_1",
        "LineAmountTypes": "NoTax",
        "LineItems": [
            {
                "Description": "refund re_1",
                "Quantity": Decimal(1),
                "UnitAmount": Decimal("15.00"),
                "LineAmount": Decimal("15.00"),
                "AccountCode": "1250",
                "TaxType": "NONE",
            }
        ],
    }


def test_a_refund_is_spent_in_the_currency_of_the_account_that_it_left():
    dinars = refund(currency="KWD", amount_minor=120_000, settled_minor=35294)
    row = settlements.refund(of(dinars, rate=worth(120_000, 35294), choices=ACCOUNTS))
    assert (row["LineItems"][0]["LineAmount"], "CurrencyRate" in row) == (Decimal("352.94"), False)
    dollars = refund(currency="USD", settled_currency="USD")
    assert settlements.refund(of(dollars, rate="0.8", choices=ACCOUNTS))["CurrencyRate"] == Decimal("1.25")
    euros_from_dollars = refund(settled_currency="USD", settled_minor=1650)
    assert settlements.refund(of(euros_from_dollars, choices=ACCOUNTS))["CurrencyRate"] == Decimal("1.1")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"customer": None}, ReasonCode.CONTACT_MISSING),
        ({"currency": "USD", "settled_currency": "USD"}, ReasonCode.RATE_MISSING),
        ({"settled_currency": "KWD", "settled_minor": 1501}, ReasonCode.THIRD_DECIMAL),
    ],
)
def test_a_refund_that_the_ledger_could_not_keep_waits_for_a_person(fields, reason):
    assert code(settlements.refund(of(refund(**fields), choices=ACCOUNTS))) is reason


@pytest.mark.parametrize(
    ("fields", "is_there", "owed"),
    [
        ({}, False, True),
        ({}, True, False),
        ({"covered_minor": 1499}, False, True),
        ({"covered_minor": 1500}, False, False),
        ({"succeeded": False}, False, True),
        ({"refunded_at": None}, False, False),
        ({"failed_at": refund().refunded_at}, False, False),
    ],
)
def test_a_refund_is_owed_as_long_as_money_left_that_nothing_explains(fields, is_there, owed):
    assert settlements.owes_refund(refund(**fields), is_there) is owed


def test_a_refund_needs_its_customer_there_and_not_its_payment():
    assert settlements.refund_needs(refund()) == [(Kind.CUSTOMER, CONTACT)]


def test_a_spent_refund_is_found_and_held_against_what_was_sent():
    row = settlements.refund(of(refund(), origin_id="re_1", choices=ACCOUNTS))
    assert BANK_TRANSACTIONS.question([row]).startswith("/api.xro/2.0/BankTransactions?where=Reference==%22re_1%22&")
    stored = {
        **row,
        "BankTransactionID": BANK_TRANSACTION,
        "Date": "/Date(1773100800000+0000)/",
        "SubTotal": Decimal("15.0"),
        "TotalTax": Decimal(0),
        "Total": Decimal(15),
        "LineItems": [],
    }
    (found,) = BANK_TRANSACTIONS.found([row], {"BankTransactions": [{**stored, "Type": "RECEIVE"}, stored]})
    assert (found.remote_id, BANK_TRANSACTIONS.differs(row, found.row)) == (BANK_TRANSACTION, {})
    taxed = {**stored, "TotalTax": Decimal("2.85")}
    assert BANK_TRANSACTIONS.differs(row, taxed) == {"Total": ("15", "17.85")}
