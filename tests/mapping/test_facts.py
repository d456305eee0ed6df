import json
from decimal import Decimal

import pytest

from core.entities import Invoice, InvoiceLine, InvoiceStatus, LineTax, Payment, Price, TaxRate
from core.reasons import Problem, ReasonCode
from mapping.facts import Facts, choices, invoice_facts, money_facts, price_facts
from mapping.rulebook import Rulebook

RATES = {
    "txr_de": TaxRate("MwSt.", Decimal("19.0"), inclusive=True, country="DE"),
    "txr_zero": TaxRate("Exempt", Decimal(0), inclusive=False),
    "txr_state": TaxRate("State", Decimal("6.25"), inclusive=False, country="US"),
    "txr_city": TaxRate("City", Decimal("2.625"), inclusive=False, country="US"),
}


def line(*rates, price="price_1", product="prod_1", inclusive=False):
    taxes = tuple(LineTax(rate, 1000, 0, inclusive) for rate in rates)
    return InvoiceLine("service", Decimal(1), 1000, taxes, price=price, product=product)


def invoice(*lines):
    return Invoice("cus_1", InvoiceStatus.OPEN, "EUR", "RE-1", None, None, lines, 0, 0, 0)


def lines_of(*lines, country=""):
    return invoice_facts(invoice(*lines), RATES, book="gmbh", country=country).lines


def test_a_line_tells_its_price_product_tax_and_where_it_is_taxed():
    facts = invoice_facts(invoice(line("txr_de", inclusive=True)), RATES, book="gmbh")
    assert facts.document == {"currency": "EUR", "book": "gmbh"}
    assert facts.lines == (
        {
            "price": "price_1",
            "product": "prod_1",
            "currency": "EUR",
            "country": "DE",
            "tax": "19",
            "tax_inclusive": "yes",
            "book": "gmbh",
        },
    )


def test_several_taxes_of_a_line_are_one_percentage():
    (facts,) = lines_of(line("txr_state", "txr_city"))
    assert (facts["tax"], facts["country"], facts["tax_inclusive"]) == ("8.875", "US", "no")


def test_a_line_without_tax_is_told_apart_from_one_taxed_at_nothing():
    untaxed, exempt = lines_of(line(), line("txr_zero"))
    assert (untaxed["tax"], exempt["tax"]) == ("", "0")


def test_where_no_tax_rate_names_a_country_the_customers_counts():
    untaxed, exempt, german = lines_of(line(), line("txr_zero"), line("txr_de"), country="FR")
    assert [facts["country"] for facts in (untaxed, exempt, german)] == ["FR", "FR", "DE"]


def test_a_line_of_no_price_says_so_with_empty_text():
    (facts,) = lines_of(line(price=None, product=None))
    assert (facts["price"], facts["product"]) == ("", "")


def test_a_tax_rate_that_was_not_given_is_an_error_and_not_no_tax():
    with pytest.raises(KeyError, match="txr_unknown"):
        lines_of(line("txr_unknown"))


def test_a_price_is_chosen_for_by_itself_and_its_product():
    price = Price("prod_1", "EUR", Decimal("9.99"), "exclusive")
    assert price_facts(price, "price_1", book="gmbh") == Facts(
        {"price": "price_1", "product": "prod_1", "currency": "EUR", "book": "gmbh"}
    )


@pytest.mark.parametrize(("settled", "told"), [("EUR", "EUR"), ("", "KWD")])
def test_a_payment_is_chosen_for_by_the_currency_that_the_balance_grew_in(settled, told):
    payment = Payment(None, "KWD", 120000, True, None, (), settled, 35294)
    settled = payment.settled_currency or payment.currency
    assert money_facts(settled, book="gmbh") == Facts({"currency": told, "book": "gmbh"})


RULEBOOK = Rulebook.parse(
    json.dumps(
        {
            "slots": {
                "income_account": [{"when": {"price": "price_1"}, "use": "200"}],
                "tax_code": [
                    {"when": {"tax": "19", "country": "DE"}, "use": "OUTPUT"},
                    {"when": {"tax": ""}, "use": "NONE"},
                ],
                "clearing_account": [{"when": {"currency": "EUR"}, "use": "stripe-eur"}],
            }
        }
    )
)


def chosen(facts, document_slots=(), line_slots=()):
    return choices(RULEBOOK, document_slots, line_slots, facts, document="invoice RE-1", connection="Xero")


def test_choices_are_made_for_the_document_and_for_each_line_in_order():
    facts = invoice_facts(invoice(line("txr_de"), line()), RATES, book="gmbh")
    assert chosen(facts, ["clearing_account"], ["income_account", "tax_code"]) == (
        {"clearing_account": "stripe-eur"},
        ({"income_account": "200", "tax_code": "OUTPUT"}, {"income_account": "200", "tax_code": "NONE"}),
    )


def test_a_line_without_a_choice_parks_the_document_and_says_what_a_rule_would_need():
    facts = invoice_facts(invoice(line("txr_de"), line("txr_city", price="price_2")), RATES, book="gmbh")
    answer = chosen(facts, [], ["income_account"])
    assert isinstance(answer, Problem)
    assert answer.reason.code is ReasonCode.SLOT_UNMAPPED
    assert answer.reason.params == {
        "document": "invoice RE-1",
        "slot": "income_account",
        "facts": "price price_2, product prod_1, currency EUR, country US, tax 2.625, tax inclusive no, book gmbh",
        "connection": "Xero",
    }


def test_a_document_without_a_choice_parks_before_its_lines_are_looked_at():
    answer = chosen(Facts({"currency": "USD", "book": "gmbh"}, ({},)), ["clearing_account"], ["income_account"])
    assert isinstance(answer, Problem)
    assert answer.reason.params["slot"] == "clearing_account"
    assert answer.reason.params["facts"] == "currency USD, book gmbh"
