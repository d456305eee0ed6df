import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.rulebook import RULES_MAX, TEXT_MAX, Rulebook, RulebookRefused
from mapping.slots import FACTS, SLOTS


def rulebook(**slots):
    return Rulebook.parse(json.dumps({"slots": slots}))


def refusal(text):
    with pytest.raises(RulebookRefused) as refused:
        Rulebook.parse(text)
    return refused.value.problems


def test_the_first_rule_that_matches_decides():
    book = rulebook(
        income_account=[{"when": {"price": "price_1", "currency": "EUR"}, "use": "200"}, {"when": {}, "use": "260"}]
    )
    assert book.choose("income_account", {"price": "price_1", "currency": "EUR"}) == "200"
    assert book.choose("income_account", {"price": "price_1", "currency": "USD"}) == "260"
    assert book.choose("income_account", {}) == "260"


def test_without_a_matching_rule_there_is_no_choice():
    book = rulebook(tax_code=[{"when": {"tax": "19"}, "use": "OUTPUT"}])
    assert book.choose("tax_code", {"tax": "7"}) is None
    assert book.choose("tax_code", {}) is None
    assert book.choose("income_account", {"tax": "19"}) is None


def test_a_condition_may_name_several_values_of_which_any_will_do():
    book = rulebook(tax_code=[{"when": {"country": ["DE", "FR"], "tax": ["19", "20"]}, "use": "OUTPUT"}])
    assert book.choose("tax_code", {"country": "FR", "tax": "20"}) == "OUTPUT"
    assert book.choose("tax_code", {"country": "FR", "tax": "7"}) is None


@pytest.mark.parametrize("written", ['"19"', '"19.0"', '"19.000"', "19", "19.0", '"1.9e1"'])
@pytest.mark.parametrize("fact", ["19", "19.0", "019"])
def test_percentages_are_the_same_number_however_they_are_written(written, fact):
    book = Rulebook.parse('{"slots": {"tax_code": [{"use": "OUTPUT", "when": {"tax": ' + written + "}}]}}")
    assert book.choose("tax_code", {"tax": fact}) == "OUTPUT"


def test_no_tax_is_not_a_tax_of_nothing():
    book = rulebook(tax_code=[{"when": {"tax": "0"}, "use": "ZERORATED"}, {"when": {"tax": ""}, "use": "NONE"}])
    assert book.choose("tax_code", {"tax": "0.00"}) == "ZERORATED"
    assert book.choose("tax_code", {"tax": ""}) == "NONE"


def test_numbers_keep_the_digits_that_were_written():
    book = Rulebook.parse('{"slots": {"income_account": [{"use": 200.10}]}}')
    assert book.choose("income_account", {}) == "200.10"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"slots": ', "line 1, column 11: Expecting value"),
        ('{"slots":\n {"tax_code": [,]}}', "line 2, column "),
        ("[]", "the rulebook: must be an object"),
        ("{}", "slots: is missing"),
        ('{"slots": null}', "slots: must not be null"),
        ('{"slots": {}, "rules": []}', "rules: a rulebook has slots only"),
        (
            '{"slots": {"cost_centre": []}}',
            "cost_centre: no such slot; there are income_account, tax_code, clearing_account",
        ),
        ('{"slots": {"tax_code": {}}}', "tax_code: must be a list of rules"),
        ('{"slots": {"tax_code": null}}', "tax_code: must not be null"),
        ('{"slots": {"tax_code": [{"use": "A"}, 7]}}', "tax_code, rule 2: must be an object"),
        ('{"slots": {"tax_code": [{}]}}', "tax_code, rule 1, use: is missing"),
        ('{"slots": {"tax_code": [{"use": ""}]}}', "tax_code, rule 1, use: must have 1 to 255 characters"),
        ('{"slots": {"tax_code": [{"use": "A "}]}}', "tax_code, rule 1, use: must be text in one line, without spaces"),
        (r'{"slots": {"tax_code": [{"use": "\ud800"}]}}', "tax_code, rule 1, use: must be text in one line, without"),
        ('{"slots": {"tax_code": [{"use": ["A"]}]}}', "tax_code, rule 1, use: must be text in one line"),
        (
            '{"slots": {"tax_code": [{"use": "A", "then": "B"}]}}',
            "tax_code, rule 1, then: a rule has when and use only",
        ),
        ('{"slots": {"tax_code": [{"use": "A", "when": []}]}}', "tax_code, rule 1, when: must be an object"),
        (
            '{"slots": {"clearing_account": [{"use": "A", "when": {"price": "p"}}]}}',
            "clearing_account, rule 1, when, price: no such fact; a rule of clearing_account may ask for currency, ",
        ),
        (
            '{"slots": {"tax_code": [{"use": "A", "when": {"tax": []}}]}}',
            "tax_code, rule 1, when, tax: must be text, or a list of texts of which any will do",
        ),
        (
            '{"slots": {"tax_code": [{"use": "A", "when": {"tax_inclusive": true}}]}}',
            "tax_code, rule 1, when, tax_inclusive: must be text, or a list",
        ),
        (
            '{"slots": {"tax_code": [{"use": "A", "when": {"tax_inclusive": "maybe"}}]}}',
            'tax_code, rule 1, when, tax_inclusive: \'maybe\' is neither "yes" nor "no"',
        ),
        (
            '{"slots": {"tax_code": [{"use": "A"}, {"use": "B", "when": {"tax": ["19", "much"]}}]}}',
            "tax_code, rule 2, when, tax: 'much' is not a percentage",
        ),
        (
            '{"slots": {"tax_code": [{"use": "B", "when": {"tax": 1e999999999}}]}}',
            "tax_code, rule 1, when, tax: '1e999999999' is not a percentage",
        ),
        (
            '{"slots": {"tax_code": [{"use": "A", "when": {"currency": "eur"}}]}}',
            "tax_code, rule 1, when, currency: 'eur' is not a currency of ISO 4217",
        ),
        (
            '{"slots": {"tax_code": [{"use": "A", "when": {"country": "Germany"}}]}}',
            "tax_code, rule 1, when, country: 'Germany' is not a country",
        ),
        (
            '{"slots": {"tax_code": [{"use": "A"}, {"use": "B", "use": "C"}]}}',
            "tax_code, rule 2: 'use' is written twice",
        ),
        ('{"slots": {"tax_code": [], "tax_code": []}}', "slots: 'tax_code' is written twice"),
        ('{"slots": {}, "slots": {}}', "the rulebook: 'slots' is written twice"),
        ('{"slots": NaN}', "NaN is not a number"),
        ("[" * 100_000, "the rulebook is nested too deep"),
        (" " * (TEXT_MAX + 1), f"the rulebook is longer than {TEXT_MAX} characters"),
    ],
)
def test_a_broken_rulebook_is_refused_with_place_and_reason(text, problem):
    (told,) = refusal(text)
    assert told.startswith(problem)


