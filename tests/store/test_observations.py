from datetime import timedelta

import pytest

from core.store import schema
from core.store.bodies import open_bodies
from core.store.observations import Observed, observe


@pytest.fixture
def show(shop):
    def show(remote_id, content, *, seconds=0):
        """What was shown `seconds` after noon, told to the store now."""
        one = Observed(remote_id, content, f"hash of {content}", "", "pull")
        seen_at = shop.clock.now() + timedelta(seconds=seconds)
        return shop.write(lambda work: observe(shop.store, work, shop.gateway, "invoice", [one], seen_at))

    return show


def contents(shop):
    rows = shop.all(schema.observation)
    with shop.store.read() as database:
        opened = open_bodies(shop.store, database, shop.workspace_id, [row.body_id for row in rows])
    return [opened[row.body_id] for row in rows]


def test_unchanged_content_is_stored_once_and_seen_until_it_was_seen_last(shop, show):
    assert show("in_1", b"A") == {"in_1": True}
    assert show("in_1", b"A", seconds=60) == {"in_1": False}
    [row] = shop.all(schema.observation)
    assert row.seen_at == shop.clock.now()
    assert row.last_seen_at == shop.clock.now() + timedelta(seconds=60)


def test_there_and_back_again_is_stored_three_times(shop, show):
    for second, content in enumerate([b"A", b"B", b"A"]):
        assert show("in_1", content, seconds=second) == {"in_1": True}
    assert contents(shop) == [b"A", b"B", b"A"]


def test_older_news_is_out_of_date_whatever_it_says(shop, show):
    show("in_1", b"new", seconds=10)
    assert show("in_1", b"old", seconds=5) == {}
    assert show("in_1", b"new", seconds=5) == {}
    assert contents(shop) == [b"new"]


def test_news_that_is_older_than_the_last_unchanged_look_is_out_of_date(shop, show):
    """Two drains ask at 5 and at 10; the one that asked first is the last to tell."""
    show("in_1", b"A", seconds=0)
    show("in_1", b"A", seconds=10)
    assert show("in_1", b"B", seconds=5) == {}
    assert contents(shop) == [b"A"]


def test_objects_are_told_apart_by_kind_and_connection(shop, show):
    show("in_1", b"A")
    one = Observed("in_1", b"A", "hash of b'A'", "", "pull")
    for connection_id, kind in ((shop.ledger, "invoice"), (shop.gateway, "payment")):
        seen = shop.write(
            lambda work, to=connection_id, of=kind: observe(shop.store, work, to, of, [one], shop.clock.now())
        )
        assert seen == {"in_1": True}
    assert len(shop.all(schema.observation)) == 3


def test_a_page_of_many_is_judged_one_by_one(shop, show):
    show("in_1", b"A", seconds=0)
    show("in_2", b"A", seconds=30)
    page = [Observed(f"in_{number}", b"B", "hash of b'B'", "", "pull") for number in (1, 2, 3)]
    at = shop.clock.now() + timedelta(seconds=20)
    assert shop.write(lambda work: observe(shop.store, work, shop.gateway, "invoice", page, at)) == {
        "in_1": True,
        "in_3": True,
    }


def test_nothing_shown_is_nothing_done(shop):
    assert shop.write(lambda work: observe(shop.store, work, shop.gateway, "invoice", [], shop.clock.now())) == {}
