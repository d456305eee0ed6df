"""No row can point into another tenant: the workspace is part of every key and of every pointer."""

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from core.entities import Product
from core.kinds import Kind
from core.store import links, outbox, records, schema, shelves
from core.store.links import Link
from core.store.schema import metadata

# whoever knocks at the log-in has not said whose they are: failures are counted for nobody's workspace
NOBODYS = {"hub", "workspace", "vendor", "log_in_failure"}
TENANTS = [table for table in metadata.sorted_tables if table.name not in NOBODYS]
POINTERS = [
    (table, key)
    for table in TENANTS
    for key in sorted(table.foreign_key_constraints, key=lambda key: key.column_keys)
    if key.referred_table.name != "workspace"
]


def name(value):
    return value.name if hasattr(value, "name") and isinstance(value.name, str) else None


@pytest.mark.parametrize("table", TENANTS, ids=lambda table: table.name)
def test_the_workspace_is_the_first_part_of_every_key(table):
    assert next(iter(table.primary_key.columns)).name == "workspace_id"
    assert not table.c.workspace_id.nullable
    assert {"workspace"} == {
        key.referred_table.name for key in table.foreign_key_constraints if key.column_keys == ["workspace_id"]
    }


@pytest.mark.parametrize("table", TENANTS, ids=lambda table: table.name)
def test_every_unique_rule_is_within_a_workspace(table):
    unique = [index for index in table.indexes if index.unique]
    unique += [rule for rule in table.constraints if type(rule).__name__ == "UniqueConstraint"]
    for rule in unique:
        # a log-in names no workspace, so a user's name is given once in the whole hub
        of_log_ins = (table.name, list(rule.columns.keys())) == ("user", ["name"])
        assert of_log_ins or "workspace_id" in rule.columns, rule


@pytest.mark.parametrize(("table", "key"), POINTERS, ids=name)
def test_every_pointer_carries_the_workspace(table, key):
    own, theirs = key.column_keys, [element.column.name for element in key.elements]
    assert own[0] == theirs[0] == "workspace_id"
    assert theirs[1:] == ["id"]


def test_there_is_no_pointer_that_is_not_declared():
    """A column that is named like one holds an id of ours: the database has to know."""
    not_pointers = {"origin_id", "remote_id", "workspace_id", "client_id"}
    for table in TENANTS:
        declared = {column for key in table.foreign_key_constraints for column in key.column_keys}
        named = {column.name for column in table.columns if column.name.endswith("_id")}
        assert named - declared <= not_pointers, table.name


@pytest.fixture
def product(shop):
    record_id = shop.store.new_id()
    shop.save(Kind.PRODUCT, {record_id: Product("Plan")})
    shop.do(outbox.owe, shop.ledger, Kind.PRODUCT, {record_id: (1, [""])})
    return record_id


def test_a_row_cannot_point_into_another_tenant(shop, other, product):
    theirs = other.store.new_id()
    other.save(Kind.PRODUCT, {theirs: Product("Theirs")})
    cursor, link, record, delivery = schema.cursor, schema.link, schema.record, schema.delivery
    moment = shop.clock.now()
    attempts = [
        insert(cursor).values(
            workspace_id=shop.workspace_id, connection_id=other.ledger, kind="x", position={}, saved_at=moment
        ),
        update(link).where(link.c.record_id == product).values(record_id=theirs),
        update(record).where(record.c.id == product).values(merged_into_id=theirs),
        update(record).where(record.c.id == product).values(book_id=other.book_id),
        update(delivery).values(connection_id=other.ledger),
        update(delivery).values(workspace_id=other.workspace_id),
    ]
    for attempt in attempts:
        with pytest.raises(IntegrityError):
            shop.write(lambda work, attempt=attempt: work.connection.execute(attempt))


def test_two_tenants_may_hold_the_very_same_ids(shop, other, product):
    other.save(Kind.PRODUCT, {product: Product("Theirs, by chance")})
    for one, expected in ((shop, "Plan"), (other, "Theirs, by chance")):
        with one.store.read() as database:
            found = shelves.load(one.store, database, one.workspace_id, Kind.PRODUCT, [product])
        assert found[product].name == expected


def test_nothing_is_read_or_changed_under_another_workspace(shop, other, product):
    remote_id = f"product-{product}"
    with shop.store.read() as database:
        assert links.linked(database, other.workspace_id, shop.gateway, [(Kind.PRODUCT, remote_id)]) == {}
        assert links.remote_ids(database, other.workspace_id, shop.gateway, [product]) == {}
        assert records.origin_ids(database, other.workspace_id, [product]) == {}
        assert shelves.load(other.store, database, other.workspace_id, Kind.PRODUCT, [product]) == {}
    before = [shop.all(table) for table in TENANTS]
    assert other.do(records.known, [product]) == {}
    assert not other.do(records.entomb, shop.gateway, Kind.PRODUCT, remote_id)
    assert other.do(outbox.owed_ever, shop.ledger, [product]) == set()
    other.do(links.show, shop.gateway, Kind.PRODUCT, {remote_id: ("theirs", "theirs")})
    other.do(links.sent, shop.gateway, Kind.PRODUCT, [Link(product, "", remote_id, "x", "x", "x")])
    assert [shop.all(table) for table in TENANTS] == before
