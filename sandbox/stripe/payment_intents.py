"""Payment intents: an amount to be collected, and the attempts to collect it."""

from typing import Any

from sandbox.stripe import charging, invoice_settling, payment_methods
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.money import charge_minimum, check_amount, check_currency
from sandbox.stripe.params import (
    ADDRESS,
    Form,
    Params,
    Parser,
    boolean,
    each,
    listing,
    metadata,
    nested,
    one_of,
    positive,
    short_text,
    span,
    text,
)
from sandbox.stripe.rows import Row, merged_metadata, new_metadata
from sandbox.stripe.store import Page

_FIELDS: dict[str, Parser] = {
    "customer": text,
    "description": short_text,
    "metadata": metadata,
    "payment_method": text,
    "receipt_email": text,
    "setup_future_usage": one_of("off_session", "on_session"),
    "shipping": nested({"address*": ADDRESS, "name*": text, "phone": text}),
    "statement_descriptor": text,
    "statement_descriptor_suffix": text,
    "transfer_group": text,
}
_CAPTURE_METHOD = one_of("automatic", "automatic_async", "manual")
CREATE = Form(
    {
        **_FIELDS,
        "amount*": positive,
        "currency*": text,
        "allowed_payment_method_types": each(text),
        "automatic_payment_methods": nested({"enabled*": boolean, "allow_redirects": one_of("always", "never")}),
        "capture_method": _CAPTURE_METHOD,
        "confirm": boolean,
        "confirmation_method": one_of("automatic", "manual"),
        "off_session": boolean,
        "return_url": text,
    }
)
UPDATE = Form({**_FIELDS, "amount": positive, "currency": text, "capture_method": _CAPTURE_METHOD})
CONFIRM = Form(
    {
        "payment_method": text,
        "off_session": boolean,
        "return_url": text,
        "receipt_email": text,
        "capture_method": _CAPTURE_METHOD,
    }
)
CAPTURE = Form({"amount_to_capture": positive, "metadata": metadata})
CANCEL = Form(
    {
        "cancellation_reason": one_of("abandoned", "duplicate", "fraudulent", "requested_by_customer"),
    }
)
LIST = listing({"created": span, "customer": text})

AMOUNT_MAX = 99_999_999
_BEFORE_CONFIRMATION = ("requires_payment_method", "requires_confirmation", "requires_action")


def create(account: Account, params: Params) -> Row:
    currency = check_currency(params["currency"])
    check_chargeable(params["amount"], currency)
    owner = account.store.named("customer", params["customer"], "customer") if params.get("customer") else None
    method = None
    if params.get("payment_method"):
        method = payment_methods.usable(account, params["payment_method"], owner, "payment_method")
    intent = new(account, params["amount"], currency, owner)
    intent |= {name: value for name, value in params.items() if name in _SHOWN}
    if "allowed_payment_method_types" in params:
        intent["payment_method_types"] = params["allowed_payment_method_types"] or ["card"]
    intent["metadata"] = new_metadata(params.get("metadata"))
    if method is not None:
        intent |= {"payment_method": method.id, "status": "requires_confirmation"}
    account.add(intent, "payment_intent.created")
    if params.get("confirm"):
        return confirm(account, {"off_session": params.get("off_session")}, intent.id)
    return intent


_SHOWN = frozenset(_FIELDS) - {"payment_method"} | {
    "automatic_payment_methods",
    "capture_method",
    "confirmation_method",
}


def new(account: Account, amount: int, currency: str, customer: Row | None) -> Row:
    """Not stored yet."""
    id_ = account.store.new_id("payment_intent")
    types = ["card", "sepa_debit"] if currency == "eur" else ["card"]
    return Row(
        {
            "id": id_,
            "object": "payment_intent",
            "amount": amount,
            "client_secret": f"{id_}_secret_{account.store.letters(24)}",
            "created": account.now(customer["test_clock"] if customer else None),
            "currency": currency,
            "customer": customer.id if customer else None,
            "payment_method_types": types,
        }
    )


