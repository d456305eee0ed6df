"""Cancelling, pausing, resuming."""

from datetime import UTC, datetime

import pytest
import stripe


def at(year, month, day, hour=0):
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp())


def day(moment):
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


def period(subscription):
    item = subscription["items"].data[0]
    return day(item.current_period_start), day(item.current_period_end)


def test_cancelling_at_the_period_end_lets_the_period_run(api, subscribe, advance, invoices, events):
    subscription = subscribe()
    ending = api.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    assert (ending.status, ending.cancel_at_period_end, day(ending.cancel_at)) == (
        "active",
        True,
        "2026-02-01",
    )
    advance(2026, 2, 1)
    ended = api.subscriptions.retrieve(subscription.id)
    assert (ended.status, ended.ended_at) == ("canceled", at(2026, 2, 1))
    assert len(invoices()) == 1
    assert "customer.subscription.deleted" in [type_ for type_, _ in events()]


def test_a_cancellation_can_be_taken_back(api, subscribe, advance, invoices):
    subscription = subscribe()
    api.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    kept = api.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    assert (kept.cancel_at, kept.canceled_at) == (None, None)
    advance(2026, 2, 1, 1)
    assert len(invoices()) == 2


def test_cancelling_now_ends_it_and_gives_back_only_when_asked(api, subscribe, price, advance, customer):
    first, second = subscribe(price(3100)), subscribe(price(3100))
    advance(2026, 1, 11)
    assert api.subscriptions.cancel(first.id).status == "canceled"
    assert api.invoice_items.list({"pending": True}).data == []
    api.subscriptions.cancel(second.id, {"prorate": True, "invoice_now": True})
    assert api.customers.retrieve(customer.id).balance == -2100
    with pytest.raises(stripe.InvalidRequestError):
        api.subscriptions.cancel(first.id)
    assert api.subscriptions.list({"customer": customer.id}).data == []
    assert len(api.subscriptions.list({"customer": customer.id, "status": "canceled"}).data) == 2


def test_it_can_be_cancelled_in_the_middle_of_a_period(api, subscribe, advance):
    subscription = subscribe(cancel_at=at(2026, 1, 20))
    advance(2026, 1, 20)
    assert api.subscriptions.retrieve(subscription.id).ended_at == at(2026, 1, 20)


@pytest.mark.parametrize(
    ("behavior", "status"),
    [("keep_as_draft", "draft"), ("mark_uncollectible", "uncollectible"), ("void", "void")],
)
def test_paused_collection_still_bills_but_does_not_collect(*, api, subscribe, advance, invoices, behavior, status):
    subscription = subscribe()
    api.subscriptions.update(
        subscription.id, {"pause_collection": {"behavior": behavior, "resumes_at": at(2026, 2, 15)}}
    )
    advance(2026, 2, 1, 1)
    assert invoices()[1].status == status
    assert api.subscriptions.retrieve(subscription.id).status == "active"
    advance(2026, 3, 1, 1)
    assert api.subscriptions.retrieve(subscription.id).pause_collection is None
    assert invoices()[2].status == "paid"


def test_a_paused_subscription_has_no_cycles_until_it_is_resumed(api, subscribe, advance, invoices, events):
    subscription = subscribe()
    paused = api.subscriptions.pause(subscription.id, {"type": "subscription"})
    assert (paused.status, paused.status_details.paused.subscription.type) == ("paused", "pause_requested")
    advance(2026, 2, 10)
    assert len(invoices()) == 1
    resumed = api.subscriptions.resume(subscription.id)
    assert (resumed.status, period(resumed)) == ("active", ("2026-02-10", "2026-03-10"))
    assert invoices()[1].status == "paid"
    told = [type_ for type_, _ in events()]
    assert {"customer.subscription.paused", "customer.subscription.resumed"} <= set(told)


def test_usage_up_to_the_cancellation_is_billed(api, customer, metered, used, advance, invoices):
    items = [{"price": metered().id}]
    first = api.subscriptions.create({"customer": customer.id, "items": items, "cancel_at_period_end": True})
    used(1000)
    advance(2026, 2, 1, 1)
    assert api.subscriptions.retrieve(first.id).status == "canceled"
    assert [(one.total, one.status) for one in invoices()] == [(500, "paid")]
    second = api.subscriptions.create({"customer": customer.id, "items": items})
    advance(2026, 2, 5)
    used(400)
    advance(2026, 2, 6)
    api.subscriptions.cancel(second.id, {"invoice_now": True})
    assert invoices()[-1].total == 200


def test_pausing_may_give_back_the_unused_time(api, subscribe, price, advance):
    subscription = subscribe(price(3100))
    advance(2026, 1, 11)
    unused = {"unused_time_from": {"type": "now"}}
    api.subscriptions.pause(subscription.id, {"type": "subscription", "bill_for": unused})
    assert [one.amount for one in api.invoice_items.list({"pending": True}).data] == [-2100]


def test_resuming_waits_for_its_payment_unless_told_not_to(api, customer, subscribe, advance):
    first, second = subscribe(), subscribe()
    for subscription in (first, second):
        api.subscriptions.pause(subscription.id, {"type": "subscription"})
    broken = api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    api.customers.update(customer.id, {"invoice_settings": {"default_payment_method": broken.id}})
    waiting = api.subscriptions.resume(first.id)
    assert waiting.status == "paused"
    assert api.subscriptions.resume(second.id, {"payment_behavior": "resume_on_payment_attempt"}).status != "paused"
    api.invoices.pay(waiting.latest_invoice, {"payment_method": "pm_card_visa"})
    assert api.subscriptions.retrieve(first.id).status == "active"


def test_a_canceled_subscription_is_closed_but_for_its_metadata(api, subscribe, advance, invoices):
    subscription = subscribe()
    advance(2026, 2, 1)
    assert invoices()[1].status == "draft"
    api.subscriptions.cancel(subscription.id)
    assert api.subscriptions.update(subscription.id, {"metadata": {"a": "1"}}).metadata["a"] == "1"
    with pytest.raises(stripe.InvalidRequestError, match="only update its metadata"):
        api.subscriptions.update(subscription.id, {"description": "x"})
    advance(2026, 2, 2)
    assert invoices()[1].status == "draft"
