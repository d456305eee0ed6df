"""What becomes of a subscription that is not paid."""

from datetime import UTC, datetime

import pytest
import stripe


def at(year, month, day, hour=0):
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp())


def test_a_declined_first_payment_leaves_it_incomplete_and_then_expired(api, customer, subscribe, advance, invoices):
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
