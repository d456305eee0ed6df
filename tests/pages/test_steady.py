"""Figures that go over everything: worked out at once where that is quick, and in the background where it is not."""

import threading
from datetime import UTC, datetime

import pytest

from core.store.reading.control import Control
from web.pages.figures import Columns, Difference, Figures, Line
from web.pages.steady import Steady


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Work:
    """Takes so many seconds of the clock; says how often it was done."""

    def __init__(self, clock, seconds):
        self.clock, self.seconds = clock, seconds
        self.done = 0
        self.was_done = threading.Event()

    def __call__(self):
        self.clock.now += self.seconds
        self.done += 1
        self.was_done.set()
        return self.done


@pytest.fixture
def clock():
    return Clock()


def settled(steady, key="a"):
    """Waits for whoever works on it."""
    with steady._working[key]:
        pass


def test_what_is_quick_is_worked_out_each_time(clock):
    steady, work = Steady(clock), Work(clock, 0.1)
    assert [steady.get("a", work) for _ in range(3)] == [1, 2, 3]


def test_what_takes_long_is_shown_as_it_was_until_it_is_due_and_then_worked_out_beside(clock):
    steady, work = Steady(clock), Work(clock, 2)
    assert [steady.get("a", work) for _ in range(3)] == [1, 1, 1]
    clock.now += 19.9
    assert steady.get("a", work) == 1
    assert work.done == 1
    clock.now += 0.1
    work.was_done.clear()
    assert steady.get("a", work) == 1
    assert work.was_done.wait(10)
    settled(steady)
    assert steady.get("a", work) == 2


def test_each_key_is_a_matter_of_its_own(clock):
    steady = Steady(clock)
    assert steady.get("a", lambda: "ours") == "ours"
    assert steady.get("b", lambda: "theirs") == "theirs"


def test_of_many_who_come_first_one_works(clock):
    steady, begun, go = Steady(clock), threading.Event(), threading.Event()
    work = Work(clock, 5)
    found = []

    def slow():
        begun.set()
        assert go.wait(10)
        return work()

    threads = [threading.Thread(target=lambda: found.append(steady.get("a", slow))) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    go.set()
    for thread in threads:
        thread.join(10)
    assert found == [1] * 5


def test_what_fails_beside_is_logged_and_tried_again(clock, caplog):
    steady, work = Steady(clock), Work(clock, 2)
    assert steady.get("a", work) == 1
    clock.now += 100
    failed = threading.Event()

    def fails():
        failed.set()
        raise RuntimeError("the database is away")

    assert steady.get("a", fails) == 1
    assert failed.wait(10)
    settled(steady)
    assert "could not be worked out anew" in caplog.text
    work.was_done.clear()
    assert steady.get("a", work) == 1
    assert work.was_done.wait(10)
    settled(steady)
    assert steady.get("a", work) == 2


def test_what_fails_at_first_is_told_to_whoever_asked(clock):
    steady = Steady(clock)
    with pytest.raises(ZeroDivisionError):
        steady.get("a", lambda: 1 / 0)
    assert steady.get("a", lambda: "fine") == "fine"


def figures(*states, loose=0, lines=1):
    line = Line("invoice total", "EUR", [1, 1, 1])
    months = [Control("c", "payment", "2026-11", "EUR", 1, 1, 1, 2)] * loose
    apart = [Difference("c", "invoice", "r", "A-1", "EUR", {"total": 1}, None, None, state) for state in states]
    return Figures(datetime.now(UTC), Columns(["Stripe", "Subledger", "Xero"], [line] * lines), apart, months)


STANDS = {
    "nothing yet": figures(lines=0),
    "equal": figures(),
    "moving": figures("on its way", "to be confirmed", loose=2),
    "wrong": figures("on its way", "differs"),
}


@pytest.mark.parametrize(("stand", "found"), STANDS.items(), ids=STANDS.keys())
def test_the_verdict_says_how_it_stands(stand, found):
    assert found.stand == stand


def test_a_month_that_does_not_tie_is_wrong_though_each_document_is_equal():
    assert figures(loose=1).stand == "wrong"
