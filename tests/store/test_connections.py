from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import update

from core.errors import Misconfigured
from core.store import connections, schema


@pytest.fixture
def connection(shop):
    def connection():
        with shop.store.read() as database:
            return connections.connection(database, shop.workspace_id, shop.ledger)

    return connection


def credentials(shop, of):
    with shop.store.read() as database:
        return connections.credentials(shop.store, database, of)


def save(shop, of, fence, token):
    expires_at = shop.clock.now() + timedelta(minutes=30)
    return shop.write(
        lambda work: connections.save_tokens(shop.store, work, of, fence, {"access_token": token}, expires_at)
    )


def test_secrets_open_in_memory_only_and_never_print_themselves(shop, connection):
    generation, _, secrets = credentials(shop, connection())
    assert (generation, secrets["access_token"], secrets["absent"]) == (1, "sandbox-access", "")
    assert "sandbox" not in repr(secrets)
    [row] = [row for row in shop.all(schema.connection) if row.id == shop.ledger]
    assert b"sandbox" not in row.credentials


def test_one_worker_refreshes_and_the_next_finds_the_new_tokens(shop, connection):
    of = connection()
    fence = shop.do(connections.lease_refresh, of, 1, 45)
    assert fence is not None
    assert shop.do(connections.lease_refresh, of, 1, 45) is None
    assert save(shop, of, fence, "sandbox-new")
    generation, expires_at, secrets = credentials(shop, of)
    assert (generation, secrets["access_token"]) == (2, "sandbox-new")
    assert expires_at == shop.clock.now() + timedelta(minutes=30)
    assert shop.do(connections.lease_refresh, of, 1, 45) is None, "who knew the old ones has nothing to refresh"


def test_a_refresher_whose_lease_went_to_another_saves_nothing(shop, connection):
    of = connection()
    late = shop.do(connections.lease_refresh, of, 1, 45)
    shop.clock.sleep(46)
    current = shop.do(connections.lease_refresh, of, 1, 45)
    assert not save(shop, of, late, "sandbox-late")
    assert credentials(shop, of)[2]["access_token"] == "sandbox-access"
    shop.do(connections.end_refresh, of, late)
    assert shop.do(connections.lease_refresh, of, 1, 45) is None, "the late one gives back nothing of the other's"
    assert save(shop, of, current, "sandbox-current")


def test_a_refresh_that_failed_gives_the_lease_back(shop, connection):
    of = connection()
    shop.do(connections.end_refresh, of, shop.do(connections.lease_refresh, of, 1, 45))
    assert shop.do(connections.lease_refresh, of, 1, 45) is not None


def test_tokens_put_into_another_connections_row_do_not_open(shop, other, connection):
    table = schema.connection
    rows = {row.id: row for row in shop.all(table)}
    for thief in (shop.gateway, other.ledger):
        shop.write(
            lambda work, thief=thief: work.connection.execute(
                update(table).where(table.c.id == thief).values(credentials=rows[shop.ledger].credentials)
            )
        )
    with shop.store.read() as database:
        robbed = connections.connection(database, shop.workspace_id, shop.gateway)
        stranger = connections.connection(database, other.workspace_id, other.ledger)
    with pytest.raises(Misconfigured, match="do not open"):
        credentials(shop, robbed)
    with pytest.raises(Misconfigured, match="is not in this database"):
        credentials(other, stranger)


def permit(shop, calls=3, per_seconds=60):
    return shop.do(connections.take_permit, shop.ledger, calls, per_seconds)


def test_a_window_lets_its_calls_go_and_tells_the_next_how_long_to_wait(shop):
    shop.clock.sleep(5)
    assert [permit(shop) for _ in range(3)] == [0.0] * 3
    shop.clock.sleep(20)
    assert permit(shop) == 40.0
    shop.clock.sleep(39.5)
    assert permit(shop) == 0.5
    shop.clock.sleep(0.5)
    assert [permit(shop) for _ in range(4)] == [0.0, 0.0, 0.0, 60.0]


def test_many_workers_together_never_take_more_than_the_window_has(shop):
    with ThreadPoolExecutor(8) as workers:
        taken = list(workers.map(lambda _: permit(shop, calls=10), range(30)))
    assert taken.count(0.0) == 10


def test_a_paused_connection_says_why_and_resumes_as_if_new(shop, connection):
    shop.do(connections.back_off, shop.ledger, 10, 0.5)
    shop.do(connections.pause, shop.ledger, "Connect it again.")
    assert (connection().state, connection().pause_sentence) == ("paused", "Connect it again.")
    shop.do(connections.resume, shop.ledger)
    assert (connection().state, connection().pause_sentence, connection().not_before) == ("active", "", None)


def test_what_a_connection_lacks_is_told_until_it_succeeds_and_hides_no_pause(shop, connection):
    shop.do(connections.complain, shop.ledger, "Allow it.")
    assert (connection().state, connection().pause_sentence) == ("active", "Allow it.")
    shop.do(connections.succeeded, shop.ledger)
    assert connection().pause_sentence == ""
    shop.do(connections.pause, shop.ledger, "Connect it again.")
    shop.do(connections.complain, shop.ledger, "Allow it.")
    shop.do(connections.succeeded, shop.ledger)
    assert (connection().state, connection().pause_sentence) == ("paused", "Connect it again.")


@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
def test_a_vendor_is_left_alone_for_longer_with_every_failure_in_a_row_but_never_for_ever(shop, connection, jitter):
    rests = []
    for _ in range(12):
        shop.do(connections.back_off, shop.ledger, 0, jitter)
        rests.append((connection().not_before - shop.clock.now()).total_seconds())
    assert rests == sorted(rests)
    assert rests[0] >= 1
    assert rests[-1] <= 300
    shop.do(connections.succeeded, shop.ledger)
    assert connection().not_before is None
    shop.do(connections.back_off, shop.ledger, 0, jitter)
    assert (connection().not_before - shop.clock.now()).total_seconds() == rests[0]


@pytest.mark.parametrize("jitter", [0.0, 1.0])
def test_the_vendors_own_word_is_never_undercut(shop, connection, jitter):
    shop.do(connections.back_off, shop.ledger, 120, jitter)
    assert 120 <= (connection().not_before - shop.clock.now()).total_seconds() <= 132


def test_the_door_finds_an_app_by_its_id_alone(shop):
    rows = shop.all(schema.app)
    with shop.store.read() as database:
        for row in rows:
            found = connections.app(shop.store, database, row.id)
            assert (found.workspace_id, found.secrets["webhook_secret"]) == (row.workspace_id, "whsec_sandbox_1")
        assert connections.app(shop.store, database, "unknown") is None


def test_an_option_of_a_connection_goes_before_what_is_declared(shop, connection):
    assert connection().option("settle_seconds", 30) == 30.0
    table = schema.connection
    shop.write(
        lambda work: work.connection.execute(
            update(table).where(table.c.id == shop.ledger).values(options={"settle_seconds": "0.5"})
        )
    )
    assert connection().option("settle_seconds", 30) == 0.5


def test_connections_are_of_one_workspace_or_of_all(shop, other):
    with shop.store.read() as database:
        mine = {one.id for one in connections.connections(database, shop.workspace_id)}
        everybodys = {one.id for one in connections.connections(database)}
        ledgers = connections.targets(database, shop.workspace_id, shop.book_id, ["xero"])
    assert mine == {shop.gateway, shop.ledger}
    assert everybodys == mine | {other.gateway, other.ledger}
    assert [one.id for one in ledgers] == [shop.ledger]
