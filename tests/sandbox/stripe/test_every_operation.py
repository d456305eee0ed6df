"""One story that asks every route by the official client, each answer held against the contract."""

import pytest
import requests
import stripe

from sandbox.stripe.routes import ROUTES

DAY = 86_400


@pytest.fixture
def outside(base_url):
    def post(noun, **wanted):
        return requests.post(f"{base_url}/_sandbox/{noun}", json=wanted, timeout=10).json()

    return post


def test_the_official_client_drives_every_route(api, vendor, outside):
    account(api)
    customer = customers(api)
    plan, setup, tax = catalogue(api)
    promotions(api)
    usage(api, customer)
    payments(api, customer)
    invoice = invoices(api, customer, setup, tax)
    credit(api, invoice)
    subscriptions(api, customer, plan)
    quotes(api, customer, plan)
    money_back(api, outside, vendor)
    clocks(api)
    webhooks(api)
    searches(api)
    api.customers.delete(api.customers.create({}).id)
    assert [f"{route.method} {route.path}" for route in ROUTES if route not in vendor.driven] == []


def searches(api):
    for kind in ("charges", "customers", "invoices", "payment_intents", "prices", "products", "subscriptions"):
        assert getattr(api, kind).search({"query": "metadata['hub']:'nobody'"}).data == []


def account(api):
    api.accounts.retrieve(api.accounts.retrieve_current().id)
    api.balance.retrieve()


def customers(api):
    customer = api.customers.create({"name": "Acme", "email": "books@acme.example"})
    method = api.payment_methods.attach("pm_card_bypassPending", {"customer": customer.id})
    api.customers.update(customer.id, {"invoice_settings": {"default_payment_method": method.id}})
    assert api.customers.list({"email": "books@acme.example"}).data[0].id == api.customers.retrieve(customer.id).id
    moved = api.customers.balance_transactions.create(customer.id, {"amount": -100, "currency": "eur"})
    api.customers.balance_transactions.update(customer.id, moved.id, {"description": "welcome"})
    listed = api.customers.balance_transactions.list(customer.id).data
    assert listed[0].description == api.customers.balance_transactions.retrieve(customer.id, moved.id).description
    tax_id = api.customers.tax_ids.create(customer.id, {"type": "eu_vat", "value": "DE123456789"})
    assert api.customers.tax_ids.retrieve(customer.id, tax_id.id).value == "DE123456789"
    assert len(api.customers.tax_ids.list(customer.id).data) == 1
    api.customers.tax_ids.delete(customer.id, tax_id.id)
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    other = api.payment_methods.create({"type": "card", "card": card})
    api.payment_methods.attach(other.id, {"customer": customer.id})
    api.payment_methods.update(other.id, {"metadata": {"hub": "1"}})
    assert api.payment_methods.retrieve(other.id).metadata["hub"] == "1"
    assert len(api.payment_methods.list({"customer": customer.id}).data) == 2
    assert len(api.customers.payment_methods.list(customer.id).data) == 2
    assert api.customers.payment_methods.retrieve(customer.id, other.id).id == other.id
    assert api.payment_methods.detach(other.id).customer is None
    return customer.id


def catalogue(api):
    product = api.products.create({"name": "Plan"})
    api.products.update(product.id, {"description": "All of it"})
    assert api.products.list().data[0].description == api.products.retrieve(product.id).description
    api.products.delete(api.products.create({"name": "None"}).id)
    plan = api.prices.create(
        {"product": product.id, "currency": "eur", "unit_amount": 1000, "recurring": {"interval": "month"}}
    )
    setup = api.prices.create({"product": product.id, "currency": "eur", "unit_amount": 5000})
    api.prices.update(plan.id, {"nickname": "monthly"})
    assert api.prices.retrieve(plan.id).nickname == "monthly"
    assert len(api.prices.list({"product": product.id}).data) == 2
    tax = api.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
    api.tax_rates.update(tax.id, {"description": "German"})
    assert api.tax_rates.list().data[0].description == api.tax_rates.retrieve(tax.id).description
    return plan.id, setup.id, tax.id


def promotions(api):
    coupon = api.coupons.create({"percent_off": 10, "duration": "forever"})
    api.coupons.update(coupon.id, {"name": "Ten"})
    assert api.coupons.list().data[0].name == api.coupons.retrieve(coupon.id).name
    code = api.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "TEN"})
    api.promotion_codes.update(code.id, {"active": False})
    assert api.promotion_codes.list({"code": "TEN"}).data[0].active == api.promotion_codes.retrieve(code.id).active
    api.coupons.delete(coupon.id)


