from datetime import UTC, datetime

import pytest


def at(year, month, day, hour=0):
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp())


@pytest.fixture
def clock(api):
    return api.test_helpers.test_clocks.create({"frozen_time": at(2026, 1, 1)})


@pytest.fixture
def advance(api, clock):
    """Moves the clock to a date, in one step."""

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
