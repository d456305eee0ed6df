import os
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import ManualClock
from core.ids import Ids, secret
from core.kinds import Kind, shown_id

START = datetime(2026, 1, 31, 23, 59, 59, 999000, tzinfo=UTC)
CROCKFORD = set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def test_an_id_is_26_characters_that_people_do_not_confuse():
    made = Ids(ManualClock(START), Random(1)).new()
    assert len(made) == 26
    assert set(made) <= CROCKFORD


def test_the_same_seed_and_clock_give_the_same_ids():
    one, other = (Ids(ManualClock(START), Random(7)) for _ in range(2))
    assert [one.new() for _ in range(5)] == [other.new() for _ in range(5)]


def test_ids_grow_within_one_millisecond():
    ids = Ids(ManualClock(START), Random(1))
    made = [ids.new() for _ in range(1000)]
    assert made == sorted(set(made))
    assert len({one[:10] for one in made}) == 1


def test_ids_grow_even_when_chance_gives_nothing():
    class Unlucky(Random):
        def getrandbits(self, k):
            return 0

    ids = Ids(ManualClock(START), Unlucky())
    assert ids.new() < ids.new() < ids.new()


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=40), st.integers())
def test_ids_grow_whatever_the_clock_does(steps, seed):
    clock = ManualClock(START)
    ids = Ids(clock, Random(seed))
    made = [ids.new()]
    for seconds in steps:
        clock.sleep(seconds)
        made.append(ids.new())
    assert made == sorted(set(made))


def test_an_id_tells_its_millisecond_first():
    clock = ManualClock(START)
    ids = Ids(clock, Random(1))
    before = ids.new()
    clock.sleep(0.001)
    after = ids.new()
    assert before[:10] < after[:10]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_process_does_not_repeat_its_parents_ids_while_the_clock_stands_still():
    ids = Ids(ManualClock(START))
    ids.new()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, ids.new().encode())
        os._exit(0)
    os.waitpid(child, 0)
    childs = os.read(reading, 26).decode()
    os.close(reading)
    os.close(writing)
    assert len(childs) == 26
    assert childs != ids.new()


def test_ids_are_shown_with_their_kind_and_no_two_kinds_share_a_prefix():
    shown = {shown_id(kind, "01ABC") for kind in Kind}
    assert len(shown) == len(Kind)
    assert shown_id(Kind.INVOICE, "01ABC") == "inv_01ABC"


def test_secrets_are_long_and_never_the_same():
    assert len({secret() for _ in range(100)}) == 100
    assert min(len(secret()) for _ in range(100)) >= 43
