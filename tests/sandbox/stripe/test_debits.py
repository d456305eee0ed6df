"""SEPA Direct Debit: the money is under way first, and arrives or is refused later."""

import pytest
import stripe

DAY = 86_400


@pytest.fixture
def billed(api, customer):
    """An open invoice that is paid from the bank account of this name, and what pays it."""

    def make(account="pm_successDelayed_de", **params):
        invoice = api.invoices.create({"customer": customer.id, "currency": "eur", **params})
        api.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": 10_000, "currency": "eur"})
        method = api.payment_methods.attach(account, {"customer": customer.id})
        invoice = api.invoices.pay(invoice.id, {"payment_method": method.id})
        return invoice, api.payment_intents.list({"limit": 1}).data[0]

    return make


@pytest.fixture
def later(vendor, api):
    def move(seconds):
        vendor.clock.move_to_offset(seconds)
        api.balance.retrieve()

    return move


def told(events, *wanted):
    return [type_ for type_, _ in events() if type_ in wanted]


def test_a_debit_is_under_way_before_its_money_arrives(api, billed, later, events):
    invoice, intent = billed()
    charge = api.charges.retrieve(intent.latest_charge)
    assert (intent.status, charge.status, charge.paid, charge.balance_transaction) == (
        "processing",
        "pending",
        False,
        None,
    )
    assert charge.id.startswith("py_")
    assert charge.payment_method_details.type == "sepa_debit"
    assert charge.payment_method_details.sepa_debit.last4 == "3003"
    assert (invoice.status, invoice.amount_remaining, invoice.attempted) == ("open", 10_000, True)
    later(120)
    assert api.payment_intents.retrieve(intent.id).status == "processing"
    later(180)
    assert api.payment_intents.retrieve(intent.id).status == "succeeded"
    assert api.invoices.retrieve(invoice.id).status == "paid"
    charge = api.charges.retrieve(charge.id)
    assert (charge.status, charge.paid) == ("succeeded", True)
    moved = api.balance_transactions.retrieve(charge.balance_transaction)
    assert (moved.type, moved.reporting_category) == ("payment", "charge")
    assert (moved.amount, moved.fee, moved.net) == (10_000, 35, 9_965)
    wanted = ["charge.pending", "payment_intent.processing", "charge.succeeded", "payment_intent.succeeded"]
    assert told(events, *wanted) == wanted


def test_a_debit_may_succeed_soon(api, billed):
    invoice, intent = billed("pm_success_de")
    assert intent.status in ("processing", "succeeded")
    assert api.invoices.retrieve(invoice.id).status == "paid"


@pytest.mark.parametrize(
    ("account", "code"),
    [
        ("pm_failed_de", "payment_method_provider_decline"),
        ("pm_insufficientFunds_de", "insufficient_funds"),
        ("pm_exceedsWeeklyVolumeLimit_de", "charge_exceeds_source_limit"),
        ("pm_exceedsWeeklyTransactionLimit_de", "charge_exceeds_weekly_limit"),
    ],
)
def test_a_bank_may_refuse_a_debit_later_for_its_reason(api, billed, events, account, code):
    invoice, intent = billed(account)
    api.balance.retrieve()
    intent = api.payment_intents.retrieve(intent.id)
    assert (intent.status, intent.last_payment_error.code) == ("requires_payment_method", code)
    charge = api.charges.retrieve(intent.latest_charge)
    assert (charge.status, charge.failure_code, charge.captured) == ("failed", code, False)
    invoice = api.invoices.retrieve(invoice.id)
    assert (invoice.status, invoice.amount_remaining, invoice.attempt_count) == ("open", 10_000, 1)
    wanted = ["charge.pending", "charge.failed", "payment_intent.payment_failed", "invoice.payment_failed"]
    assert told(events, *wanted) == wanted
    assert list(api.balance_transactions.list().data) == []


def test_what_was_refused_later_can_be_paid_another_way(api, billed, later):
    invoice, _ = billed("pm_failedDelayed_de")
    later(180)
    assert api.invoices.pay(invoice.id).status == "paid"


def test_while_a_debit_is_under_way_its_invoice_is_not_paid_again_nor_taken_back(api, billed, later):
    invoice, intent = billed()
    for forbidden in (
        lambda: api.invoices.pay(invoice.id),
        lambda: api.invoices.pay(invoice.id, {"paid_out_of_band": True}),
        lambda: api.invoices.void_invoice(invoice.id),
        lambda: api.payment_intents.cancel(intent.id),
        lambda: api.payment_intents.confirm(intent.id),
        lambda: api.payment_intents.update(intent.id, {"amount": 5}),
        lambda: api.refunds.create({"payment_intent": intent.id}),
        lambda: api.refunds.create({"charge": intent.latest_charge}),
    ):
        with pytest.raises(stripe.InvalidRequestError):
            forbidden()
    later(180)
    assert api.invoices.retrieve(invoice.id).status == "paid"


def test_a_credit_note_while_a_debit_is_under_way_leaves_its_amount_alone(api, billed, later, customer):
    invoice, intent = billed()
    api.credit_notes.create({"invoice": invoice.id, "amount": 4_000})
    assert api.payment_intents.retrieve(intent.id).amount == 10_000
    later(180)
    invoice = api.invoices.retrieve(invoice.id)
    assert (invoice.status, invoice.amount_paid, invoice.amount_overpaid) == ("paid", 6_000, 4_000)
    assert api.customers.retrieve(customer.id).balance == -4_000


