"""After trouble: each remedy of the table in a story of its own, which ends equal or with a clear reason."""

import pytest

from core.errors import VendorError
from core.reasons import Reason, ReasonCode
from core.remedies import ERRORS, REASONS, Remedy, remedy
from worker import deliver as delivering
from worker.reconnect import new_tokens

INVOICES = "PUT /api.xro/2.0/Invoices*"


def sold(outside, hub, survives=()):
    outside.sell()
    hub.tell_all()
    hub.work(survives=survives)


def refused(outside, status, times=1, **more):
    outside.fail("xero", {"match": INVOICES, "fault": "refuse", "status": status, "times": times, **more})


def equal(outside, hub):
    assert hub.open_work() == {}, hub.sentences()
    assert outside.agree()
    assert set(outside.creations().values()) == {1}, "and nothing twice"


def tries(outside, method="PUT"):
    return [call for call in outside.calls("xero") if call["method"] == method and call["path"].endswith("/Invoices")]


def the_same_again_after_a_rest(outside, hub, _):
    refused(outside, 429, headers={"Retry-After": "40", "X-Rate-Limit-Problem": "minute"})
    before = hub.clock.now()
    sold(outside, hub)
    equal(outside, hub)
    assert (hub.clock.now() - before).total_seconds() >= 40
    assert len(tries(outside)) == 2


def a_question_before_anything_is_repeated(outside, hub, _):
    outside.fail("xero", {"match": INVOICES, "fault": "commit_then_close"})
    sold(outside, hub)
    equal(outside, hub)
    assert len(tries(outside)) == 1
    assert any("InvoiceNumbers=" in call["query"] for call in tries(outside, "GET"))


def a_new_token_and_one_more_call(outside, hub, _):
    refused(outside, 401)
    sold(outside, hub)
    equal(outside, hub)
    assert len(tries(outside)) == 2
    assert len([call for call in outside.calls("xero") if call["path"] == "/connect/token"]) == 1


def a_fresh_reading_and_the_document_made_anew(outside, hub, _):
    customer = outside.customer()
    outside.sell(customer)
    hub.tell_all()
    hub.work()
    [contact] = outside.xero("GET", "Contacts?page=1")["Contacts"]
    [survivor] = outside.xero("PUT", "Contacts", {"Contacts": [{"Name": "The survivor"}]})["Contacts"]
    merged = {"contacts": [contact["ContactID"]], "into": survivor["ContactID"]}
    outside._admin("POST", "xero", "merge_contacts", merged)
    outside.sell(customer)
    hub.tell_all()
    hub.work()
    assert hub.open_work() == {}, hub.sentences()
    contacts = {one["Contact"]["ContactID"] for one in outside.xero("GET", "Invoices?page=1")["Invoices"]}
    assert contacts == {survivor["ContactID"]}
    assert len(tries(outside)) == 3, "the second invoice was refused once"


def a_sentence_for_a_person(outside, hub, _):
    refused(outside, 400, times=9, body="{}")
    sold(outside, hub)
    [sentence] = hub.sentences()
    assert sentence.startswith("Xero refused invoice ")
    assert len(tries(outside)) == 1


def a_pause_in_which_nothing_is_lost(outside, hub, _):
    refused(outside, 403, times=9)
    sold(outside, hub)
    paused = hub.connection("Xero")
    assert (paused.state, paused.pause_sentence) == (
        "paused",
        "Xero's consent does not reach this organisation; a person has to connect it again.",
    )
    assert not {"delivery parked", "event parked"} & hub.open_work().keys()
    assert len(tries(outside)) == 1
    outside.mend()
    keys = outside.line["xero"]
    new_tokens(hub.store, hub.workspace_id, "Xero", keys["access_token"], keys["refresh_token"])
    hub.work()
    equal(outside, hub)


def a_crash_that_is_counted(outside, hub, monkeypatch):
    def compose(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(delivering, "compose", compose)
    sold(outside, hub, survives=(ZeroDivisionError,))
    assert any("made the work stop" in sentence for sentence in hub.sentences())
    assert tries(outside) == []


STORIES = {
    Remedy.RETRY_AFTER: the_same_again_after_a_rest,
    Remedy.ASK_FIRST: a_question_before_anything_is_repeated,
    Remedy.REFRESH: a_new_token_and_one_more_call,
    Remedy.RECOMPOSE: a_fresh_reading_and_the_document_made_anew,
    Remedy.PARK: a_sentence_for_a_person,
    Remedy.PAUSE: a_pause_in_which_nothing_is_lost,
    Remedy.CRASH: a_crash_that_is_counted,
}
"""Waiting for the next news has its story in test_refunds."""


@pytest.mark.parametrize("remedied", [one for one in Remedy if one is not Remedy.WAIT])
def test_every_remedy_has_its_story(outside, hub, monkeypatch, remedied):
    STORIES[remedied](outside, hub, monkeypatch)


def test_every_error_of_a_call_stands_in_the_table():
    assert set(ERRORS) == set(VendorError.__subclasses__())


def test_what_nobody_foresaw_is_a_crash_for_an_error_and_for_a_person_for_a_reason():
    assert remedy(ZeroDivisionError()) is Remedy.CRASH
    assert remedy(VendorError("of no kind")) is Remedy.CRASH
    assert remedy(Reason(ReasonCode.REFUSED)) is Remedy.PARK


def test_every_remedy_is_one_that_something_has():
    used = {*ERRORS.values(), *REASONS.values(), remedy(ZeroDivisionError()), remedy(Reason(ReasonCode.REFUSED))}
    assert used == set(Remedy)
