"""A write whose answer is lost is asked about before anything is repeated, so that nothing is ever made twice."""

from collections import Counter
from functools import partial

import pytest
from spoiler import Spoiler

from worker import calls

ONCE = {
    "Contacts": 1,
    "Items": 1,
    "Invoices": 1,
    "Payments": 2,  # of the invoice, and out of a credit note
    "CreditNotes": 1,
    "Allocations": 1,
    "BankTransactions": 1,
}
"""How often a trade is written there, by the last word of the path."""

LOST = ["commit_then_hang", "commit_then_500", "commit_then_close", "commit_then_truncate", "malformed", "empty"]


@pytest.fixture
def hub(open_hub):
    return open_hub(xero={"read_seconds": "0.3"})


def lose(outside, *faults):
    """Each write of a trade meets these in turn."""
    for plural, times in ONCE.items():
        outside.fail("xero", *({"match": f"PUT *{plural}", "times": times, **fault} for fault in faults))


def written(outside):
    return Counter(
        call["path"].rpartition("/")[2] for call in outside.calls("xero") if call["method"] in {"PUT", "POST", "DELETE"}
    )


def traded(outside, hub):
    """One document of every kind, brought over; how often each of them was made at Xero."""
    outside.trade()
    hub.tell_all()
    hub.work()
    assert hub.open_work() == {}
    assert outside.agree()
    made = outside.creations()
    assert {kind for kind, _ in made} == {
        "contact",
        "item",
        "invoice",
        "payment",
        "credit_note",
        "allocation",
        "bank_transaction",
    }
    return set(made.values())


@pytest.mark.parametrize("lost", LOST)
def test_a_lost_answer_is_found_by_asking(hub, outside, lost):
    lose(outside, {"fault": lost, "seconds": 1})
    assert traded(outside, hub) == {1}
    assert written(outside) == ONCE


@pytest.mark.parametrize("lost", ["commit_then_hang", "commit_then_500", "malformed"])
def test_a_change_or_a_removal_whose_answer_was_lost_is_found_by_asking(hub, outside, lost):
    customer = outside.customer()
    open_one, lowered = (outside.invoice(customer) for _ in range(2))
    note = outside.credit(lowered, 1000)
    hub.tell_all()
    hub.work()
    before = written(outside)
    for match in ("POST *Contacts*", "POST *Invoices*", "POST *CreditNotes*", "DELETE *Allocations*"):
        outside.fail("xero", {"match": match, "fault": lost, "seconds": 1})
    outside.stripe.create(f"customers/{customer['id']}", email="ada@books.example")
    outside.stripe.create(f"invoices/{open_one['id']}/void")
    outside.stripe.create(f"credit_notes/{note['id']}/void")
    hub.tell_all()
    hub.work()
    assert hub.open_work() == {}, hub.sentences()
    assert outside.agree()
    assert (written(outside) - before).total() == 4
    assert set(outside.creations().values()) == {1}


def test_what_three_lost_answers_left_undone_is_done_once(hub, outside):
    lose(outside, {"fault": "close"}, {"fault": "close"}, {"fault": "commit_then_close"})
    assert traded(outside, hub) == {1}
    # what was begun twice without a result goes alone: the two credit notes left together, and then apart
    assert written(outside) == {plural: 3 * times for plural, times in ONCE.items()} | {"CreditNotes": 4}


def test_a_question_whose_answer_is_lost_is_put_again(hub, outside):
    lose(outside, {"fault": "commit_then_close"})
    for fault in ({"fault": "close"}, {"fault": "malformed"}, {"fault": "refuse", "status": 503}):
        outside.fail(
            "xero", *({"match": f"GET *{plural}*", **fault} for plural in ("Invoices", "CreditNotes", "Items"))
        )
    assert traded(outside, hub) == {1}
    assert written(outside) == ONCE


