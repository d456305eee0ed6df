import pytest
import stripe


@pytest.fixture
def intent(api, customer):
    def make(amount=5000, currency="eur", **params):
        return api.payment_intents.create({"amount": amount, "currency": currency, "customer": customer.id, **params})

    return make


def test_an_intent_goes_from_method_to_confirmation_to_success(api, intent, customer):
    made = intent()
    assert made.status == "requires_payment_method"
    method = api.payment_methods.list({"customer": customer.id}).data[0]
    made = api.payment_intents.update(made.id, {"payment_method": method.id})
    assert made.status == "requires_confirmation"
    done = api.payment_intents.confirm(made.id)
    assert (done.status, done.amount_received) == ("succeeded", 5000)
    charge = api.charges.retrieve(done.latest_charge)
    assert (charge.status, charge.captured, charge.payment_intent) == ("succeeded", True, made.id)
    assert intent(payment_method="pm_card_visa").status == "requires_confirmation"


def test_an_intent_can_be_confirmed_as_it_is_made(intent):
    assert intent(payment_method="pm_card_visa", confirm=True).status == "succeeded"


def test_nothing_is_confirmed_without_a_method_or_twice(api, intent):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.payment_intents.confirm(intent().id)
    assert refused.value.code == "payment_intent_unexpected_state"
    done = intent(payment_method="pm_card_visa", confirm=True)
    for act in (api.payment_intents.confirm, api.payment_intents.cancel, api.payment_intents.capture):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            act(done.id)
        assert refused.value.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
        ("pm_card_chargeDeclinedFraudulent", "card_declined", "fraudulent"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", None),
    ],
)
def test_test_cards_are_declined_as_they_say(*, api, intent, card, code, decline_code):
    with pytest.raises(stripe.CardError) as declined:
        intent(payment_method=card, confirm=True)
    error = declined.value.error
    assert (declined.value.http_status, error.type, error.code) == (402, "card_error", code)
    assert error.to_dict().get("decline_code") == decline_code
    after = api.payment_intents.retrieve(error.payment_intent.id)
    assert (after.status, after.last_payment_error.code) == ("requires_payment_method", code)
    charge = api.charges.retrieve(after.latest_charge)
    assert (charge.status, charge.paid, charge.failure_code) == ("failed", False, code)
    assert api.balance_transactions.list().data == []


def test_a_declined_intent_can_be_tried_again(api, intent):
    with pytest.raises(stripe.CardError) as declined:
        intent(payment_method="pm_card_visa_chargeDeclined", confirm=True)
    id_ = declined.value.error.payment_intent.id
    assert api.payment_intents.confirm(id_, {"payment_method": "pm_card_visa"}).status == "succeeded"


def test_a_card_may_ask_for_authentication(api, intent):
    on_session = intent(payment_method="pm_card_authenticationRequired", confirm=True)
    assert (on_session.status, on_session.next_action.type) == ("requires_action", "use_stripe_sdk")
    with pytest.raises(stripe.CardError) as declined:
        intent(payment_method="pm_card_authenticationRequired", confirm=True, off_session=True)
    assert declined.value.code == "authentication_required"


def test_a_card_that_declines_cannot_be_attached(api, customer):
    with pytest.raises(stripe.CardError):
        api.payment_methods.attach("pm_card_visa_chargeDeclined", {"customer": customer.id})


def test_capture_may_wait_and_take_less(api, intent):
    held = intent(payment_method="pm_card_visa", confirm=True, capture_method="manual")
    assert (held.status, held.amount_capturable, held.amount_received) == ("requires_capture", 5000, 0)
    assert api.balance_transactions.list().data == []
    with pytest.raises(stripe.InvalidRequestError):
        api.payment_intents.capture(held.id, {"amount_to_capture": 5001})
    done = api.payment_intents.capture(held.id, {"amount_to_capture": 3000})
    assert (done.status, done.amount_received, done.amount_capturable) == ("succeeded", 3000, 0)
    charge = api.charges.retrieve(done.latest_charge)
    assert (charge.amount_captured, charge.amount_refunded) == (3000, 2000)
    assert api.balance_transactions.list().data[0].amount == 3000


