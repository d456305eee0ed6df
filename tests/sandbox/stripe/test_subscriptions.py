from datetime import UTC, datetime

import pytest
import stripe


def at(year, month, day, hour=0):
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp())


def day(moment):
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


DAY = 86_400


@pytest.fixture
def clock(api):
    return api.test_helpers.test_clocks.create({"frozen_time": at(2026, 1, 1)})


@pytest.fixture
def advance(api, clock):
    """To a moment, in as many steps as the clock allows."""

    def to(*date):
        target = at(*date)
        return api.test_helpers.test_clocks.advance(clock.id, {"frozen_time": target})

    return to


@pytest.fixture
def customer(api, clock):
    made = api.customers.create({"name": "Acme", "email": "a@acme.example", "test_clock": clock.id})
    method = api.payment_methods.attach("pm_card_visa", {"customer": made.id})
    return api.customers.update(made.id, {"invoice_settings": {"default_payment_method": method.id}})


@pytest.fixture
def price(api):
    def make(amount=3000, interval="month", count=1, **params):
        product = api.products.create({"name": "Plan"})
        return api.prices.create(
            {
                "product": product.id,
                "currency": "eur",
                **({} if amount is None else {"unit_amount": amount}),
                "recurring": {"interval": interval, "interval_count": count},
                **params,
            }
        )

    return make


@pytest.fixture
def subscribe(api, customer, price):
    def make(*prices, quantity=1, **params):
        items = [{"price": one.id, "quantity": quantity} for one in prices or (price(),)]
        return api.subscriptions.create({"customer": customer.id, "items": items, **params})

    return make


@pytest.fixture
def invoices(api, customer):
    """Oldest first."""
    return lambda: [*api.invoices.list({"customer": customer.id, "limit": 100}).auto_paging_iter()][::-1]


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


def test_a_declined_first_payment_leaves_it_incomplete_and_then_expired(
    api, customer, subscribe, advance, invoices
):
    broken = api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    subscription = subscribe(default_payment_method=broken.id)
    assert subscription.status == "incomplete"
    assert invoices()[0].status == "open"
    advance(2026, 1, 2)
    assert api.subscriptions.retrieve(subscription.id).status == "incomplete_expired"
    assert invoices()[0].status == "void"


def test_paying_the_first_invoice_completes_it(api, subscribe, invoices):
    subscription = subscribe(payment_behavior="default_incomplete")
    assert subscription.status == "incomplete"
    api.invoices.pay(invoices()[0].id)
    assert api.subscriptions.retrieve(subscription.id).status == "active"


def test_no_subscription_comes_of_a_payment_that_must_not_fail(api, customer, subscribe):
    broken = api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    with pytest.raises(stripe.CardError):
        subscribe(default_payment_method=broken.id, payment_behavior="error_if_incomplete")
    assert api.subscriptions.list({"status": "all"}).data == []


@pytest.fixture
def failing(api, customer, subscribe):
    """A subscription whose card stops working after the first payment."""
    subscription = subscribe()
    broken = api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    api.customers.update(customer.id, {"invoice_settings": {"default_payment_method": broken.id}})
    return subscription


def test_a_failed_renewal_is_retried_and_given_up(api, failing, advance, invoices):
    advance(2026, 2, 1, 1)
    renewal = invoices()[1]
    assert (renewal.status, renewal.attempt_count) == ("open", 1)
    assert renewal.next_payment_attempt == at(2026, 2, 4, 1)
    assert api.subscriptions.retrieve(failing.id).status == "past_due"
    advance(2026, 2, 16, 1)
    renewal = api.invoices.retrieve(renewal.id)
    assert (renewal.status, renewal.attempt_count, renewal.next_payment_attempt) == ("open", 4, None)
    canceled = api.subscriptions.retrieve(failing.id)
    assert (canceled.status, canceled.cancellation_details.reason) == ("canceled", "payment_failed")


@pytest.mark.parametrize(("setting", "status"), [("unpaid", "unpaid"), ("past_due", "past_due")])
def test_what_follows_the_last_retry_is_a_setting(*, api, failing, advance, vendor, setting, status):
    vendor.account.settings.after_retries = setting
    advance(2026, 2, 16, 1)
    assert api.subscriptions.retrieve(failing.id).status == status


def test_a_retry_that_succeeds_makes_it_active_again(api, failing, customer, advance, invoices):
    advance(2026, 2, 1, 1)
    good = api.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    api.customers.update(customer.id, {"invoice_settings": {"default_payment_method": good.id}})
    advance(2026, 2, 4, 1)
    assert invoices()[1].status == "paid"
    assert api.subscriptions.retrieve(failing.id).status == "active"


