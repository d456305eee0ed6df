import hashlib
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.canonical import canonical_json, decimal_text, digest, plain
from core.entities import Address, Customer, InvoiceStatus
from core.kinds import Kind


def test_keys_are_in_one_order_and_nothing_is_spaced():
    assert canonical_json({"b": [1, None, True], "a": {"d": "x", "c": "é"}}) == (
        '{"a":{"c":"é","d":"x"},"b":[1,null,true]}'.encode()
    )


@given(st.dictionaries(st.text(), st.integers() | st.text(), max_size=6), st.randoms())
def test_the_order_in_which_a_row_was_built_does_not_show(row, order):
    keys = order.sample(sorted(row), len(row))
    assert digest({key: row[key] for key in keys}) == digest(row)


def test_the_digest_is_the_sha256_of_the_canonical_text():
    assert digest({"a": 1}) == hashlib.sha256(b'{"a":1}').hexdigest()


@pytest.mark.parametrize("value", [0.0, 1.5, float("nan"), {"amount": 9.99}, [[1.0]], (1.0,)])
def test_a_float_is_refused_wherever_it_hides(value):
    with pytest.raises(TypeError, match="float"):
        canonical_json(value)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("19", "19"),
        ("19.0", "19"),
        ("5.50", "5.5"),
        ("100", "100"),
        ("1E+3", "1000"),
        ("1E-7", "0.0000001"),
        ("-0.10", "-0.1"),
        ("0E-5", "0"),
        ("0E+3", "0"),
        ("-0", "0"),
        ("-0.00", "0"),
    ],
)
def test_a_decimal_has_one_spelling(number, text):
    assert decimal_text(Decimal(number)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6), st.integers(0, 6))
def test_the_spelling_of_a_decimal_keeps_its_value_and_forgets_its_zeros(number, zeros):
    padded = Decimal(
        (*number.as_tuple()[:1], number.as_tuple().digits + (0,) * zeros, number.as_tuple().exponent - zeros)
    )
    assert Decimal(decimal_text(number)) == number
    assert decimal_text(padded) == decimal_text(number)


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused(number):
    with pytest.raises(ValueError, match="is not a number"):
        canonical_json({"amount": Decimal(number)})


@pytest.mark.parametrize("number", ["1e999999999", "1e-999999999", "-1e500"])
def test_a_few_digits_that_would_spell_a_gigabyte_are_refused(number):
    with pytest.raises(ValueError, match="too long to spell"):
        canonical_json({"amount": Decimal(number)})


def test_a_moment_is_the_same_in_every_zone():
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    elsewhere = noon.astimezone(timezone(timedelta(hours=-8)))
    assert plain(elsewhere) == plain(noon) == "2026-03-01T12:00:00+00:00"
    assert plain(date(2026, 3, 1)) == "2026-03-01"


def test_a_moment_that_depends_on_the_machines_zone_is_refused():
    with pytest.raises(ValueError, match="no zone"):
        canonical_json(datetime(2026, 3, 1, 12))  # noqa: DTZ001  the very thing that is refused


def test_a_lone_surrogate_that_a_vendor_sent_has_bytes_of_its_own():
    assert canonical_json("\ud800") != canonical_json("\udfff")
    assert len(digest({"name": "\ud83d"})) == 64


def test_an_entity_is_told_by_its_fields_and_enums_by_their_values():
    assert plain(Customer("Ada", address=Address(country="FR"))) == {
        "name": "Ada",
        "email": "",
        "phone": "",
        "address": {"line1": "", "line2": "", "city": "", "region": "", "postal_code": "", "country": "FR"},
        "tax_exempt": "none",
        "description": "",
    }
    assert plain({Kind.INVOICE: InvoiceStatus.PAID}) == {"invoice": "paid"}
