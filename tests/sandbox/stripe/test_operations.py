"""The plain reads and annotations, driven by the official client like everything else."""

import pytest
import stripe


@pytest.fixture
def charge(api, customer):
    done = api.payment_intents.create(
        {
            "amount": 5000,
            "currency": "eur",
            "customer": customer.id,
            "payment_method": "pm_card_bypassPending",
            "confirm": True,
        }
    )
    return api.charges.retrieve(done.latest_charge)


def test_refunds_are_listed_and_annotated_but_not_canceled(api, charge):
    refund = api.refunds.create({"charge": charge.id, "amount": 100, "metadata": {"hub": "1"}})
    assert refund.metadata["hub"] == "1"
    assert api.refunds.update(refund.id, {"metadata": {"hub": "2"}}).metadata["hub"] == "2"
    assert [one.id for one in api.refunds.list({"charge": charge.id}).data] == [refund.id]
    with pytest.raises(stripe.InvalidRequestError, match="require action"):
        api.refunds.cancel(refund.id)


def test_payouts_are_listed_and_annotated(api, charge):
    payout = api.payouts.create({"amount": 1000, "currency": "eur"})
    assert api.payouts.update(payout.id, {"metadata": {"hub": "1"}}).metadata["hub"] == "1"
    assert [one.id for one in api.payouts.list({"status": "pending"}).data] == [payout.id]
    assert [one.id for one in api.payouts.list({"arrival_date": {"gt": payout.created}}).data] == [payout.id]
    assert api.payouts.list({"arrival_date": {"lt": payout.created}}).data == []


def test_coupons_codes_and_rates_are_read(api):
    coupon = api.coupons.create({"percent_off": 10})
    assert [one.id for one in api.coupons.list().data] == [coupon.id]
    code = api.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}})
    shown = api.promotion_codes.retrieve(code.id, {"expand": ["promotion.coupon"]})
    assert shown.promotion.coupon.percent_off == 10
    rate = api.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": True})
    assert api.tax_rates.retrieve(rate.id).inclusive


def test_payment_methods_are_read_and_annotated(api, customer):
    method = api.customers.payment_methods.list(customer.id).data[0]
    assert api.payment_methods.retrieve(method.id).customer == customer.id
    assert api.customers.payment_methods.retrieve(customer.id, method.id).id == method.id
    changed = api.payment_methods.update(method.id, {"billing_details": {"name": "Ada"}, "card": {"exp_year": 2040}})
    assert (changed.billing_details.name, changed.card.exp_year) == ("Ada", 2040)
    with pytest.raises(stripe.InvalidRequestError, match="No such payment_method"):
        api.customers.payment_methods.retrieve(api.customers.create({}).id, method.id)


def test_invoice_payments_and_credit_notes_are_read(api, customer):
    draft = api.invoices.create({"customer": customer.id, "currency": "eur"})
    api.invoice_items.create({"customer": customer.id, "invoice": draft.id, "amount": 500})
    api.invoices.finalize_invoice(draft.id)
    payment = api.invoice_payments.list({"invoice": draft.id}).data[0]
    assert api.invoice_payments.retrieve(payment.id, {"expand": ["invoice"]}).invoice.id == draft.id
    note = api.credit_notes.create({"invoice": draft.id, "amount": 100})
    assert api.credit_notes.retrieve(note.id).number == note.number


def test_meters_clocks_items_and_endpoints_are_read(api, customer):
    meter = api.billing.meters.create(
        {"display_name": "Calls", "event_name": "call", "default_aggregation": {"formula": "sum"}}
    )
    assert api.billing.meters.update(meter.id, {"display_name": "API calls"}).display_name == "API calls"
    assert api.billing.meters.retrieve(meter.id).display_name == "API calls"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.billing.meters.create(
            {"display_name": "Calls", "event_name": "call", "default_aggregation": {"formula": "sum"}}
        )
    assert refused.value.code == "resource_already_exists"
    clock = api.test_helpers.test_clocks.create({"frozen_time": 1_767_225_600, "name": "Year"})
    assert [one.name for one in api.test_helpers.test_clocks.list().data] == [clock.name]
    product = api.products.create({"name": "Plan"})
    price = api.prices.create(
        {"product": product.id, "currency": "eur", "unit_amount": 100, "recurring": {"interval": "month"}}
    )
    subscription = api.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})
    item = api.subscription_items.list({"subscription": subscription.id}).data[0]
    shown = api.subscription_items.retrieve(item.id)
    assert (shown.price.id, shown.plan.amount, shown.plan.interval) == (price.id, 100, "month")
    endpoint = api.webhook_endpoints.create({"url": "http://127.0.0.1:9/x", "enabled_events": ["invoice.paid"]})
    assert [one.id for one in api.webhook_endpoints.list().data] == [endpoint.id]
    changed = api.webhook_endpoints.update(endpoint.id, {"url": "http://127.0.0.1:9/y", "description": "Hub"})
    assert (changed.url, changed.description) == ("http://127.0.0.1:9/y", "Hub")


def test_the_upfront_lines_of_a_quote_are_read(api, customer):
    product = api.products.create({"name": "Plan"})
    price = api.prices.create({"product": product.id, "currency": "eur", "unit_amount": 100})
    quote = api.quotes.create({"customer": customer.id, "line_items": [{"price": price.id}]})
    lines = api.quotes.computed_upfront_line_items.list(quote.id).data
    assert [line.amount_total for line in lines] == [100]