def test_an_upgrade_credits_the_old_and_charges_the_new_for_the_rest(
    api, subscribe, price, advance, invoices
):
    subscription = subscribe(price(3100))
    advance(2026, 1, 11)
    item = subscription["items"].data[0]
    api.subscriptions.update(subscription.id, {"items": [{"id": item.id, "price": price(6200).id}]})
    pending = api.invoice_items.list({"pending": True}).data[::-1]
    assert [(one.amount, one.proration) for one in pending] == [(-2100, True), (4200, True)]
    credited = pending[0].proration_details.credited_items.invoice_line_item_details
    assert credited.invoice_line_items == [invoices()[0].lines.data[0].id]
    advance(2026, 2, 1, 1)
    renewal = invoices()[1]
    assert (renewal.total, len(renewal.lines.data)) == (6200 + 2100, 3)
    assert api.invoice_items.list({"pending": True}).data == []


def test_an_upgrade_can_be_invoiced_at_once(api, subscribe, price, advance, invoices):
    subscription = subscribe(price(3100))
    advance(2026, 1, 11)
    item = subscription["items"].data[0]
    api.subscriptions.update(
        subscription.id,
        {"items": [{"id": item.id, "price": price(6200).id}], "proration_behavior": "always_invoice"},
    )
    at_once = invoices()[1]
    assert (at_once.billing_reason, at_once.status, at_once.total) == ("subscription_update", "paid", 2100)


def test_an_upgrade_may_cost_nothing_until_the_next_cycle(api, subscribe, price, advance, invoices):
    subscription = subscribe(price(3100))
    advance(2026, 1, 11)
    item = subscription["items"].data[0]
    api.subscriptions.update(
        subscription.id,
        {"items": [{"id": item.id, "price": price(6200).id}], "proration_behavior": "none"},
    )
    assert api.invoice_items.list({"pending": True}).data == []
    advance(2026, 2, 1, 1)
    assert invoices()[1].total == 6200


def test_several_changes_in_a_period_settle_each_other(api, subscribe, price, advance):
    """Up and down again on the same day comes to nothing."""
    subscription = subscribe(price(3100), quantity=1)
    advance(2026, 1, 11)
    item = subscription["items"].data[0]
    for quantity in (5, 1):
        api.subscriptions.update(subscription.id, {"items": [{"id": item.id, "quantity": quantity}]})
    amounts = [one.amount for one in api.invoice_items.list({"pending": True}).data]
    assert (len(amounts), sum(amounts)) == (4, 0)


def test_what_a_discount_took_off_is_not_credited(api, subscribe, price, advance):
    coupon = api.coupons.create({"percent_off": 50, "duration": "forever"})
    subscription = subscribe(price(3100), discounts=[{"coupon": coupon.id}])
    advance(2026, 1, 11)
    item = subscription["items"].data[0]
    api.subscriptions.update(subscription.id, {"items": [{"id": item.id, "quantity": 2}]})
    amounts = [one.amount for one in api.invoice_items.list({"pending": True}).data[::-1]]
    assert amounts == [-1050, 2100]


def test_another_rhythm_begins_a_new_period_now(api, subscribe, price, advance, invoices):
    subscription = subscribe(price(3100))
    advance(2026, 1, 11)
    item = subscription["items"].data[0]
    yearly = price(31_000, interval="year")
    changed = api.subscriptions.update(subscription.id, {"items": [{"id": item.id, "price": yearly.id}]})
    assert period(changed) == ("2026-01-11", "2027-01-11")
    assert invoices()[1].total == 31_000 - 2100


def test_items_are_added_changed_and_taken_away(api, subscribe, price, advance):
    subscription = subscribe(price(3100))
    advance(2026, 1, 11)
    extra = api.subscription_items.create({"subscription": subscription.id, "price": price(310).id})
    assert (extra.quantity, day(extra.current_period_end)) == (1, "2026-02-01")
    assert api.subscription_items.update(extra.id, {"quantity": 3}).quantity == 3
    assert len(api.subscription_items.list({"subscription": subscription.id}).data) == 2
    assert api.subscription_items.delete(extra.id).deleted
    amounts = [one.amount for one in api.invoice_items.list({"pending": True}).data]
    assert sum(amounts) == 0
    with pytest.raises(stripe.InvalidRequestError, match="at least one item"):
        api.subscription_items.delete(subscription["items"].data[0].id)


def test_all_items_share_one_rhythm(subscribe, price):
    with pytest.raises(stripe.InvalidRequestError, match="same billing interval"):
        subscribe(price(), price(interval="year"))


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
def test_paused_collection_still_bills_but_does_not_collect(
    *, api, subscribe, advance, invoices, behavior, status
):
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


@pytest.mark.parametrize(
    ("duration", "totals"), [("once", [1500, 3000, 3000]), ("forever", [1500, 1500, 1500])]
)
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


@pytest.fixture
def metered(api):
    meter = api.billing.meters.create(
        {"display_name": "Calls", "event_name": "call", "default_aggregation": {"formula": "sum"}}
    )

    def make(**params):
        product = api.products.create({"name": "Calls"})
        recurring = {"interval": "month", "usage_type": "metered", "meter": meter.id}
        cost = params or {"unit_amount_decimal": "0.5"}
        return api.prices.create({"product": product.id, "currency": "eur", "recurring": recurring, **cost})

    return make


