"""Changes of a running subscription, and what they cost."""

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


def test_an_upgrade_credits_the_old_and_charges_the_new_for_the_rest(api, subscribe, price, advance, invoices):
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


def test_all_items_share_one_rhythm(api, subscribe, price):
    with pytest.raises(stripe.InvalidRequestError, match="same billing interval"):
        subscribe(price(), price(interval="year"))
    running = subscribe(price())
    with pytest.raises(stripe.InvalidRequestError, match="same billing interval"):
        api.subscriptions.update(running.id, {"items": [{"price": price(interval="year").id}]})


def test_a_preview_shows_the_next_invoice_and_changes_nothing(api, subscribe, price, advance, invoices, vendor):
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


def test_a_running_subscription_can_be_given_a_trial(api, subscribe, price, advance, invoices):
    subscription = subscribe(price(3100))
    advance(2026, 1, 11)
    extended = api.subscriptions.update(subscription.id, {"trial_end": at(2026, 1, 21)})
    assert (extended.status, period(extended)) == ("trialing", ("2026-01-01", "2026-01-21"))
    assert [one.amount for one in api.invoice_items.list({"pending": True}).data] == [-2100]
    advance(2026, 1, 21, 1)
    assert period(api.subscriptions.retrieve(subscription.id)) == ("2026-01-21", "2026-02-21")
    assert invoices()[-1].total == 1000


def test_prorations_can_be_reckoned_from_another_moment(api, subscribe, price, advance):
    subscription = subscribe(price(3100))
    advance(2026, 1, 21)
    item = subscription["items"].data[0]
    change = {"items": [{"id": item.id, "quantity": 2}], "proration_date": at(2026, 1, 11)}
    api.subscriptions.update(subscription.id, change)
    assert [one.amount for one in api.invoice_items.list({"pending": True}).data] == [4200, -2100]
    with pytest.raises(stripe.InvalidRequestError, match="current billing period"):
        api.subscriptions.update(subscription.id, {**change, "proration_date": at(2025, 12, 1)})


def test_a_subscription_takes_recurring_active_prices_of_one_currency_once(api, subscribe, price):
    one = price()
    dollars = price(currency="usd")
    with pytest.raises(stripe.InvalidRequestError, match="only supports `usd`"):
        subscribe(one, dollars)
    with pytest.raises(stripe.InvalidRequestError, match="same price"):
        subscribe(one, one)
    product = api.products.create({"name": "Once"})
    once = api.prices.create({"product": product.id, "currency": "eur", "unit_amount": 1})
    with pytest.raises(stripe.InvalidRequestError, match="type=recurring"):
        subscribe(once)
    api.prices.update(one.id, {"active": False})
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        subscribe(one)