def test_a_vendor_that_fails_with_the_same_answer_for_the_same_key_is_asked_with_another(hub, outside):
    """A vendor may keep a failure as its answer to a key; once the absence is proven, the key is a new one."""
    lose(outside, {"fault": "refuse", "status": 500}, {"fault": "refuse", "status": 500})
    assert traded(outside, hub) == {1}
    keys = [call["headers"]["idempotency-key"] for call in outside.calls("xero") if call["method"] == "PUT"]
    assert len(keys) == len(set(keys)) > 3 * sum(ONCE.values())


@pytest.mark.parametrize("fault", ["in progress", "already there"])
def test_a_conflict_is_asked_about_and_what_is_there_is_taken_as_ours(hub, outside, fault):
    """409: another request with this key is under way (and is done meanwhile), or what was to be made is there."""
    lose(outside, {"fault": "refuse", "status": 409} if fault == "in progress" else {"fault": "commit_then_close"})
    if fault == "already there":
        lose(outside, {"fault": "refuse", "status": 409})
    assert traded(outside, hub) == {1}


# --- answers that never end ------------------------------------------------------------------------------------------


@pytest.fixture
def spoiler(outside, monkeypatch):
    """Stands between the hub and Xero, for which an answer may last half a second and be 100 kB long."""
    limits = partial(calls.Limits, total_seconds=0.5, answer_bytes=100_000)
    monkeypatch.setattr(calls, "Limits", limits)
    spoils = Spoiler(outside.line["xero"]["base_url"])
    yield spoils
    spoils.close()


@pytest.mark.parametrize("way", ["endless", "dripping", "bomb", "huge"])
def test_an_answer_that_never_ends_or_bursts_is_given_up_and_found_by_asking(open_hub, outside, spoiler, way):
    hub = open_hub(xero={"read_seconds": "0.3"}, xero_base_url=spoiler.base_url)
    spoiler.spoil(way, ONCE)
    assert traded(outside, hub) == {1}
    assert written(outside) == ONCE
    assert spoiler.left == {}


# --- refused for its rate --------------------------------------------------------------------------------------------

SILLY = ["-5", "0", "soon", "", "1.5", "9" * 5000, "Thu, 01 Jan 1970 00:00:00 GMT", None]


@pytest.mark.parametrize("plural", ["Invoices", "Payments", "CreditNotes", "Allocations"])
def test_a_rate_limit_with_any_word_on_when_to_come_back_is_waited_out(hub, outside, plural):
    for word in SILLY:
        refusal = {"fault": "refuse", "status": 429, "headers": {} if word is None else {"Retry-After": word}}
        outside.fail("xero", {"match": f"PUT *{plural}", **refusal})
    assert traded(outside, hub) == {1}
    assert len([call for call in outside.calls("xero") if call["status"] == 429]) == len(SILLY)


def test_a_vendor_is_left_alone_for_at_most_an_hour_whatever_it_says(hub, outside):
    outside.sell()
    match = "PUT /api.xro/2.0/Contacts"
    outside.fail("xero", {"match": match, "fault": "refuse", "status": 429, "headers": {"Retry-After": "99999999"}})
    hub.tell_all()
    hub.work(until=lambda: hub.connection("Xero").not_before is not None)
    rest_seconds = (hub.connection("Xero").not_before - hub.clock.now()).total_seconds()
    assert 3500 < rest_seconds <= 3600 * 1.1
    hub.work()
    assert outside.agree()


def test_a_vendor_that_refuses_every_call_for_long_is_asked_by_one_at_a_time_and_not_stormed_afterwards(hub, outside):
    """However much waits, one refusal sends all of it to rest."""
    customer = outside.customer()
    for _ in range(20):
        outside.sell(customer)
    refused = 10
    outside.fail("xero", {"match": "*", "fault": "refuse", "status": 429, "times": refused})
    hub.tell_all()
    began = hub.clock.now()
    hub.work()
    assert hub.open_work() == {}
    assert outside.agree()
    at_xero = outside.calls("xero")
    assert len([call for call in at_xero if call["status"] == 429]) == refused
    # each refusal without a word on when to come back costs a minute
    assert (hub.clock.now() - began).total_seconds() >= 60 * (refused - 1)
    assert len(at_xero) - refused <= 10
