import pytest

from tests.sandbox.xero import contract


@pytest.mark.skipif(not contract.PRESENT, reason="Xero's contract files are not here (SUBLEDGER_CONTRACTS)")
def test_the_judge_knows_a_good_answer_from_bad_ones():
    good = b'{"Invoices":[{"Type":"ACCREC","Date":"/Date(1539993600000+0000)/","Total":1.00}]}'
    assert contract.problems("GET", "/Invoices", 200, good) == []
    for bad in (
        b'{"Invoices":[{"Type":"ACCREX"}]}',
        b'{"Invoices":[{"Date":"2026-01-01"}]}',
        b'{"Invoices":[{"Total":"1.00"}]}',
        b'{"Invoices":[{"Totall":1.00}]}',
        b'{"Invoices":[{"InvoiceID":"1"}]}',
    ):
        assert contract.problems("GET", "/Invoices", 200, bad), bad
    assert contract.problems("GET", "/Nothing", 200, b"{}")
