"""The benches that move documents, at a size that says nothing of speed: they come to an end and count right."""

import pytest

from bench import calls, flat, memory, pages, pipeline, unit_of_work
from bench.figures import Wanted

FEW = Wanted(rounds=1, seconds=0.1, databases=("sqlite",), invoices=20)


def figures(bench):
    return {one.name: one.value for one in bench.run(FEW)}


def test_calls_are_counted_from_the_first_word_to_the_last():
    told = figures(calls)
    # where the news had got to, and a page of each list that documents need
    assert told["calls, stripe: per 1,000 invoices"] == (1 + 6) * 1000 / 20
    assert told["calls, stripe: of the least there can be"] == (1 + 6) / 3
    assert told["calls, stripe: a poll that finds nothing"] == 2
    # what is sold is one batch of each: contacts, items, invoices, payments, credit notes and their payments; before
    # it one poll of seven lists, and one question about closed periods
    assert told["calls, xero: per 1,000 invoices"] == (6 + 7 + 1) * 1000 / 20
    assert told["calls, xero: one sale to a new customer"] == 3
    # products, coupons and their codes, subscriptions, customers are read as well
    assert told["calls, stripe: everything read again a day later"] == 1 + 6 + 5


def test_the_pipeline_is_held_against_a_bare_reading_of_the_same_lists():
    told = figures(pipeline)
    assert told["pipeline, sqlite: documents a second of two processors"] > 0
    assert told["pipeline, sqlite: processor time / bare limit of reading"] > 1


def test_ten_times_as_many_documents_are_moved_for_the_ratio_of_their_cost(monkeypatch):
    monkeypatch.setattr(flat, "GROWTH", 2)
    told = figures(flat)
    assert told["flat, sqlite: statements a document at 40"] <= told["flat, sqlite: statements a document at 20"]


@pytest.mark.skipif(not memory.readable(), reason="what a process holds is read from /proc")
def test_every_process_of_a_hub_holds_some_memory(monkeypatch):
    monkeypatch.setattr(memory, "GROWTH", 1)
    told = figures(memory)
    assert len(told) == 2 * len(("web", "worker", "scheduler", "redis"))
    assert min(told.values()) > 1


def test_every_unit_of_work_of_an_import_is_measured():
    told = figures(unit_of_work)
    assert told["unit of work, sqlite: the longest on the processor"] > 0


def test_every_page_is_asked_for_in_a_small_hub_and_in_a_larger_one(monkeypatch):
    monkeypatch.setattr(pages, "GROWTH", 2)
    told = figures(pages)
    assert len(told) == 2 * 13
    assert min(told.values()) > 0