def usage(api, customer):
    meter = api.billing.meters.create(
        {"display_name": "Calls", "event_name": "call", "default_aggregation": {"formula": "sum"}}
    )
    api.billing.meters.update(meter.id, {"display_name": "API calls"})
    assert api.billing.meters.list().data[0].display_name == api.billing.meters.retrieve(meter.id).display_name
    payload = {"stripe_customer_id": customer, "value": "3"}
    api.billing.meter_events.create({"event_name": "call", "payload": payload})
    now = meter.created // 60 * 60
    span = {"customer": customer, "start_time": now - 60, "end_time": now + 600}
    assert api.billing.meters.event_summaries.list(meter.id, span).data[0].aggregated_value == 3
    api.billing.meters.deactivate(meter.id)
    assert api.billing.meters.reactivate(meter.id).status == "active"


def payments(api, customer):
    def intent(**params):
        return api.payment_intents.create({"amount": 500, "currency": "eur", "customer": customer, **params}).id

    first = intent()
    api.payment_intents.update(first, {"payment_method": "pm_card_visa"})
    assert api.payment_intents.confirm(first).status == api.payment_intents.retrieve(first).status == "succeeded"
    held = intent(payment_method="pm_card_visa", confirm=True, capture_method="manual")
    assert api.payment_intents.capture(held).amount_received == 500
    assert api.payment_intents.cancel(intent()).status == "canceled"
    assert len(api.payment_intents.list({"customer": customer}).data) == 3
    charge = api.charges.list({"customer": customer}).data[0].id
    api.charges.update(charge, {"description": "by hand"})
    assert api.charges.retrieve(charge).description == "by hand"


def invoices(api, customer, price, tax):
    def draft(**params):
        made = api.invoices.create({"customer": customer, "currency": "eur", **params}).id
        line = {"customer": customer, "invoice": made, "pricing": {"price": price}, "tax_rates": [tax]}
        return made, api.invoice_items.create(line).id

    invoice, item = draft()
    api.invoice_items.update(item, {"quantity": 2})
    assert api.invoice_items.retrieve(item).quantity == 2
    api.invoice_items.list({"invoice": invoice})
    api.invoice_items.delete(api.invoice_items.create({"customer": customer, "amount": 5, "currency": "eur"}).id)
    api.invoices.add_lines(invoice, {"lines": [{"amount": 700, "description": "extra"}]})
    lines = api.invoices.line_items.list(invoice).data
    extra = next(line for line in lines if line.description == "extra")
    api.invoices.line_items.update(invoice, extra.id, {"amount": 800})
    api.invoices.update_lines(invoice, {"lines": [{"id": extra.id, "amount": 900}]})
    api.invoices.remove_lines(invoice, {"lines": [{"id": extra.id, "behavior": "delete"}]})
    api.invoices.update(invoice, {"description": "Setup"})
    api.invoices.create_preview({"customer": customer, "invoice_items": [{"amount": 100, "currency": "eur"}]})
    api.invoices.finalize_invoice(invoice)
    assert api.invoices.pay(invoice).status == api.invoices.retrieve(invoice).status == "paid"
    payment = api.invoice_payments.list({"invoice": invoice}).data[0]
    assert api.invoice_payments.retrieve(payment.id).status == "paid"
    void, written_off, sent, attached = (draft()[0] for _ in range(4))
    for one in (void, written_off, attached):
        api.invoices.finalize_invoice(one)
    assert api.invoices.void_invoice(void).status == "void"
    assert api.invoices.mark_uncollectible(written_off).status == "uncollectible"
    api.invoices.pay(written_off, {"paid_out_of_band": True})
    api.invoices.send_invoice(sent)
    beside = {"amount": 1000, "currency": "eur", "customer": customer, "payment_method": "pm_card_visa"}
    intent = api.payment_intents.create({**beside, "confirm": True}).id
    assert api.invoices.attach_payment(attached, {"payment_intent": intent}).amount_paid == 1000
    api.invoices.delete(draft()[0])
    assert api.invoices.list({"status": "void"}).data[0].id == void
    return invoice


def credit(api, invoice):
    given = {"invoice": invoice, "amount": 500, "credit_amount": 500}
    assert api.credit_notes.preview(given).post_payment_amount == 500
    assert len(api.credit_notes.preview_lines.list(given).data) == 1
    note = api.credit_notes.create(given)
    api.credit_notes.update(note.id, {"memo": "sorry"})
    assert api.credit_notes.list({"invoice": invoice}).data[0].memo == api.credit_notes.retrieve(note.id).memo
    assert len(api.credit_notes.line_items.list(note.id).data) == 1
    open_ = next(one.id for one in api.invoices.list({"status": "open"}).data)
    early = api.credit_notes.create({"invoice": open_, "amount": 100})
    assert api.credit_notes.void_credit_note(early.id).status == "void"


