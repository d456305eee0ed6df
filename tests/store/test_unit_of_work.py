import threading

import pytest
from sqlalchemy import event, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from connectors.http import Door
from core.errors import Busy, Overtaken
from core.store import engine as engine_of
from core.store import schema
from core.store.engine import open_engine
from core.store.work import Store


def add_workspace_row(work, name):
    work.connection.execute(insert(schema.workspace).values(id=work.new_id(), name=name, created_at=work.now))


def names(store):
    with store.read() as database:
        return set(database.execute(select(schema.workspace.c.name)).scalars())


def test_a_unit_of_work_is_kept_as_a_whole_or_not_at_all(store):
    def half(work):
        add_workspace_row(work, "first")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write("w", half)
    assert names(store) == set()

    def whole(work):
        add_workspace_row(work, "first")
        add_workspace_row(work, "second")
        return "done"

    assert store.write("w", whole) == "done"
    assert names(store) == {"first", "second"}


@pytest.mark.parametrize("collision", [Overtaken("by another"), "a row that another inserted first"])
def test_after_a_collision_the_whole_unit_of_work_is_done_again(store, collision):
    store.write("w", lambda work: add_workspace_row(work, "theirs"))
    tries = []

    def work_of_two_steps(work):
        tries.append(work)
        add_workspace_row(work, f"try {len(tries)}")
        if len(tries) < 3:
            if isinstance(collision, Overtaken):
                raise collision
            add_workspace_row(work, "theirs")

    store.write("w", work_of_two_steps)
    assert names(store) == {"theirs", "try 3"}, "nothing of the tries that collided may stay"


def test_a_collision_that_never_ends_is_given_up_after_five_tries(store):
    tries = []

    def colliding(work):
        tries.append(1)
        raise Overtaken("again")

    with pytest.raises(Overtaken):
        store.write("w", colliding)
    assert len(tries) == 5


def test_a_broken_rule_of_the_database_shows_as_what_it_is_and_never_as_busy(store):
    def pointing_nowhere(work):
        # the words of the contents say nothing about the database
        work.connection.execute(
            insert(schema.cursor).values(
                workspace_id="full", connection_id="locked", kind="busy", position={}, saved_at=work.now
            )
        )

    with pytest.raises(IntegrityError):
        store.write("full", pointing_nowhere)


def test_a_unit_of_work_never_begins_inside_another(store):
    with pytest.raises(AssertionError, match="inside another"):
        store.write("w", lambda _: store.write("w", lambda inner: add_workspace_row(inner, "nested")))
    assert names(store) == set()


def test_the_door_to_the_network_stays_shut_inside_a_unit_of_work_and_opens_after_it(store):
    reached = []

    class Reached(Exception):
        pass

    def authorize():
        reached.append(1)
        raise Reached

    door = Door("http://127.0.0.1:1", authorize)
    with pytest.raises(AssertionError, match="inside a unit of work"):
        store.write("w", lambda _: door.get("/things"))
    assert reached == []
    with pytest.raises(Reached):
        door.get("/things")


def test_a_view_shows_one_moment_whatever_others_write_meanwhile(store):
    with store.read() as view:
        before = view.execute(select(schema.workspace.c.name)).scalars().all()
        writer = threading.Thread(target=store.write, args=("w", lambda work: add_workspace_row(work, "late")))
        writer.start()
        writer.join(10)
        assert view.execute(select(schema.workspace.c.name)).scalars().all() == before == []
    assert names(store) == {"late"}


def test_a_locked_database_says_so_and_takes_the_same_work_later(store, monkeypatch):
    store.write("w", lambda work: add_workspace_row(work, "held"))
    other = open_engine(store.engine.url.render_as_string(hide_password=False))
    monkeypatch.setitem(engine_of._SQLITE, "busy_timeout", 1)
    impatient = Store(open_engine(str(store.engine.url)), store.masters, store.clock, _ids(store))
    rename = update(schema.workspace).where(schema.workspace.c.name == "held").values(name="renamed")

    def impatiently(work):
        if work.connection.dialect.name == "postgresql":
            work.connection.execute(text("SET LOCAL lock_timeout = '1ms'"))
        work.connection.execute(rename)

    with other.connect() as holder, holder.begin() as held:
        holder.execute(rename)
        with pytest.raises(Busy, match="locked by another process; nothing was written"):
            impatient.write("w", impatiently)
        held.rollback()
    impatient.write("w", impatiently)
    assert names(store) == {"renamed"}
    impatient.engine.dispose()
    other.dispose()


def test_two_that_wait_for_each_other_are_both_done_in_the_end(store):
    if store.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time: nobody waits for another half-way")
    for name in ("a", "b"):
        store.write("w", lambda work, name=name: add_workspace_row(work, name))
    table, met = schema.workspace, threading.Barrier(2)
    tries = []

    def rename(first, second):
        def both(work):
            tries.append(first)
            work.connection.execute(update(table).where(table.c.name.startswith(first)).values(name=first + first))
            if len(tries) <= 2:
                met.wait(10)
            work.connection.execute(update(table).where(table.c.name.startswith(second)).values(name=second + second))

        return threading.Thread(target=store.write, args=("w", both))

    threads = [rename("a", "b"), rename("b", "a")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert names(store) == {"aa", "bb"}
    assert len(tries) == 3, "one of them was told of the deadlock and did its work again"


def test_a_full_database_says_so_and_goes_on_once_there_is_room(store):
    if store.engine.dialect.name == "postgresql":
        pytest.skip("a PostgreSQL's disk cannot be filled without root")
    pages = 1 << 30

    @event.listens_for(store.engine, "begin")
    def _(connection):
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    def large(work):
        add_workspace_row(work, "x" * 1_000_000)

    pages = 1  # no fewer than there are already
    with pytest.raises(Busy, match="cannot grow"):
        store.write("w", large)
    assert names(store) == set()
    pages = 1 << 30
    store.write("w", large)
    assert len(names(store)) == 1


def test_a_database_that_goes_away_is_busy_for_writers_and_for_readers(store):
    if store.engine.dialect.name == "sqlite":
        pytest.skip("a file does not hang up")

    def hang_up(work):
        work.connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(Busy, match="went away"):
        store.write("w", hang_up)
    away = Store(open_engine("postgresql://nobody@127.0.0.1:1/x"), store.masters, store.clock, _ids(store))
    with pytest.raises(Busy, match="went away"):
        away.write("w", hang_up)
    with pytest.raises(Busy, match="went away"), away.read():
        pass
    assert names(store) == set(), "and the connections that are left are good"


def _ids(store):
    from core.ids import Ids

    return Ids(store.clock)
