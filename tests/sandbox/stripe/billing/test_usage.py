"""Metered prices, tiers and packages."""

from datetime import UTC, datetime

import pytest
import stripe

DAY = 86_400

TIERS = [
    {"up_to": 10, "unit_amount": 100, "flat_amount": 500},
    {"up_to": 20, "unit_amount": 80},
    {"up_to": "inf", "unit_amount_decimal": "50.5", "flat_amount": 1000},
]


def day(moment):
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


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


@pytest.mark.parametrize(("way", "quantity", "amount"), [("up", 11, 2000), ("down", 19, 1000), ("up", 10, 1000)])
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


def test_what_is_metered_has_no_quantity_of_its_own(api, customer, metered):
    with pytest.raises(stripe.InvalidRequestError, match="metered"):
        api.subscriptions.create({"customer": customer.id, "items": [{"price": metered().id, "quantity": 1}]})


@pytest.mark.parametrize(("formula", "billed"), [("sum", 12), ("count", 3), ("last", 5)])
def test_a_meter_sums_counts_or_takes_the_last(api, customer, clock, formula, billed):
    meter = api.billing.meters.create(
        {"display_name": "Seats", "event_name": "seat", "default_aggregation": {"formula": formula}}
    )
    for second, value in enumerate((4, 3, 5)):
        payload = {"stripe_customer_id": customer.id, "value": str(value)}
        stamp = clock.frozen_time - 100 + second
        api.billing.meter_events.create({"event_name": "seat", "payload": payload, "timestamp": stamp})
    span = {"customer": customer.id, "start_time": clock.frozen_time - 200, "end_time": clock.frozen_time}
    (summary,) = api.billing.meters.event_summaries.list(meter.id, span).data
    assert summary.aggregated_value == billed


def test_usage_needs_an_active_meter_and_a_near_moment(api, used, metered, clock):
    metered()
    with pytest.raises(stripe.InvalidRequestError, match="35 days"):
        used(1, timestamp=clock.frozen_time - 36 * DAY)
    with pytest.raises(stripe.InvalidRequestError, match="non-negative"):
        used(-1)
    meter = api.billing.meters.list().data[0]
    assert api.billing.meters.deactivate(meter.id).status == "inactive"
    with pytest.raises(stripe.InvalidRequestError, match="No active meter"):
        used(1)
    assert api.billing.meters.reactivate(meter.id).status == "active"
