import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.errors import Busy
from core.store.together import Together

GENTLE_SECONDS = 60


class Slow:
    """Writes once it is let go on; says which groups it wrote, and when it has begun."""

    def __init__(self, refuse=lambda group: None):
        self.groups = []
        self.began = threading.Event()
        self.go_on = threading.Event()
        self.together = Together(self.write_all)
        self._refuse = refuse

    def write_all(self, group):
        self.groups.append(list(group))
        self.began.set()
        assert self.go_on.wait(GENTLE_SECONDS)
        if error := self._refuse(group):
            raise error
        return [one * 10 for one in group]

    def crowd(self, *numbers):
        """What became of each of these, where all but the first came, in this order, while that was written."""
        with ThreadPoolExecutor(len(numbers)) as threads:
            under_way = [threads.submit(self.together.write, numbers[0])]
            assert self.began.wait(GENTLE_SECONDS)
            for waiting, number in enumerate(numbers[1:], 1):
                under_way.append(threads.submit(self.together.write, number))
                while len(self.together._waiting) < waiting:
                    assert not under_way[-1].done()
            self.go_on.set()
            return [one.exception(GENTLE_SECONDS) or one.result() for one in under_way]


def test_whoever_comes_alone_is_written_at_once():
    slow = Slow()
    slow.go_on.set()
    assert [slow.together.write(number) for number in (1, 2, 3)] == [10, 20, 30]
    assert slow.groups == [[1], [2], [3]]


def test_those_who_come_while_one_is_written_are_written_together_in_their_order():
    slow = Slow()
    assert slow.crowd(1, 2, 3, 4) == [10, 20, 30, 40]
    assert slow.groups == [[1], [2, 3, 4]]


def test_one_that_cannot_be_written_is_refused_alone_and_its_neighbours_are_written():
    refused = ZeroDivisionError()
    slow = Slow(lambda group: refused if 3 in group else None)
    assert slow.crowd(1, 2, 3, 4) == [10, 20, refused, 40]
    assert slow.groups == [[1], [2, 3, 4], [2], [3], [4]]


def test_a_database_that_is_busy_is_asked_once_for_all():
    busy = Busy("Locked.")
    slow = Slow(lambda group: busy if len(group) > 1 else None)
    assert slow.crowd(1, 2, 3) == [10, busy, busy]
    assert slow.groups == [[1], [2, 3]]


@pytest.mark.parametrize("error", [ZeroDivisionError(), Busy("Locked.")])
def test_after_a_failure_the_next_is_written_as_if_nothing_had_been(error):
    slow = Slow(lambda group: error if 1 in group else None)
    assert slow.crowd(1, 2) == [error, 20]
    assert slow.together.write(3) == 30


def test_a_crowd_that_never_ends_is_written_to_the_last():
    together = Together(lambda group: [one * 10 for one in group])
    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(together.write, range(2000))) == [number * 10 for number in range(2000)]
