from pathlib import Path

import pytest
from sqlalchemy import MetaData, select, update

from core.entities import Address, Customer
from core.errors import Misconfigured
from core.kinds import Kind
from core.store import bodies, people, schema, shelves
from core.store.observations import Observed, observe

CANARY = "Kanarienvogel"
ADA = Customer(
    f"Ada {CANARY}",
    f"{CANARY}@example.org",
    f"+49 {CANARY}",
    Address(CANARY, CANARY, CANARY, CANARY, CANARY, "DE"),
    description=CANARY,
)


@pytest.fixture
def ada(shop):
    record_id = shop.store.new_id()
    shop.save(Kind.CUSTOMER, {record_id: ADA})
    return record_id


def load(shop, *record_ids):
    with shop.store.read() as database:
        return shelves.load(shop.store, database, shop.workspace_id, Kind.CUSTOMER, record_ids)


def dump(engine):
    """Every value of every table as bytes, and on SQLite the very files."""
    found, dumped = MetaData(), b""
    with engine.connect() as connection:
        found.reflect(connection)
        for table in found.sorted_tables:
            for row in connection.execute(select(table)):
                dumped += b"|".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    if engine.dialect.name == "sqlite":
        path = Path(engine.url.database)
        dumped += b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    return dumped


def test_a_persons_name_stands_nowhere_in_the_database(shop, ada):
    shown = Observed("cus_1", CANARY.encode(), "hash", "", "pull")
    shop.write(lambda work: observe(shop.store, work, shop.gateway, Kind.CUSTOMER, [shown], shop.clock.now()))
    assert CANARY.encode() not in dump(shop.store.engine)
    assert ada.encode() in dump(shop.store.engine), "the search looks where it should"
    assert load(shop, ada) == {ada: ADA}


def test_dropping_a_persons_key_forgets_that_person_and_nobody_else(shop, ada):
    bob = shop.store.new_id()
    shop.save(Kind.CUSTOMER, {bob: Customer("Bob")})
    shop.do(people.forget, ada)
    assert load(shop, ada, bob) == {bob: Customer("Bob")}
    [forgotten] = [row for row in shop.all(schema.customer) if row.id == ada]
    assert forgotten.country == "DE", "what the books need and nobody is known by stays"
    assert shop.all(schema.audit)[-1].action == "person forgotten"


def test_a_forgotten_person_stays_forgotten_when_late_news_brings_the_name_back(shop, ada):
    shop.do(people.forget, ada)
    shop.save(Kind.CUSTOMER, {ada: Customer(f"{CANARY} again")})
    assert load(shop, ada) == {}
    assert [row.sealed for row in shop.all(schema.customer)] == [b""]


def test_each_person_has_a_key_of_their_own_that_stays_the_same(shop, ada):
    bob = shop.store.new_id()
    shop.save(Kind.CUSTOMER, {bob: ADA})
    first = {row.id: row.data_key_id for row in shop.all(schema.customer)}
    shop.save(Kind.CUSTOMER, {ada: Customer("Ada B"), bob: Customer("Bob B")})
    assert {row.id: row.data_key_id for row in shop.all(schema.customer)} == first
    assert first[ada] != first[bob]


def test_two_people_who_are_told_alike_do_not_look_alike_in_the_database(shop, ada):
    bob = shop.store.new_id()
    shop.save(Kind.CUSTOMER, {bob: ADA})
    one, other = shop.all(schema.customer)
    assert one.sealed != other.sealed


def test_a_sealed_person_put_into_another_row_does_not_open(shop, ada):
    bob = shop.store.new_id()
    shop.save(Kind.CUSTOMER, {bob: Customer("Bob")})
    rows = {row.id: row for row in shop.all(schema.customer)}
    table = schema.customer
    shop.write(
        lambda work: work.connection.execute(
            update(table).where(table.c.id == bob).values(sealed=rows[ada].sealed, data_key_id=rows[ada].data_key_id)
        )
    )
    with pytest.raises(Misconfigured, match="do not open"):
        load(shop, bob)


def test_a_key_put_into_another_tenants_row_does_not_open_there(shop, other, ada):
    record_id = other.store.new_id()
    other.save(Kind.CUSTOMER, {record_id: Customer("Bob")})
    keys = {row.scope: row for row in shop.all(schema.data_key)}
    stolen, key = keys[f"customer:{ada}"], schema.data_key
    other.write(
        lambda work: work.connection.execute(
            update(key).where(key.c.scope == f"customer:{record_id}").values(wrapped=stolen.wrapped)
        )
    )
    with pytest.raises(Misconfigured, match="do not open"):
        load(other, record_id)


def test_bodies_open_in_their_own_row_only_and_one_flipped_bit_is_told(shop):
    ids = shop.write(lambda work: bodies.keep(shop.store, work, [b"one", b"two"]))
    with shop.store.read() as database:
        assert bodies.open_bodies(shop.store, database, shop.workspace_id, ids) == dict(
            zip(ids, [b"one", b"two"], strict=True)
        )
    body = schema.body
    sealed = {row.id: row.sealed for row in shop.all(body)}
    flipped = bytes([sealed[ids[0]][0] ^ 1]) + sealed[ids[0]][1:]
    for wrong in (sealed[ids[1]], flipped, sealed[ids[0]][:-1], sealed[ids[0]][:5], b""):
        shop.write(
            lambda work, wrong=wrong: work.connection.execute(
                update(body).where(body.c.id == ids[0]).values(sealed=wrong)
            )
        )
        with pytest.raises(Misconfigured, match="do not open"), shop.store.read() as database:
            bodies.open_bodies(shop.store, database, shop.workspace_id, ids[:1])


def test_a_body_whose_key_was_dropped_is_absent(shop):
    [body_id] = shop.write(lambda work: bodies.keep(shop.store, work, [b"contents"]))
    key = schema.data_key
    shop.write(
        lambda work: work.connection.execute(update(key).where(key.c.scope.startswith("month:")).values(wrapped=None))
    )
    with shop.store.read() as database:
        assert bodies.open_bodies(shop.store, database, shop.workspace_id, [body_id]) == {}


def test_bodies_get_a_new_key_each_month_and_fingerprints_stay_comparable(shop):
    prints = []
    for _ in range(2):
        shop.write(lambda work: bodies.keep(shop.store, work, [b"contents"]))
        prints.append(shop.write(lambda work: bodies.fingerprint(shop.store, work, b"contents")))
        shop.clock.sleep(31 * 86400)
    march, april = shop.all(schema.body)
    assert march.data_key_id != april.data_key_id
    assert march.fingerprint == april.fingerprint == prints[0] == prints[1]


def test_two_tenants_have_different_fingerprints_of_the_same_text(shop, other):
    prints = [one.write(lambda work: bodies.fingerprint(shop.store, work, b"same")) for one in (shop, other)]
    assert len(set(prints)) == 2


def test_a_key_made_in_a_unit_of_work_that_failed_is_not_remembered(shop):
    def failing(work):
        bodies.keep(shop.store, work, [b"lost"])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        shop.write(failing)
    [body_id] = shop.write(lambda work: bodies.keep(shop.store, work, [b"kept"]))
    shop.store.data_keys.clear()
    with shop.store.read() as database:
        assert bodies.open_bodies(shop.store, database, shop.workspace_id, [body_id]) == {body_id: b"kept"}
