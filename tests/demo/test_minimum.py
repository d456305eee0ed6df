from demo.minimum import minimum_calls


def test_the_standard_mix_of_a_thousand_invoices():
    """A thousand invoices, each with its own customer and one payment; fifty of them credited and refunded."""
    read = {"invoices": 1000, "balance_transactions": 1050, "credit_notes": 50}
    written = {"Contacts": 1000, "Invoices": 1000, "Payments": 1000, "CreditNotes": 50, "Refunds": 50}
    assert minimum_calls(read, written) == {"stripe": 22, "xero": 62}


def test_a_call_that_is_not_full_is_a_call_and_nothing_needs_none():
    assert minimum_calls({"invoices": 101}, {"Invoices": 51, "CreditNotes": 0}) == {"stripe": 2, "xero": 2}


def test_each_allocation_is_a_call_of_its_own():
    assert minimum_calls({}, {"Allocations": 7})["xero"] == 7