def test_an_intent_can_be_given_up(api, intent):
    gone = api.payment_intents.cancel(intent().id, {"cancellation_reason": "abandoned"})
    assert (gone.status, gone.cancellation_reason) == ("canceled", "abandoned")


@pytest.mark.parametrize(("currency", "amount"), [("eur", 49), ("jpy", 49), ("gbp", 29), ("kwd", 140)])
def test_what_is_below_the_minimum_is_refused(intent, currency, amount):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        intent(amount, currency)
    assert refused.value.code == "amount_too_small"


def test_an_intent_has_at_most_eight_digits(intent):
    assert intent(99_999_999).amount == 99_999_999
    with pytest.raises(stripe.InvalidRequestError) as refused:
        intent(100_000_000)
    assert refused.value.code == "amount_too_large"


@pytest.mark.parametrize(("currency", "amount"), [("isk", 12_345), ("ugx", 12_345), ("kwd", 12_345)])
def test_currencies_without_small_coins_take_round_amounts(intent, currency, amount):
    with pytest.raises(stripe.InvalidRequestError, match="divisible"):
        intent(amount, currency)


def test_a_method_used_once_without_a_customer_is_spent(api, intent):
    made = api.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    assert intent(payment_method=made.id, confirm=True).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        intent(payment_method=made.id, confirm=True)


def test_a_method_of_another_customer_cannot_be_used(api, intent):
    other = api.customers.create({})
    theirs = api.payment_methods.attach("pm_card_visa", {"customer": other.id})
    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        intent(payment_method=theirs.id)


def test_detaching_takes_the_default_away(api, customer):
    method = api.payment_methods.list({"customer": customer.id}).data[0]
    assert api.payment_methods.detach(method.id).customer is None
    assert api.customers.retrieve(customer.id).invoice_settings.default_payment_method is None
    assert api.customers.payment_methods.list(customer.id).data == []
    with pytest.raises(stripe.InvalidRequestError, match="not attached"):
        api.payment_methods.detach(method.id)


def test_cards_are_known_by_number_too(api):
    card = {"number": "4242 4242 4242 4242", "exp_month": 5, "exp_year": 2031, "cvc": "123"}
    made = api.payment_methods.create({"type": "card", "card": card, "billing_details": {"name": "Ada"}})
    assert (made.card.last4, made.card.exp_month, made.billing_details.name) == ("4242", 5, "Ada")
    with pytest.raises(stripe.CardError) as refused:
        api.payment_methods.create({"type": "card", "card": {**card, "number": "4242424242424241"}})
    assert refused.value.code == "incorrect_number"


def test_some_money_is_available_at_once(api, intent):
    done = intent(10_000, payment_method="pm_card_bypassPending", confirm=True)
    charge = api.charges.retrieve(done.latest_charge, {"expand": ["balance_transaction"]})
    assert charge.balance_transaction.status == "available"
    assert {one.currency: one.amount for one in api.balance.retrieve().available}["eur"] == 9825


def test_a_charge_can_be_annotated(api, intent):
    charge = intent(payment_method="pm_card_visa", confirm=True).latest_charge
    changed = api.charges.update(charge, {"metadata": {"hub": "1"}, "description": "Order 7"})
    assert (changed.metadata["hub"], changed.description) == ("1", "Order 7")
    assert [one.id for one in api.charges.list({"payment_intent": changed.payment_intent}).data] == [charge]


def test_a_refund_names_one_payment_that_has_been_made(api, intent):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.refunds.create({"amount": 100})
    assert refused.value.code == "parameter_missing"
    done = intent(payment_method="pm_card_visa", confirm=True)
    with pytest.raises(stripe.InvalidRequestError):
        api.refunds.create({"payment_intent": done.id, "charge": done.latest_charge})
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        api.refunds.create({"payment_intent": intent().id})
    held = intent(payment_method="pm_card_visa", confirm=True, capture_method="manual")
    with pytest.raises(stripe.InvalidRequestError, match="has not been captured"):
        api.refunds.create({"charge": held.latest_charge})
