"""Every kind goes in and comes out equal, revisions only grow, and what is gone is only marked."""

from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from types import UnionType
from typing import get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError

from core.entities import (
    ENTITY_TYPES,
    Application,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    LineTax,
    Payment,
    Product,
    with_ids,
)
from core.errors import Overtaken
from core.kinds import Kind
from core.store import links, records, schema, shelves
from core.store.links import Link

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=8)
"""What a database keeps as text: everything but NUL and halves of surrogate pairs."""


def smallest(entity_type, ids):
    """An entity of which only what must be is filled."""
    hints = get_type_hints(entity_type)
    values = {str: "EUR", int: 0, bool: False, Decimal: Decimal(1), datetime: datetime(2026, 1, 1, tzinfo=UTC)}
    required = {}
    for spec in fields(entity_type):
        hint = hints[spec.name]
        if "kind" in spec.metadata:
            required[spec.name] = ids[spec.metadata["kind"]]
        elif spec.default is MISSING and spec.default_factory is MISSING:
            optional = isinstance(hint, UnionType)
            many = get_origin(hint) is tuple
            required[spec.name] = (
                None if optional else () if many else values[hint] if hint in values else next(iter(hint))
            )
    return entity_type(**required)


def strategy(name, hint):
    """Values of a field as large and as strange as its column may hold."""
    if get_origin(hint) is tuple:
        return st.lists(strategy(name, get_args(hint)[0]), max_size=3).map(tuple)
    if isinstance(hint, UnionType):
        return st.one_of(*(strategy(name, one) for one in get_args(hint)))
    if is_dataclass(hint):
        return st.builds(hint, **{field: strategy(field, inner) for field, inner in get_type_hints(hint).items()})
    if name.endswith("_minor"):
        return st.integers(-(2**63), 2**63 - 1)
    if name == "currency":
        return st.sampled_from(["EUR", "JPY", "KWD"])
    simple = {
        str: TEXT,
        int: st.integers(-(2**31), 2**31 - 1),
        Decimal: st.decimals(allow_nan=False, allow_infinity=False, places=12),
        datetime: st.datetimes(timezones=st.just(UTC)),
    }
    return simple.get(hint, st.from_type(hint))


@pytest.fixture
def ids(shop):
    """One record of each kind, for others to point to."""
    made = {}
    for kind in Kind:
        made[kind] = shop.store.new_id()
        shop.save(kind, {made[kind]: smallest(ENTITY_TYPES[kind], made)})
    return made


def load(shop, kind, *record_ids):
    with shop.store.read() as database:
        return shelves.load(shop.store, database, shop.workspace_id, kind, record_ids)


def record(shop, record_id):
    [row] = [row for row in shop.all(schema.record) if row.id == record_id]
    return row


@pytest.mark.parametrize("kind", Kind)
def test_whatever_is_saved_comes_back_equal_and_so_does_what_replaces_it(shop, ids, kind):
    entities = strategy(str(kind), ENTITY_TYPES[kind]).map(lambda entity: with_ids(entity, lambda of, _: ids[of]))

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(entities, entities)
    def there_and_back(first, second):
        record_id = shop.store.new_id()
        for entity in (first, second, first):
            shop.save(kind, {record_id: entity})
            assert load(shop, kind, record_id) == {record_id: entity}

    there_and_back()


def invoice(customer_id, *nets, **fields_of):
    lines = tuple(InvoiceLine("Plan", Decimal(1), net) for net in nets)
    return Invoice(
        customer_id, InvoiceStatus.OPEN, "EUR", "RE-1", None, None, lines, sum(nets), 0, sum(nets), **fields_of
    )


def test_the_parts_of_before_go_when_a_shorter_document_takes_their_place(shop, ids):
    record_id, tax = shop.store.new_id(), (LineTax(ids[Kind.TAX_RATE], 100, 19, inclusive=False),)
    long = invoice(ids[Kind.CUSTOMER], 100, 200, 300)
    long = replace(long, lines=tuple(replace(line, taxes=tax) for line in long.lines))
    neighbour = shop.store.new_id()
    shop.save(Kind.INVOICE, {record_id: long, neighbour: long})
    short = invoice(ids[Kind.CUSTOMER], 50)
    shop.save(Kind.INVOICE, {record_id: short})
    assert load(shop, Kind.INVOICE, record_id, neighbour) == {record_id: short, neighbour: long}
    taxes = [row.parent_id for row in shop.all(schema.invoice_line_tax)]
    assert taxes == [neighbour] * 3