def test_an_automatic_invoice_whose_debit_failed_later_is_tried_again(api, billed, later):
    invoice, _ = billed("pm_failedDelayed_de", auto_advance=True)
    later(180)
    invoice = api.invoices.retrieve(invoice.id)
    assert (invoice.attempt_count, invoice.next_payment_attempt - invoice.created >= 3 * DAY) == (1, True)
    later(4 * DAY)
    assert api.invoices.retrieve(invoice.id).status == "paid", "with the customer's card"


def test_a_disputed_debit_is_lost_at_once(api, billed, events):
    _, intent = billed("pm_disputed_de")
    api.balance.retrieve()
    dispute = api.disputes.list({"payment_intent": intent.id}).data[0]
    assert (dispute.status, dispute.reason, dispute.payment_method_details) == ("lost", "debit_not_authorized", None)
    assert [moved.amount for moved in dispute.balance_transactions] == [-10_000]
    wanted = ["charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed"]
    assert told(events, *wanted) == wanted


def test_a_debit_is_given_back_by_a_refund_of_its_own_kind(api, billed, later):
    _, intent = billed("pm_success_de")
    later(1)
    refund = api.refunds.create({"payment_intent": intent.id, "amount": 4_000})
    assert (refund.status, refund.id.partition("_")[0]) == ("pending", "pyr")
    assert api.balance_transactions.retrieve(refund.balance_transaction).type == "payment_refund"
    later(8 * DAY)
    assert api.refunds.retrieve(refund.id).status == "succeeded"
    found = api.balance_transactions.list({"type": "payment_refund"}).data
    assert [moved.source for moved in found] == [refund.id]


def test_debits_are_in_euros_and_where_they_are_allowed(api, customer):
    def attempt(**wanted):
        params = {"amount": 5_000, "currency": "eur", "customer": customer.id, "confirm": True, **wanted}
        return api.payment_intents.create({**params, "payment_method": "pm_success_de"})

    assert attempt().status == "processing"
    dollars = {"currency": "usd"}
    only = {name: {"allowed_payment_method_types": [name]} for name in ("card", "sepa_debit")}
    for wanted in (dollars, only["card"], dollars | only["sepa_debit"]):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            attempt(**wanted)
        assert refused.value.code == "payment_intent_incompatible_payment_method"
    with pytest.raises(stripe.InvalidRequestError, match="cannot be captured later"):
        attempt(capture_method="manual")


def test_bank_accounts_are_known_by_iban_too(api):
    payer = {"name": "Ada", "email": "ada@books.example"}
    params = {"type": "sepa_debit", "sepa_debit": {"iban": "DE89 3704 0044 0532 0130 00"}, "billing_details": payer}
    made = api.payment_methods.create(params)
    assert (made.type, made.sepa_debit.country, made.sepa_debit.bank_code) == ("sepa_debit", "DE", "37040044")
    for wrong, param in (
        ({"sepa_debit": {"iban": "DE00"}}, "sepa_debit[iban]"),
        ({"billing_details": {"name": "Ada"}}, "billing_details[email]"),
        ({"type": "card"}, "card"),
    ):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            api.payment_methods.create({**params, **wrong})
        assert refused.value.param == param
    assert api.payment_methods.retrieve("pm_failed_de").sepa_debit.last4 == "3001"


@pytest.fixture
def subscribed(api, customer):
    def make(account):
        product = api.products.create({"name": "Plan"})
        price = api.prices.create(
            {"product": product.id, "currency": "eur", "unit_amount": 3_000, "recurring": {"interval": "month"}}
        )
        method = api.payment_methods.attach(account, {"customer": customer.id})
        return api.subscriptions.create(
            {"customer": customer.id, "items": [{"price": price.id}], "default_payment_method": method.id}
        )

    return make


def test_a_subscription_begins_while_its_first_debit_is_under_way(api, subscribed, later):
    subscription = subscribed("pm_successDelayed_de")
    assert subscription.status == "active"
    assert api.invoices.retrieve(subscription.latest_invoice).status == "open"
    later(180)
    assert api.invoices.retrieve(subscription.latest_invoice).status == "paid"


def test_it_is_past_due_when_that_debit_fails(api, subscribed, later):
    subscription = subscribed("pm_failedDelayed_de")
    later(180)
    assert api.subscriptions.retrieve(subscription.id).status == "past_due"


def test_the_debit_of_a_customer_on_a_test_clock_arrives_by_that_clock(api):
    clock = api.test_helpers.test_clocks.create({"frozen_time": 1_780_000_000})
    customer = api.customers.create({"name": "Ada", "test_clock": clock.id})
    method = api.payment_methods.attach("pm_successDelayed_de", {"customer": customer.id})
    invoice = api.invoices.create({"customer": customer.id, "currency": "eur"})
    api.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": 500, "currency": "eur"})
    assert api.invoices.pay(invoice.id, {"payment_method": method.id}).status == "open"
    api.test_helpers.test_clocks.advance(clock.id, {"frozen_time": 1_780_000_180})
    paid = api.invoices.retrieve(invoice.id)
    assert (paid.status, paid.status_transitions.paid_at) == ("paid", 1_780_000_180)
