"""The shelf that everything stands on: indexes, order, undoing, all compared with a plain dictionary."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sandbox.xero.table import Journal, Table

START = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = st.sampled_from("abc")
MOMENTS = st.integers(0, 5).map(lambda seconds: START + timedelta(seconds=seconds))


@dataclass(frozen=True, slots=True)
class Card:
    id: str
    updated_at: datetime
    name: str


class ShelfMachine(RuleBasedStateMachine):
    @initialize()
    def open(self):
        self.journal = Journal()
        self.table = Table("card", self.journal, {"name": lambda row: row.name}, ("name",))
        self.cards = {}

    @rule(key=st.integers(0, 8), name=NAMES, moment=MOMENTS)
    def put(self, key, name, moment):
        card = Card(str(key), moment, name)
        self.table.put(card)
        self.cards[card.id] = card

    @rule(key=st.integers(0, 8))
    def remove(self, key):
        if str(key) in self.cards:
            self.table.remove(self.cards.pop(str(key)))

    @rule(changes=st.lists(st.tuples(st.integers(0, 8), NAMES, MOMENTS), max_size=4), away=st.integers(0, 8))
    def a_refused_request_leaves_no_trace(self, changes, away):
        before = len(self.journal.changes)
        with pytest.raises(ZeroDivisionError):
            self._refused(changes, str(away))
        assert len(self.journal.changes) == before

    def _refused(self, changes, away):
        with self.journal.savepoint():
            for key, name, moment in changes:
                self.table.put(Card(str(key), moment, name))
            if away in self.cards and not changes:
                self.table.remove(self.cards[away])
            raise ZeroDivisionError

    @invariant()
    def every_way_in_finds_the_same(self):
        assert {row.id: row for row in self.table.in_order()} == self.cards
        assert len(self.table) == len(self.cards) == len(self.table.in_order())
        for name in "abc":
            found = {row.id for row in self.table.having("name", name)}
            assert found == {card.id for card in self.cards.values() if card.name == name}

    @invariant()
    def changes_stand_in_their_order(self):
        moments = [row.updated_at for row in self.table.by_change()]
        assert moments == sorted(card.updated_at for card in self.cards.values())
        for seconds in range(7):
            since = START + timedelta(seconds=seconds)
            found = {row.id for row in self.table.changed_since(since)}
            assert found == {card.id for card in self.cards.values() if card.updated_at >= since}


TestShelf = ShelfMachine.TestCase
TestShelf.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


@pytest.fixture
def table():
    table = Table("card", Journal(), {"name": lambda row: row.name}, ("name",))
    for number in range(10):
        table.put(Card(str(number), START + timedelta(seconds=number), "abc"[number % 3]))
    return table


def test_rows_keep_the_place_of_their_creation_whatever_changes(table):
    table.put(replace(table["3"], updated_at=START + timedelta(days=1), name="c"))
    assert [row.id for row in table.in_order()] == [str(number) for number in range(10)]
    assert table.by_change()[-1].id == "3"


def test_a_page_looks_up_no_row_but_its_own(table):
    class Counting(dict):
        looked_up = 0

        def __getitem__(self, key):
            Counting.looked_up += 1
            return super().__getitem__(key)

    table._rows = Counting(table._rows)
    for rows in (table.in_order(), table.by_change(), table.changed_since(START + timedelta(seconds=4))):
        Counting.looked_up = 0
        assert len(rows[2:5]) == 3
        assert len(rows) >= 6
        assert Counting.looked_up == 3


def test_a_place_that_is_not_there_is_an_index_error(table):
    for rows in (table.in_order(), table.by_change()):
        with pytest.raises(IndexError):
            rows[10]


def test_the_journal_tells_what_each_change_was(table):
    journal = table._journal
    journal.take()
    table.put(replace(table["1"], name="b"))
    table.remove(table["2"])
    table.put(Card("x", START, "a"))
    changes = journal.take()
    assert [(change.operation, change.row.id) for change in changes] == [
        ("update", "1"),
        ("delete", "2"),
        ("create", "x"),
    ]
    assert table.natural(changes[0].row) == {"name": "b"}
    assert journal.take() == []