def test_every_problem_of_a_rulebook_is_told_at_once():
    text = '{"slots": {"tax_code": [{"when": {"tax": "much"}}], "income_account": [{"use": ""}]}}'
    assert len(refusal(text)) == 3
    with pytest.raises(RulebookRefused, match=r"rule 1, when, tax: .*; tax_code, rule 1, use: is missing"):
        Rulebook.parse(text)


def test_more_rules_than_a_person_can_oversee_are_refused():
    assert refusal(json.dumps({"slots": {"tax_code": [{"use": "A"}] * (RULES_MAX + 1)}})) == (
        f"tax_code: has more than {RULES_MAX} rules",
    )


def test_a_rule_behind_a_more_general_one_is_reported_as_never_used():
    book = rulebook(
        tax_code=[
            {"when": {"country": ["DE", "FR"]}, "use": "EU"},
            {"when": {"country": "DE", "tax": "19"}, "use": "OUTPUT"},
            {"when": {"country": ["FR", "IT"]}, "use": "SOUTH"},
            {"use": "NONE"},
            {"when": {"tax": "7"}, "use": "REDUCED"},
        ]
    )
    assert book.warnings() == (
        "tax_code, rule 2: never used, because rule 1 matches all that it does; put it before that one",
        "tax_code, rule 5: never used, because rule 4 matches all that it does; put it before that one",
    )


def test_specific_before_general_gives_no_warning():
    book = rulebook(tax_code=[{"when": {"tax": "19"}, "use": "OUTPUT"}, {"use": "NONE"}], income_account=[{"use": "1"}])
    assert book.warnings() == ()


values = {"tax": ["", "0", "7", "19"], "country": ["DE", "FR", ""], "price": ["price_1", "price_2"]}
conditions = st.fixed_dictionaries(
    {},
    optional={name: st.lists(st.sampled_from(of), min_size=1, unique=True) for name, of in values.items()},
)
documents = st.fixed_dictionaries({}, optional={name: st.sampled_from(of) for name, of in values.items()})


@given(st.lists(conditions, max_size=6), documents)
def test_a_rule_that_is_reported_as_never_used_never_decides(whens, facts):
    book = rulebook(tax_code=[{"when": when, "use": f"rule {i}"} for i, when in enumerate(whens, 1)])
    hidden = {warning.split(":")[0].removeprefix("tax_code, ") for warning in book.warnings()}
    expected = next(
        (
            f"rule {i}"
            for i, when in enumerate(whens, 1)
            if all(facts.get(name) in wanted for name, wanted in when.items())
        ),
        None,
    )
    chosen = book.choose("tax_code", facts)
    assert chosen == expected
    assert chosen not in hidden


def test_every_slot_asks_for_declared_facts_only_and_each_fact_says_what_it_is():
    assert {fact for facts in SLOTS.values() for fact in facts} == set(FACTS)
    assert all(fact.meaning for fact in FACTS.values())
