from decimal import Decimal

import pytest

from connectors.strict_json import parse


def test_fractions_are_exact_and_whole_numbers_whole():
    parsed = parse(b'{"a": 0.1, "b": 10, "c": "x", "d": [null, true]}')
    assert parsed == {"a": Decimal("0.1"), "b": 10, "c": "x", "d": [None, True]}
    assert type(parsed["a"]) is Decimal
    assert type(parsed["b"]) is int


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{",
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b"[1e400]",
        b"[1E+999999999]",
        b"[0e999999999]",
        b"[0." + b"1" * 60 + b"]",
        b"[" + b"1" * 5000 + b"]",
        b'{"a": 1, "a": 1}',
        b"\xef\xbb\xbf{}",
        b'"\xff"',
        b"[" * 65 + b"]" * 65,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'"' + b'\\"' * 500_000,
    ],
)
def test_what_is_not_plainly_json_is_refused(body):
    with pytest.raises(ValueError):
        parse(body)


def test_brackets_in_strings_are_no_depth():
    assert parse(b'["' + b"[" * 1000 + b'\\"[{"]') == ["[" * 1000 + '"[{']


def test_sixty_four_levels_are_read():
    assert parse(b"[" * 64 + b"]" * 64)


def test_text_that_no_store_can_carry_is_made_fit():
    parsed = parse(rb'{"a\u0000": "\ud83d\ude00 \ud83d \u0000 \\ud83d"}')
    assert parsed == {"a\ufffd": "\U0001f600 \ufffd \ufffd \\ud83d"}
    assert str(parsed).encode()
