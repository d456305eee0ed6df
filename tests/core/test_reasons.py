from string import Formatter

import pytest

import core.reasons
from core.reasons import Problem, Reason, ReasonCode, problem


def placeholders(code):
    return {name for _, name, _, _ in Formatter().parse(core.reasons._SENTENCES[code]) if name is not None}


def documented():
    return set(core.reasons.__doc__.split("Parameters")[1].split("`")[1::2])


@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_has_a_sentence_and_something_to_press(code):
    reason = Reason(code)
    assert reason.sentence().endswith(".")
    assert reason.remedy


@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_shows_each_of_its_parameters(code):
    params = {name: f"<{name}>" for name in placeholders(code)}
    sentence = Reason(code, params).sentence()
    assert params
    assert all(value in sentence for value in params.values())


@pytest.mark.parametrize("code", ReasonCode)
def test_a_parameter_that_is_absent_is_told_and_does_not_crash(code):
    sentence = Reason(code).sentence()
    assert all(f"(no {name})" in sentence for name in placeholders(code))


def test_the_parameters_of_all_sentences_are_documented_and_no_others():
    assert documented() == {name for code in ReasonCode for name in placeholders(code)}


def test_parameters_become_text_and_braces_in_them_mean_nothing():
    answer = problem(ReasonCode.REFUSED, document="invoice {0}", connection="Xero", words="{connection!r}")
    assert isinstance(answer, Problem)
    assert answer.reason.sentence().startswith("Xero refused invoice {0} and said: {connection!r}")
    assert problem(ReasonCode.CRASHED, attempts=3).reason.params == {"attempts": "3"}


def test_a_sentence_has_plain_parameters_only():
    for sentence in core.reasons._SENTENCES.values():
        for _, name, spec, conversion in Formatter().parse(sentence):
            assert name is None or name.isidentifier()
            assert not spec
            assert conversion is None
