"""Closed is closed: what is dated in a closed period is held with the date named, and goes when the period is open."""

from datetime import timedelta

import pytest

from connectors.xero import organisation
from core.reasons import ReasonCode
from core.store import outbox
from core.store.reading import waiting

FAR, OPEN = "2099-01-31", None


@pytest.fixture
def close_until(outside):
    """Closes Xero's books up to a day; None opens them."""

    def close(period=None, year=None):
        outside._admin("POST", "xero", "organisation", {"period_lock_date": period, "end_of_year_lock_date": year})

    return close


def tell(hub):
    hub.tell_all()
    hub.work()


def invoices(outside):
    return [(one["Status"], one["AmountDue"]) for one in outside.xero("GET", "Invoices?page=1")["Invoices"]]


def reads_of_the_organisation(outside):
    return [call for call in outside.calls("xero") if call["path"].endswith("/Organisation")]


def refused(outside):
    return [
        call
        for call in outside.calls("xero")
        if "/api.xro/" in call["path"] and call["method"] != "GET" and not call["effects"]
    ]


def later(hub, minutes=16):
    hub.clock.sleep(minutes * 60)


@pytest.mark.parametrize("lock", [{"period": FAR}, {"year": FAR}])
def test_an_invoice_of_a_closed_period_is_held_with_both_dates_and_never_sent(outside, hub, close_until, lock):
    close_until(**lock)
    invoice = outside.sell()
    tell(hub)
    assert invoices(outside) == []
    assert refused(outside) == []
    on = hub.hub.clock.now().date().isoformat()
    assert hub.held() == [
        (
            f"invoice {invoice['number']} is dated {on}, and Xero is closed up to {FAR}. Open the period there: what "
            "is held for it then goes by itself."
        )
    ]
    assert hub.sentences() == []
    with hub.store.read() as database:
        [group] = waiting.held(database, hub.workspace_id)
        assert waiting.groups(database, hub.workspace_id) == []
    assert (group.code, group.count, group.members[0].name) == (
        ReasonCode.PERIOD_LOCKED,
        1,
        f"invoice {invoice['number']}",
    )


def test_what_is_held_goes_by_itself_when_the_period_is_opened(outside, hub, close_until):
    close_until(FAR)
    outside.sell()
    tell(hub)
    close_until(OPEN)
    later(hub)
    hub.work()
    assert hub.open_work() == {}, hub.held()
    assert invoices(outside) == [("PAID", 0)]


def test_what_is_dated_after_the_closed_period_is_not_held(outside, hub, close_until):
    close_until((hub.hub.clock.now() - timedelta(days=2)).date().isoformat())
    outside.sell()
    tell(hub)
    assert hub.open_work() == {}
    assert invoices(outside) == [("PAID", 0)]


def test_retry_reads_anew_and_need_not_wait(outside, hub, close_until):
    close_until(FAR)
    outside.sell()
    tell(hub)
    close_until(OPEN)
    xero = hub.connection("Xero").id
    hub.store.write(hub.workspace_id, lambda work: outbox.release(work, xero, [ReasonCode.PERIOD_LOCKED]))
    hub.work()
    assert hub.open_work() == {}
    assert invoices(outside) == [("PAID", 0)]


def test_a_payment_of_a_closed_period_is_held_though_its_invoice_stands_there(outside, hub, close_until):
    invoice = outside.invoice(outside.customer())
    tell(hub)
    close_until(FAR)
    outside.pay(invoice)
    later(hub, minutes=24 * 60)
    tell(hub)
    assert [sentence.split(" is dated")[0].split(" ")[0] for sentence in hub.held()] == ["payment"]
    assert invoices(outside) == [("AUTHORISED", invoice["total"] / 100)]


def test_books_that_were_closed_after_they_were_read_hold_what_xero_refuses(outside, hub, close_until):
    tell(hub)
    first = outside.invoice(outside.customer())
    tell(hub)
    close_until(FAR)
    later(hub)
    outside.pay(first)
    outside.invoice(outside.customer())
    tell(hub)
    assert hub.sentences() == []
    assert len(refused(outside)) == 1, "whoever is refused first reads for all"
    assert any(FAR in sentence for sentence in hub.held())
    close_until(OPEN)
    later(hub)
    hub.work()
    assert hub.open_work() == {}
    assert sorted(status for status, _ in invoices(outside)) == ["AUTHORISED", "PAID"]


def test_a_void_in_a_closed_period_is_held_and_so_is_an_allocation_that_is_to_be_taken_off(outside, hub, close_until):
    invoice = outside.invoice(outside.customer())
    note = outside.stripe.create("credit_notes", invoice=invoice["id"], amount=1000)
    tell(hub)
    close_until(FAR)
    later(hub, minutes=24 * 60)
    outside.stripe.create(f"credit_notes/{note['id']}/void")
    outside.stripe.create(f"invoices/{invoice['id']}/void")
    tell(hub)
    assert refused(outside) == []
    assert invoices(outside) == [("AUTHORISED", (invoice["total"] - 1000) / 100)]
    assert any(sentence.startswith("allocation") for sentence in hub.held())
    close_until(OPEN)
    later(hub)
    hub.work()
    assert hub.open_work() == {}, hub.held()
    assert invoices(outside) == [("VOIDED", 0)]


def test_a_removal_that_is_refused_for_a_lock_is_held_too(outside, hub, close_until):
    """The lock fell after it was read, and Xero refuses the DELETE as a whole call."""
    invoice = outside.invoice(outside.customer())
    note = outside.stripe.create("credit_notes", invoice=invoice["id"], amount=1000)
    tell(hub)
    close_until(FAR)
    later(hub)
    outside.stripe.create(f"credit_notes/{note['id']}/void")
    tell(hub)
    assert hub.sentences() == []
    assert any(sentence.startswith("allocation") for sentence in hub.held())


def test_what_xero_refuses_though_it_says_that_the_period_is_open_is_for_a_person(
    outside, hub, close_until, monkeypatch
):
    close_until(FAR)
    monkeypatch.setattr(organisation, "document_date", lambda *_: "")
    outside.invoice(outside.customer())
    tell(hub)
    [sentence] = hub.sentences()
    assert f"Xero is closed up to {FAR}" in sentence
    assert hub.hub.clock.now().date().isoformat() in sentence


def test_open_books_are_read_once_a_day_and_closed_ones_as_often_as_xero_is_polled(outside, hub, close_until):
    for _ in range(3):
        outside.sell()
        tell(hub)
        later(hub, minutes=60)
    assert len(reads_of_the_organisation(outside)) == 1
    close_until(FAR)
    later(hub, minutes=24 * 60)
    outside.sell()
    tell(hub)
    assert len(reads_of_the_organisation(outside)) == 2
    for _ in range(4):
        later(hub)
        hub.work()
    assert len(reads_of_the_organisation(outside)) == 6


def test_books_that_cannot_be_read_hold_everything_back_and_nothing_is_parked(outside, hub):
    outside.fail("xero", {"match": "GET /api.xro/2.0/Organisation*", "fault": "refuse", "status": 503, "times": 2})
    outside.sell()
    tell(hub)
    assert hub.open_work() == {}
    assert invoices(outside) == [("PAID", 0)]
