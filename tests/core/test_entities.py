from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import UnionType
from typing import get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.canonical import digest
from core.entities import (
    ENTITY_TYPES,
    PERSONAL,
    Application,
    Customer,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    LineTax,
    Payment,
    references,
    with_ids,
)
from core.kinds import Kind


def strategy(hint):
    """Values of a field's type, every field of every part filled."""
    if get_origin(hint) is tuple:
        return st.lists(strategy(get_args(hint)[0]), max_size=3).map(tuple)
    if isinstance(hint, UnionType):
        return st.one_of(*(strategy(one) for one in get_args(hint)))
    if is_dataclass(hint):
        return st.builds(hint, **{name: strategy(inner) for name, inner in get_type_hints(hint).items()})
    if hint is str:
        return st.text(max_size=8)
    if hint is Decimal:
        return st.decimals(allow_nan=False, allow_infinity=False, places=4)
    if hint is datetime:
        return st.datetimes(timezones=st.just(UTC))
    return st.from_type(hint)


class Populated:
    """An entity in which nothing is left out, and each reference is an id of its own."""

    def __init__(self, entity_type):
        self.ids = []
        self.entity = self.fill(entity_type)

    def fill(self, hint):
        if get_origin(hint) is tuple:
            return (self.fill(get_args(hint)[0]), self.fill(get_args(hint)[0]))
        if isinstance(hint, UnionType):
            return self.fill(next(one for one in get_args(hint) if one is not type(None)))
        if is_dataclass(hint):
            hints = get_type_hints(hint)
            return hint(**{spec.name: self.value(spec, hints[spec.name]) for spec in fields(hint)})
        simple = {str: "x", int: 1, bool: True, Decimal: Decimal(1), datetime: datetime(2026, 1, 1, tzinfo=UTC)}
        return simple[hint] if hint in simple else next(iter(hint))

    def value(self, spec, hint):
        if "kind" not in spec.metadata:
            return self.fill(hint)
        kind = spec.metadata["kind"]
        self.ids.append((kind, f"{kind}-{len(self.ids)}"))
        return self.ids[-1][1]


def ours(kind, remote_id):
    return f"{kind}:{remote_id}"


def theirs(kind, our_id):
    return our_id.removeprefix(f"{kind}:")


def test_every_kind_has_its_entity_and_every_entity_its_kind():
    assert set(ENTITY_TYPES) == set(Kind)
    assert len(set(ENTITY_TYPES.values())) == len(ENTITY_TYPES)
    assert set(Kind) >= PERSONAL


@pytest.mark.parametrize("kind", Kind)
def test_every_reference_is_found_in_every_part(kind):
    full = Populated(ENTITY_TYPES[kind])
    assert sorted(references(full.entity)) == sorted(full.ids)


@pytest.mark.parametrize("kind", Kind)
def test_every_reference_changes_its_coordinates_and_nothing_else_does(kind):
    full = Populated(ENTITY_TYPES[kind])
    moved = with_ids(full.entity, ours)
    assert sorted(references(moved)) == sorted((of, ours(of, one)) for of, one in full.ids)
    assert with_ids(moved, theirs) == full.entity
    assert (digest(moved) != digest(full.entity)) == bool(full.ids)


@pytest.mark.parametrize("kind", Kind)
def test_there_and_back_gives_the_same_entity(kind):
    @given(strategy(ENTITY_TYPES[kind]))
    def there_and_back(entity):
        assert with_ids(with_ids(entity, ours), theirs) == entity

    there_and_back()


@pytest.mark.parametrize("kind", Kind)
def test_a_record_refers_only_to_kinds_that_come_before_its_own(kind):
    order = list(Kind)
    assert all(order.index(of) < order.index(kind) for of, _ in references(Populated(ENTITY_TYPES[kind]).entity))


@pytest.mark.parametrize("part", [*ENTITY_TYPES.values(), InvoiceLine, LineTax, Application])
def test_a_field_named_like_a_kind_says_that_it_is_a_reference(part):
    for spec in fields(part):
        if spec.name in set(Kind):
            assert spec.metadata == {"kind": Kind(spec.name)}


def test_a_reference_to_nothing_is_not_asked_about():
    payment = Payment(None, "EUR", 100, True, None, ())
    assert list(references(payment)) == []
    assert with_ids(payment, lambda kind, _: pytest.fail(f"asked for {kind}")) is payment


def test_an_id_that_is_not_known_stops_the_change_of_coordinates():
    def unknown(kind, remote_id):
        raise KeyError(kind, remote_id)

    with pytest.raises(KeyError, match="inv_1"):
        with_ids(Payment(None, "EUR", 100, True, None, (Application("inv_1", 100),)), unknown)


def line(net_minor, *taxes):
    return InvoiceLine(
        "x", Decimal(1), net_minor, tuple(LineTax("txr", net_minor, tax, inclusive=False) for tax in taxes)
    )


def test_an_invoice_adds_up_its_lines_and_a_line_its_taxes():
    lines = (line(1000, 190, 10), line(-500, -95))
    invoice = Invoice("cus", InvoiceStatus.OPEN, "EUR", "1", None, None, lines, 605, 105, 605)
    assert (invoice.net_minor, [part.tax_minor for part in lines]) == (500, [200, -95])


@pytest.mark.parametrize(
    ("status", "counts"),
    [("draft", False), ("open", True), ("paid", True), ("void", False), ("uncollectible", True)],
)
def test_what_is_issued_and_not_void_stands_in_the_books(status, counts):
    assert Invoice("cus", InvoiceStatus(status), "EUR", "1", None, None, (), 0, 0, 0).counts is counts


def test_a_customer_needs_no_more_than_a_name():
    required = [spec.name for spec in fields(Customer) if spec.default is MISSING]
    assert required == ["name"]
