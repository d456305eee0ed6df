"""A write whose answer is lost is asked about before anything is repeated, so that nothing is ever made twice."""

import pytest

PLURALS = ["Contacts", "Items", "Invoices", "Payments"]
LOST = ["commit_then_hang", "commit_then_500", "commit_then_close", "commit_then_truncate", "malformed", "empty"]


@pytest.fixture
def hub(open_hub):
    return open_hub(xero={"read_seconds": "0.3"})


def sold(outside, hub):
    """A paid invoice, brought over; how often each document was made at Xero."""
    outside.sell()
    hub.tell_all()
    hub.work()
    assert hub.open_work() == {}
    assert outside.agree()
    made = outside.creations()
    assert {kind for kind, _ in made} == {"contact", "item", "invoice", "payment"}
    return set(made.values())


@pytest.mark.parametrize("lost", LOST)
def test_a_lost_answer_is_found_by_asking(hub, outside, lost):
    for plural in PLURALS:
        outside.fail("xero", {"match": f"PUT /api.xro/2.0/{plural}", "fault": lost, "seconds": 1})
    assert sold(outside, hub) == {1}
    written = [call["path"] for call in outside.calls("xero") if call["method"] == "PUT"]
    assert len(written) == len(PLURALS)


def test_what_three_lost_answers_left_undone_is_done_once(hub, outside):
    for plural in PLURALS:
        match = f"PUT /api.xro/2.0/{plural}"
        lost = [{"match": match, "fault": "close", "times": 2}, {"match": match, "fault": "commit_then_close"}]
        outside.fail("xero", *lost)
    assert sold(outside, hub) == {1}
    written = [call["path"] for call in outside.calls("xero") if call["method"] == "PUT"]
    assert len(written) == 3 * len(PLURALS)


def test_a_question_whose_answer_is_lost_is_put_again(hub, outside):
    outside.fail(
        "xero",
        {"match": "PUT /api.xro/2.0/Invoices", "fault": "commit_then_close"},
        {"match": "GET /api.xro/2.0/Invoices", "fault": "close"},
        {"match": "GET /api.xro/2.0/Invoices", "fault": "malformed"},
        {"match": "GET /api.xro/2.0/Invoices", "fault": "refuse", "status": 503},
    )
    assert sold(outside, hub) == {1}


def test_a_rate_limit_with_any_word_on_when_to_come_back_is_waited_out(hub, outside):
    silly = ["-5", "0", "soon", "", "1.5", "9" * 5000, "Thu, 01 Jan 1970 00:00:00 GMT"]
    for word in silly:
        refusal = {"fault": "refuse", "status": 429, "headers": {"Retry-After": word}}
        outside.fail("xero", {"match": "PUT /api.xro/2.0/Invoices", **refusal})
    assert sold(outside, hub) == {1}
    assert len([call for call in outside.calls("xero") if call["status"] == 429]) == len(silly)


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
