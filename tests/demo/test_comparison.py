from decimal import Decimal

from demo.auditor import Total
from demo.comparison import compared


def totals(amount, count=1, kind="invoice total", currency="EUR"):
    return {(kind, currency): Total(Decimal(amount), count)}


def test_equal_columns_are_no_problem_and_told_with_the_currencys_own_decimals():
    for amount, currency, text in (("12.5", "EUR", "12.50"), ("1200.00", "JPY", "1200"), ("8.99", "KWD", "8.990")):
        side = totals(amount, currency=currency)
        (row,) = compared(side, side, side)
        assert row.problem == ""
        told = row.told()
        assert list(told) == ["kind", "currency", "stripe", "subledger", "xero", "difference", "count"]
        assert told["stripe"] == told["subledger"] == told["xero"] == text
        assert Decimal(told["difference"]) == 0


def test_one_column_that_differs_is_a_problem_whichever_it_is():
    same, other = totals("10.00"), totals("9.99")
    for columns in ((other, same, same), (same, other, same), (same, same, other)):
        (row,) = compared(*columns)
        assert row.problem == "invoice total EUR differs by 0.01"


def test_a_difference_below_the_currencys_last_decimal_is_not_rounded_away():
    (row,) = compared(totals("10.00"), totals("10.00"), totals("10.004"))
    assert row.told()["difference"] == "0.004"


def test_equal_sums_of_a_different_number_of_documents_are_a_problem():
    (row,) = compared(totals("10", 2), totals("10", 2), totals("10", 1))
    assert row.problem == "invoice total EUR is counted differently: 2 / 2 / 1"


def test_a_currency_without_anything_of_a_kind_has_no_row_and_one_that_a_side_lacks_has():
    rows = compared(totals("1") | totals("0", 0, currency="USD"), totals("1"), {})
    assert [(row.currency, row.told()["xero"]) for row in rows] == [("EUR", "0.00")]