def test_parts_keep_their_order(shop, ids):
    record_id = shop.store.new_id()
    parts = tuple(Application(ids[Kind.INVOICE], amount) for amount in range(12, 0, -1))
    payment = Payment(None, "EUR", 78, True, None, parts)
    shop.save(Kind.PAYMENT, {record_id: payment})
    assert load(shop, Kind.PAYMENT, record_id) == {record_id: payment}


def test_a_revision_grows_with_each_change_and_only_then(shop):
    record_id, still = shop.store.new_id(), shop.store.new_id()
    products = {record_id: Product("Plan"), still: Product("Still")}
    assert shop.save(Kind.PRODUCT, products) == {record_id: 1, still: 1}
    assert shop.save(Kind.PRODUCT, products) == {}
    shop.clock.sleep(60)
    assert shop.save(Kind.PRODUCT, products | {record_id: Product("Plan B")}) == {record_id: 2}
    assert shop.save(Kind.PRODUCT, products) == {record_id: 3}, "back as it was is a change too"
    assert record(shop, record_id).changed_at == shop.clock.now()
    assert record(shop, still).changed_at < shop.clock.now()
    assert record(shop, still).revision == 1


def test_every_change_of_a_record_is_audited_with_its_cause_and_both_hashes(shop):
    record_id = shop.store.new_id()
    shop.save(Kind.PRODUCT, {record_id: Product("Plan")}, cause="pull")
    first = record(shop, record_id).content_hash
    shop.save(Kind.PRODUCT, {record_id: Product("Plan B")}, cause="event")
    second = record(shop, record_id).content_hash
    deeds = [(row.action, row.cause, row.before_hash, row.after_hash) for row in shop.all(schema.audit)]
    assert deeds == [("product created", "pull", "", first), ("product changed", "event", first, second)]


@pytest.mark.parametrize("victim", [0, 1])
def test_a_record_that_another_writer_changes_meanwhile_is_not_overwritten(shop, victim):
    """Between reading a revision and writing the next one, another writes it: done again, on top of that."""
    both = [shop.store.new_id(), shop.store.new_id()]
    shop.save(Kind.PRODUCT, {record_id: Product("Plan") for record_id in both})
    table, overtakes = schema.record, [both[victim]]

    @event.listens_for(shop.store.engine, "before_execute")
    def _(connection, statement, *_):
        if statement.is_update and statement.table is table and overtakes:
            connection.execute(
                table.update().where(table.c.id == overtakes.pop()).values(revision=table.c.revision + 1)
            )

    tries = []

    def saved(work):
        tries.append(1)
        versions = {id_: records.Version("", "", "new", Product("Plan B"), "") for id_ in both}
        return records.save(
            shop.store,
            work,
            Kind.PRODUCT,
            origin_connection_id=shop.gateway,
            book_id=shop.book_id,
            versions=versions,
        )

    assert shop.write(saved) == {both[0]: 2, both[1]: 2}
    assert len(tries) == 2


def test_a_record_overtaken_each_time_is_said_to_be_so(shop, monkeypatch):
    record_id = shop.store.new_id()
    shop.save(Kind.PRODUCT, {record_id: Product("Plan")})
    old = records.Known(record_id, 7, "")
    monkeypatch.setattr(records, "known", lambda *_: {record_id: old})
    with pytest.raises(Overtaken):
        shop.save(Kind.PRODUCT, {record_id: Product("Plan B")})
    assert load(shop, Kind.PRODUCT, record_id) == {record_id: Product("Plan")}


def test_what_its_origin_deleted_is_marked_and_stays(shop):
    record_id = shop.store.new_id()
    shop.save(Kind.PRODUCT, {record_id: Product("Plan")})
    remote_id = record(shop, record_id).origin_id
    assert shop.do(records.entomb, shop.gateway, Kind.PRODUCT, remote_id)
    buried_at = shop.clock.now()
    shop.clock.sleep(60)
    assert shop.do(records.entomb, shop.gateway, Kind.PRODUCT, remote_id), "twice is once"
    assert record(shop, record_id).removed_at == buried_at
    assert load(shop, Kind.PRODUCT, record_id) == {record_id: Product("Plan")}
    [link] = shop.all(schema.link)
    assert link.removed_at == buried_at
    assert [row.action for row in shop.all(schema.audit)] == ["product created", "product removed"]
    with shop.store.read() as database:
        wanted = [(Kind.PRODUCT, remote_id)]
        found = links.linked(database, shop.workspace_id, shop.gateway, wanted)
        assert found == {wanted[0]: record_id}, "the old id still says whose it was"
        assert links.remote_ids(database, shop.workspace_id, shop.gateway, [record_id]) == {}