@pytest.fixture
def used(api, customer):
    def report(value, **params):
        return api.billing.meter_events.create(
            {
                "event_name": "call",
                "payload": {"stripe_customer_id": customer.id, "value": str(value)},
                **params,
            }
        )

    return report


def test_usage_is_billed_after_its_period(*, api, customer, metered, used, advance, invoices):
    api.subscriptions.create({"customer": customer.id, "items": [{"price": metered().id}]})
    assert invoices() == []
    used(1000)
    advance(2026, 1, 31)
    used(501, identifier="once")
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        used(501, identifier="once")
    advance(2026, 2, 1, 1)
    used(7)
    (invoice,) = invoices()
    line = invoice.lines.data[0]
    assert (line.quantity, line.amount, invoice.status) == (1501, 751, "paid")
    assert (day(line.period.start), day(line.period.end)) == ("2026-01-01", "2026-02-01")
    advance(2026, 3, 1)
    assert invoices()[1].lines.data[0].quantity == 7


TIERS = [
    {"up_to": 10, "unit_amount": 100, "flat_amount": 500},
    {"up_to": 20, "unit_amount": 80},
    {"up_to": "inf", "unit_amount_decimal": "50.5", "flat_amount": 1000},
]


@pytest.mark.parametrize(
    ("mode", "quantity", "amount"),
    [
        ("graduated", 0, 500),
        ("graduated", 10, 1500),
        ("graduated", 11, 1580),
        ("graduated", 25, 1500 + 800 + 1000 + 253),
        ("volume", 0, 500),
        ("volume", 10, 1500),
        ("volume", 11, 880),
        ("volume", 25, 1000 + 1263),
    ],
)
def test_tiers_price_a_quantity(*, subscribe, price, invoices, mode, quantity, amount):
    tiered = price(None, billing_scheme="tiered", tiers_mode=mode, tiers=TIERS)
    subscribe(tiered, quantity=quantity)
    assert invoices()[0].lines.data[0].amount == amount


@pytest.mark.parametrize(
    ("way", "quantity", "amount"), [("up", 11, 2000), ("down", 19, 1000), ("up", 10, 1000)]
)
def test_packages_are_sold_whole(*, subscribe, price, invoices, way, quantity, amount):
    packed = price(1000, transform_quantity={"divide_by": 10, "round": way})
    subscribe(packed, quantity=quantity)
    assert invoices()[0].lines.data[0].amount == amount


def test_a_tiered_price_shows_its_tiers_when_asked(api, price):
    tiered = price(None, billing_scheme="tiered", tiers_mode="volume", tiers=TIERS)
    assert "tiers" not in tiered
    shown = api.prices.retrieve(tiered.id, {"expand": ["tiers"]}).tiers
    assert [tier.up_to for tier in shown] == [10, 20, None]


@pytest.mark.parametrize(
    "tiers",
    [
        [{"up_to": 10, "unit_amount": 1}],
        [{"up_to": "inf", "unit_amount": 1}, {"up_to": 10, "unit_amount": 1}],
        [{"up_to": 10, "unit_amount": 1}, {"up_to": 5, "unit_amount": 1}, {"up_to": "inf", "unit_amount": 1}],
        [{"up_to": "inf"}],
    ],
)
def test_tiers_must_be_in_order(price, tiers):
    with pytest.raises(stripe.InvalidRequestError):
        price(None, billing_scheme="tiered", tiers_mode="volume", tiers=tiers)


def test_a_preview_shows_the_next_invoice_and_changes_nothing(
    api, subscribe, price, advance, invoices, vendor
):
    subscription = subscribe(price(3100))
    advance(2026, 1, 11)
    other = price(6200)
    before = vendor.account.store.dump()["rows"]
    plain = api.invoices.create_preview({"subscription": subscription.id})
    assert (plain.total, plain.billing_reason, plain.id.startswith("upcoming_")) == (3100, "upcoming", True)
    item = {"id": subscription["items"].data[0].id, "price": other.id}
    details = {"items": [item]}
    upgraded = api.invoices.create_preview({"subscription": subscription.id, "subscription_details": details})
    assert [line.amount for line in upgraded.lines.data if line.parent.type == "invoice_item_details"] == [
        -2100,
        4200,
    ]
    assert upgraded.total == 6200 + 2100
    details["proration_behavior"] = "always_invoice"
    at_once = api.invoices.create_preview({"subscription": subscription.id, "subscription_details": details})
    assert at_once.total == 2100
    assert vendor.account.store.dump()["rows"] == before
    assert len(invoices()) == 1


def test_a_preview_without_a_subscription_gathers_what_is_pending(api, customer):
    api.invoice_items.create({"customer": customer.id, "currency": "eur", "amount": 700})
    extra = {"invoice_items": [{"amount": 300}]}
    assert api.invoices.create_preview({"customer": customer.id, "currency": "eur", **extra}).total == 1000
    assert [one.amount for one in api.invoice_items.list({"pending": True}).data] == [700]