def subscriptions(api, customer, plan):
    coupon = api.coupons.create({"percent_off": 10, "duration": "forever"}).id
    made = api.subscriptions.create(
        {"customer": customer, "items": [{"price": plan}], "discounts": [{"coupon": coupon}]}
    ).id
    api.subscriptions.update(made, {"description": "All of it"})
    assert api.subscriptions.list({"customer": customer}).data[0].id == api.subscriptions.retrieve(made).id
    item = api.subscription_items.list({"subscription": made}).data[0].id
    api.subscription_items.update(item, {"quantity": 2})
    assert api.subscription_items.retrieve(item).quantity == 2
    product = api.products.create({"name": "More"}).id
    monthly = {"product": product, "currency": "eur", "unit_amount": 300, "recurring": {"interval": "month"}}
    more = api.subscription_items.create({"subscription": made, "price": api.prices.create(monthly).id})
    api.subscription_items.delete(more.id)
    api.subscriptions.delete_discount(made)
    assert api.subscriptions.pause(made, {"type": "subscription"}).status == "paused"
    api.subscriptions.resume(made)
    assert api.subscriptions.cancel(made).status == "canceled"


def quotes(api, customer, plan):
    def quote():
        return api.quotes.create({"customer": customer, "line_items": [{"price": plan}]}).id

    made = quote()
    api.quotes.update(made, {"description": "Offer"})
    assert len(api.quotes.line_items.list(made).data) == 1
    assert len(api.quotes.computed_upfront_line_items.list(made).data) == 1
    api.quotes.finalize_quote(made)
    assert api.quotes.accept(made).status == api.quotes.retrieve(made).status == "accepted"
    assert api.quotes.cancel(quote()).status == "canceled"
    assert len(api.quotes.list({"customer": customer}).data) == 2


def money_back(api, outside, vendor):
    charge = next(one for one in api.charges.list({"limit": 100}).data if one.paid and not one.disputed)
    refund = api.refunds.create({"charge": charge.id, "amount": 100})
    api.refunds.update(refund.id, {"metadata": {"hub": "1"}})
    assert api.refunds.list({"charge": charge.id}).data[0].id == api.refunds.retrieve(refund.id).id
    with pytest.raises(stripe.InvalidRequestError):
        api.refunds.cancel(refund.id)
    first, second = (
        outside("disputes", charge=one.id)["id"]
        for one in [one for one in api.charges.list({"limit": 100}).data if one.paid and not one.refunded][:2]
    )
    api.disputes.update(first, {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert api.disputes.retrieve(first).status == "won"
    assert api.disputes.close(second).status == "lost"
    assert len(api.disputes.list().data) == 2
    vendor.clock.move_to_offset(3 * DAY)
    manual = api.payouts.create({"amount": 100, "currency": "eur"}).id
    api.payouts.update(manual, {"metadata": {"hub": "1"}})
    assert api.payouts.cancel(manual).status == "canceled"
    automatic = outside("payouts", currency="eur")["id"]
    assert api.payouts.list().data[0].id == api.payouts.retrieve(automatic).id
    components = api.balance_transactions.list({"payout": automatic, "limit": 100}).data
    assert sum(one.net for one in components if one.type != "payout") == api.payouts.retrieve(automatic).amount
    assert api.balance_transactions.retrieve(components[0].id).id == components[0].id


def clocks(api):
    clock = api.test_helpers.test_clocks.create({"frozen_time": 1_767_225_600}).id
    api.test_helpers.test_clocks.advance(clock, {"frozen_time": 1_767_225_600 + DAY})
    assert api.test_helpers.test_clocks.list().data[0].id == api.test_helpers.test_clocks.retrieve(clock).id
    api.test_helpers.test_clocks.delete(clock)


def webhooks(api):
    endpoint = api.webhook_endpoints.create({"url": "http://127.0.0.1:9/x", "enabled_events": ["payout.paid"]}).id
    api.webhook_endpoints.update(endpoint, {"description": "Hub"})
    assert api.webhook_endpoints.list().data[0].id == api.webhook_endpoints.retrieve(endpoint).id
    api.webhook_endpoints.delete(endpoint)
    event = api.events.list({"type": "invoice.paid"}).data[0]
    assert api.events.retrieve(event.id).type == "invoice.paid"