def test_only_its_origin_can_delete_a_record(shop):
    record_id = shop.store.new_id()
    shop.save(Kind.PRODUCT, {record_id: Product("Plan")})
    there = Link(record_id, "", "item-1", "", "")
    shop.do(links.add, shop.ledger, "test", Kind.PRODUCT, [there])
    assert not shop.do(records.entomb, shop.ledger, Kind.PRODUCT, "item-1")
    assert not shop.do(records.entomb, shop.gateway, Kind.PRODUCT, "never seen")
    assert record(shop, record_id).removed_at is None
    with shop.store.read() as database:
        assert links.remote_ids(database, shop.workspace_id, shop.ledger, [record_id]) == {(record_id, ""): "item-1"}


@pytest.mark.parametrize("second", [("same record", "other id"), ("other record", "same id")])
def test_a_link_is_one_to_one(shop, second):
    record_ids = {"same record": shop.store.new_id(), "other record": shop.store.new_id()}
    shop.save(Kind.PRODUCT, {record_id: Product("Plan") for record_id in record_ids.values()})
    shop.do(links.add, shop.ledger, "test", Kind.PRODUCT, [Link(record_ids["same record"], "", "same id", "", "")])
    another = Link(record_ids[second[0]], "", second[1], "", "")
    with pytest.raises(IntegrityError):
        shop.do(links.add, shop.ledger, "test", Kind.PRODUCT, [another])


def test_the_same_remote_id_elsewhere_is_another_thing(shop):
    record_id = shop.store.new_id()
    shop.save(Kind.PRODUCT, {record_id: Product("Plan")})
    same = Link(record_id, "", "1", "", "")
    shop.do(links.add, shop.ledger, "test", Kind.PRODUCT, [same, replace(same, part="p", remote_id="2")])
    shop.do(links.add, shop.ledger, "live", Kind.PRODUCT, [same])
    shop.do(links.add, shop.ledger, "test", Kind.PRICE, [same])
    shop.do(
        links.add,
        shop.ledger,
        "test",
        Kind.TAX_RATE,
        [replace(same, remote_id="a"), replace(same, part="x", remote_id="A")],
    )
    with shop.store.read() as database:
        holders = database.execute(select(func.count()).where(schema.link.c.connection_id == shop.ledger)).scalar_one()
    assert holders == 6


def test_what_a_system_showed_and_what_we_sent_are_kept_with_the_right_links(shop):
    record_ids = [shop.store.new_id() for _ in range(3)]
    shop.save(Kind.PRODUCT, {record_id: Product("Plan") for record_id in record_ids})
    there = [Link(record_id, "", f"item-{n}", "v1", "shown", "sent") for n, record_id in enumerate(record_ids)]
    shop.do(links.add, shop.ledger, "test", Kind.PRODUCT, there)
    shop.do(links.show, shop.ledger, Kind.PRODUCT, {"item-0": ("v2", "shown 2"), "item-1": ("v3", "shown 3")})
    shop.do(links.sent, shop.ledger, Kind.PRODUCT, [replace(there[1], version="v4", sent_hash="sent 4")])
    found = {
        row.remote_id: (row.version, row.shown_hash, row.sent_hash)
        for row in shop.all(schema.link)
        if row.connection_id == shop.ledger
    }
    assert found == {
        "item-0": ("v2", "shown 2", "sent"),
        "item-1": ("v4", "shown", "sent 4"),
        "item-2": ("v1", "shown", "sent"),
    }
    hashes = shop.do(links.sent_hashes, shop.ledger, record_ids)
    assert hashes[record_ids[1], ""] == "sent 4"
    assert shop.do(links.holders, shop.ledger, Kind.PRODUCT, ["item-2", "nowhere"]) == {"item-2": (record_ids[2], "")}


def test_every_field_of_every_entity_has_its_column():
    """Parts included; what tells about a person has none but the sealed one."""
    plain = [(shelves._TABLES[kind], ENTITY_TYPES[kind]) for kind in Kind if kind is not Kind.CUSTOMER]
    parts = [(part.table, part.type) for part in shelves._PARTS.values()]
    parts += [(part.taxes, LineTax) for part in shelves._PARTS.values() if part.taxes is not None]
    for table, entity_type in plain + parts:
        names = {f"{spec.name}_id" if "kind" in spec.metadata else spec.name for spec in fields(entity_type)}
        held = {name for name in names if name in table.c}
        tuples = {part.field for part in shelves._PARTS.values()} | {"taxes"}
        assert names - held <= tuples, table.name
