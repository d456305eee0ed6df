from dataclasses import replace
from decimal import Decimal

import pytest

from demo.auditor import Books, Document, Total, mismatches, notes, totals


def invoice(number, total="119.00", tax="19.00", due="0.00", currency="EUR"):
    amounts = {"invoice total": Decimal(total), "invoice tax": Decimal(tax), "invoice due": Decimal(due)}
    return Document("invoice", number, currency, amounts)


def credit_note(number, total="11.90", tax="1.90"):
    return Document("credit note", number, "EUR", {"credit note": Decimal(total), "credit note tax": Decimal(tax)})


BOOKS = Books(
    [
        invoice("A-1"),
        invoice("A-2", due="107.10"),
        invoice("B-1", "8.990", "0.000", currency="KWD"),
        credit_note("A-2-CN-01"),
        Document("payment", "ch_1 of A-1", "EUR", {"payment": Decimal("119.00")}),
        Document("refund", "re_1", "EUR", {"refund": Decimal("5.00")}),
    ],
    {("cus_1", "EUR"): Decimal("107.10"), ("cus_2", "EUR"): Decimal("-7.10"), ("cus_3", "EUR"): Decimal(0)},
    voided=frozenset({"A-3"}),
)


def with_document(books, place, **amounts):
    documents = list(books.documents)
    documents[place] = replace(documents[place], amounts=documents[place].amounts | amounts)
    return replace(books, documents=documents)


def test_amounts_are_summed_by_kind_and_currency_and_counted_where_there_is_one():
    assert totals(BOOKS) == {
        ("invoice total", "EUR"): Total(Decimal("238.00"), 2),
        ("invoice total", "KWD"): Total(Decimal("8.990"), 1),
        ("invoice tax", "EUR"): Total(Decimal("38.00"), 2),
        ("invoice due", "EUR"): Total(Decimal("107.10"), 1),
        ("credit note", "EUR"): Total(Decimal("11.90"), 1),
        ("credit note tax", "EUR"): Total(Decimal("1.90"), 1),
        ("payment", "EUR"): Total(Decimal("119.00"), 1),
        ("refund", "EUR"): Total(Decimal("5.00"), 1),
        ("receivable", "EUR"): Total(Decimal("100.00"), 2),
    }


def test_what_is_the_same_at_both_ends_gives_no_word():
    assert mismatches(BOOKS, replace(BOOKS, documents=BOOKS.documents[::-1])) == []


@pytest.mark.parametrize(
    ("xero", "sentence"),
    [
        (replace(BOOKS, documents=BOOKS.documents[1:]), "invoice A-1 is in Stripe only"),
        (replace(BOOKS, documents=[*BOOKS.documents, invoice("Z-9")]), "invoice Z-9 is in Xero only"),
        (replace(BOOKS, documents=[*BOOKS.documents, invoice("A-1")]), "invoice A-1 stands twice in Xero"),
        (
            with_document(BOOKS, 0, **{"invoice total": Decimal("119.01")}),
            "invoice A-1: invoice total is 119.00 in Stripe, 119.01 in Xero",
        ),
        (
            with_document(BOOKS, 3, **{"credit note tax": Decimal("1.89")}),
            "credit note A-2-CN-01: credit note tax is 1.90 in Stripe, 1.89 in Xero",
        ),
        (
            replace(BOOKS, documents=[replace(BOOKS.documents[0], currency="USD"), *BOOKS.documents[1:]]),
            "invoice A-1 is in EUR in Stripe, in USD in Xero",
        ),
        (replace(BOOKS, voided=frozenset()), "invoice A-3 is void in Stripe, not in Xero"),
        (replace(BOOKS, voided=BOOKS.voided | {"A-1"}), "invoice A-1 is void in Xero, not in Stripe"),
    ],
)
def test_each_difference_is_told_with_the_documents_name(xero, sentence):
    assert mismatches(BOOKS, xero) == [sentence]


def test_two_errors_that_cancel_in_the_sum_are_told_both():
    wrong = with_document(
        with_document(BOOKS, 0, **{"invoice tax": Decimal("19.01")}), 1, **{"invoice tax": Decimal("18.99")}
    )
    assert totals(wrong) == totals(BOOKS)
    assert len(mismatches(BOOKS, wrong)) == 2


def test_what_a_reader_may_wonder_about_is_named():
    books = replace(BOOKS, given_up=frozenset({"A-2"}), empty=frozenset({"C-1"}))
    assert notes(books) == [
        "invoice A-3 is VOIDED in Xero too",
        "invoice A-2 is uncollectible, and stays due with 107.10 EUR",
        "invoice C-1 comes to nothing and is not sent",
    ]
