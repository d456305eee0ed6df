"""Subscriptions from cycle to cycle: anchors, stubs, trials, coupons."""

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


def test_the_first_invoice_is_paid_at_once(api, subscribe, invoices):
    subscription = subscribe(quantity=2)
    assert (subscription.status, period(subscription)) == ("active", ("2026-01-01", "2026-02-01"))
    (invoice,) = invoices()
    assert (invoice.status, invoice.billing_reason, invoice.total) == ("paid", "subscription_create", 6000)
    assert subscription.latest_invoice == invoice.id
    assert invoice.parent.subscription_details.subscription == subscription.id
    line = invoice.lines.data[0]
    details = line.parent.subscription_item_details
    assert (line.parent.type, details.subscription_item) == (
        "subscription_item_details",
        subscription["items"].data[0].id,
    )
    assert (day(line.period.start), day(line.period.end)) == ("2026-01-01", "2026-02-01")


def test_a_cycle_drafts_then_finalises_an_hour_later_and_pays(api, subscribe, advance, invoices, events):
    subscription = subscribe()
    advance(2026, 2, 1)
    renewal = invoices()[1]
    assert (renewal.status, renewal.billing_reason) == ("draft", "subscription_cycle")
    assert renewal.created == at(2026, 2, 1)
    assert renewal.automatically_finalizes_at == at(2026, 2, 1, 1)
    advance(2026, 2, 1, 1)
    renewal = api.invoices.retrieve(renewal.id)
    assert (renewal.status, renewal.status_transitions.paid_at) == ("paid", at(2026, 2, 1, 1))
    assert (day(renewal.period_start), day(renewal.period_end)) == ("2026-01-01", "2026-02-01")
    assert period(api.subscriptions.retrieve(subscription.id)) == ("2026-02-01", "2026-03-01")
    moments = {event.type: event.created for event in api.events.list({"limit": 100}).data[::-1]}
    assert moments["invoice.paid"] == at(2026, 2, 1, 1)


def test_advancing_takes_at_most_two_intervals(api, subscribe, advance, clock, invoices):
    subscribe()
    with pytest.raises(stripe.InvalidRequestError, match="two intervals"):
        advance(2026, 3, 2)
    advance(2026, 3, 1)
    assert len(invoices()) == 3
    with pytest.raises(stripe.InvalidRequestError, match="backwards"):
        advance(2026, 2, 1)


def test_advancing_is_told_of_and_ends_ready(api, advance, clock, events):
    assert advance(2026, 1, 5).status == "advancing"
    after = api.test_helpers.test_clocks.retrieve(clock.id)
    assert (after.status, after.frozen_time) == ("ready", at(2026, 1, 5))
    told = [type_ for type_, _ in events()]
    assert told[-2:] == ["test_helpers.test_clock.advancing", "test_helpers.test_clock.ready"]