def check_chargeable(amount: int, currency: str) -> None:
    check_amount(amount, currency)
    minimum = charge_minimum(currency)
    if amount < minimum:
        raise StripeError(
            f"Amount must be at least {minimum} {currency} in the smallest currency unit.",
            code="amount_too_small",
            param="amount",
        )
    if amount > AMOUNT_MAX:
        raise StripeError(
            f"Amount must be no more than {AMOUNT_MAX} {currency} in the smallest currency unit.",
            code="amount_too_large",
            param="amount",
        )


def retrieve(account: Account, _: Params, id_: str) -> Row:
    return account.store.get("payment_intent", id_, "intent")


def update(account: Account, params: Params, id_: str) -> Row:
    intent = retrieve(account, params, id_)
    if intent["status"] not in _BEFORE_CONFIRMATION:
        raise unexpected_state(account, intent, "updated")
    changes: dict[str, Any] = {name: value for name, value in params.items() if name in _SHOWN}
    if "amount" in params:
        check_chargeable(params["amount"], intent["currency"])
        changes["amount"] = params["amount"]
    if "metadata" in params:
        changes["metadata"] = merged_metadata(intent, params["metadata"])
    if params.get("payment_method"):
        owner = account.store.find("customer", params.get("customer") or intent["customer"] or "")
        method = payment_methods.usable(account, params["payment_method"], owner, "payment_method")
        changes |= {"payment_method": method.id, "status": "requires_confirmation"}
    return account.store.save(intent, **changes)


def confirm(account: Account, params: Params, id_: str) -> Row:
    intent = retrieve(account, params, id_)
    if intent["status"] not in _BEFORE_CONFIRMATION:
        raise unexpected_state(account, intent, "confirmed")
    owner = account.store.find("customer", intent["customer"] or "")
    wanted = params.get("payment_method") or intent["payment_method"]
    if not wanted:
        raise StripeError(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either "
            "update the PaymentIntent with a payment method and then confirm it again, or confirm it again "
            "directly with a payment method.",
            code="payment_intent_unexpected_state",
            payment_intent=account.show(intent),
        )
    method = payment_methods.usable(account, wanted, owner, "payment_method")
    if params.get("capture_method"):
        account.store.save(intent, capture_method=params["capture_method"])
    charging.attempt(
        account,
        intent,
        method,
        off_session=bool(params.get("off_session")),
        final=intent["capture_method"] != "manual",
    )
    if method["customer"] is None:
        account.store.save(method, _spent=True)
    if intent["status"] == "succeeded":
        invoice_settling.settle_invoices(account, intent)
    return intent


def capture(account: Account, params: Params, id_: str) -> Row:
    intent = retrieve(account, params, id_)
    if intent["status"] != "requires_capture":
        raise unexpected_state(account, intent, "captured")
    amount = params.get("amount_to_capture") or intent["amount"]
    if amount > intent["amount"]:
        raise StripeError(
            "The amount to capture is greater than what was authorised.",
            code="amount_too_large",
            param="amount_to_capture",
        )
    charging.capture(account, intent, account.store.get("charge", intent["latest_charge"]), amount)
    invoice_settling.settle_invoices(account, intent)
    return intent


def cancel(account: Account, params: Params, id_: str) -> Row:
    intent = retrieve(account, params, id_)
    if intent["status"] not in (*_BEFORE_CONFIRMATION, "requires_capture"):
        raise unexpected_state(account, intent, "canceled")
    if next(account.store.where("invoice_payment", "_payment", intent.id), None):
        raise StripeError(
            "You cannot cancel this PaymentIntent: it belongs to an invoice. Void the invoice instead.",
            code="payment_intent_unexpected_state",
            payment_intent=account.show(intent),
        )
    return charging.abandon(account, intent, params.get("cancellation_reason"))


def listed(account: Account, params: Params) -> Page:
    return account.store.page("payment_intent", params, {"customer": params.get("customer")})


def unexpected_state(account: Account, intent: Row, verb: str) -> StripeError:
    return StripeError(
        f"This PaymentIntent could not be {verb} because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        payment_intent=account.show(intent),
    )