@pytest.mark.parametrize(
    ("interval", "count", "start", "boundaries"),
    [
        ("month", 1, 31, ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
        ("month", 1, 30, ["2026-02-28", "2026-03-30", "2026-04-30"]),
        ("month", 1, 29, ["2026-02-28", "2026-03-29", "2026-04-29"]),
        ("month", 3, 31, ["2026-04-30", "2026-07-31", "2026-10-31"]),
        ("year", 1, 31, ["2027-01-31", "2028-01-31"]),
        ("week", 2, 31, ["2026-02-14", "2026-02-28"]),
        ("day", 10, 31, ["2026-02-10", "2026-02-20"]),
    ],
)
def test_a_cycle_keeps_to_its_anchor(*, api, subscribe, price, advance, interval, count, start, boundaries):
    advance(2026, 1, start)
    subscription = subscribe(price(interval=interval, count=count))
    for boundary in boundaries:
        assert period(subscription)[1] == boundary
        advance(*map(int, boundary.split("-")))
        subscription = api.subscriptions.retrieve(subscription.id)


def test_an_anchor_by_day_of_month_outlives_short_months(api, subscribe, advance):
    advance(2026, 2, 10)
    subscription = subscribe(billing_cycle_anchor_config={"day_of_month": 31})
    assert period(subscription) == ("2026-02-10", "2026-02-28")
    advance(2026, 2, 28)
    assert period(api.subscriptions.retrieve(subscription.id)) == ("2026-02-28", "2026-03-31")


def test_the_stub_before_an_anchor_costs_its_part(subscribe, advance, invoices):
    subscribe(billing_cycle_anchor=at(2026, 1, 11))
    line = invoices()[0].lines.data[0]
    assert line.amount == round(3000 * 10 / 31)
    advance(2026, 1, 11, 2)
    assert invoices()[1].total == 3000


def test_a_stub_may_be_free(api, subscribe, invoices):
    subscription = subscribe(billing_cycle_anchor=at(2026, 1, 11), proration_behavior="none")
    assert (invoices(), subscription.status) == ([], "active")


def test_a_trial_costs_nothing_until_it_ends(api, subscribe, advance, invoices, events):
    subscription = subscribe(trial_period_days=14)
    assert (subscription.status, period(subscription)) == ("trialing", ("2026-01-01", "2026-01-15"))
    assert [(one.total, one.status) for one in invoices()] == [(0, "paid")]
    advance(2026, 1, 12)
    assert "customer.subscription.trial_will_end" in [type_ for type_, _ in events()]
    advance(2026, 1, 15, 1)
    subscription = api.subscriptions.retrieve(subscription.id)
    assert (subscription.status, period(subscription)) == ("active", ("2026-01-15", "2026-02-15"))
    assert [(one.total, one.status) for one in invoices()] == [(0, "paid"), (3000, "paid")]


def test_a_trial_can_end_now(api, subscribe, advance, invoices):
    subscription = subscribe(trial_period_days=14)
    advance(2026, 1, 5)
    ended = api.subscriptions.update(subscription.id, {"trial_end": "now"})
    assert (ended.status, period(ended)) == ("active", ("2026-01-05", "2026-02-05"))
    assert invoices()[1].total == 3000


@pytest.mark.parametrize(
    ("behavior", "status"), [("cancel", "canceled"), ("pause", "paused"), ("create_invoice", "past_due")]
)
def test_without_a_card_the_trial_ends_as_it_was_set(*, api, clock, price, advance, behavior, status):
    poor = api.customers.create({"test_clock": clock.id})
    subscription = api.subscriptions.create(
        {
            "customer": poor.id,
            "items": [{"price": price().id}],
            "trial_period_days": 7,
            "trial_settings": {"end_behavior": {"missing_payment_method": behavior}},
        }
    )
    advance(2026, 1, 8, 1)
    assert api.subscriptions.retrieve(subscription.id).status == status


@pytest.mark.parametrize(("duration", "totals"), [("once", [1500, 3000, 3000]), ("forever", [1500, 1500, 1500])])
def test_a_coupon_lasts_as_long_as_it_says(*, api, subscribe, advance, invoices, duration, totals):
    coupon = api.coupons.create({"percent_off": 50, "duration": duration})
    subscribe(discounts=[{"coupon": coupon.id}])
    advance(2026, 3, 1, 0)
    assert [one.total for one in invoices()] == totals


def test_a_repeating_coupon_ends_after_its_months(api, subscribe, advance, invoices):
    coupon = api.coupons.create({"percent_off": 50, "duration": "repeating", "duration_in_months": 2})
    subscribe(discounts=[{"coupon": coupon.id}])
    advance(2026, 3, 1)
    assert [one.total for one in invoices()] == [1500, 1500, 3000]


def test_a_discount_can_be_taken_from_a_subscription(api, subscribe, advance, invoices):
    coupon = api.coupons.create({"percent_off": 50, "duration": "forever"})
    subscription = subscribe(discounts=[{"coupon": coupon.id}])
    assert api.subscriptions.delete_discount(subscription.id).deleted
    advance(2026, 2, 1)
    assert invoices()[1].total == 3000


def test_invoices_may_be_sent_instead_of_charged(api, subscribe, advance, invoices, events):
    subscription = subscribe(collection_method="send_invoice", days_until_due=14)
    assert (subscription.status, invoices()[0].status) == ("active", "draft")
    advance(2026, 1, 1, 1)
    sent = invoices()[0]
    assert (sent.status, day(sent.due_date)) == ("open", "2026-01-15")
    advance(2026, 1, 15, 1)
    assert {"invoice.sent", "invoice.overdue"} <= {type_ for type_, _ in events()}
    assert api.charges.list().data == []


def test_default_tax_rates_of_the_subscription_are_its_invoices(api, subscribe, invoices):
    rate = api.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
    subscribe(default_tax_rates=[rate.id])
    assert (invoices()[0].total, invoices()[0].default_tax_rates[0].id) == (3570, rate.id)


def test_deleting_a_clock_takes_its_customers_along(api, subscribe, clock, customer):
    subscription = subscribe()
    assert api.test_helpers.test_clocks.delete(clock.id).deleted
    assert api.customers.retrieve(customer.id).deleted
    assert api.subscriptions.retrieve(subscription.id).status == "canceled"


def test_a_coupon_for_once_waits_for_the_end_of_the_trial(api, subscribe, advance, invoices):
    coupon = api.coupons.create({"percent_off": 50, "duration": "once"})
    subscribe(discounts=[{"coupon": coupon.id}], trial_period_days=7)
    advance(2026, 2, 8)
    assert [one.total for one in invoices()] == [0, 1500, 3000]


def test_what_comes_once_goes_on_the_first_invoice(api, subscribe, invoices):
    product = api.products.create({"name": "Set-up"})
    once = api.prices.create({"product": product.id, "currency": "eur", "unit_amount": 5000})
    subscribe(add_invoice_items=[{"price": once.id}])
    assert sorted(line.amount for line in invoices()[0].lines.data) == [3000, 5000]


def test_a_clock_without_subscriptions_goes_two_years_at_most(advance):
    with pytest.raises(stripe.InvalidRequestError, match="two intervals"):
        advance(2028, 1, 2)
    assert advance(2028, 1, 1).status == "advancing"
