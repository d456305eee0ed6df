"""Payment methods: cards by test name, attached to customers or used once."""

from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.cards import CARDS, NUMBERS, Card
from sandbox.stripe.errors import StripeError, no_such
from sandbox.stripe.params import (
    ADDRESS,
    Form,
    Params,
    Parser,
    integer,
    listing,
    metadata,
    nested,
    one_of,
    short_text,
    text,
)
from sandbox.stripe.rows import Row, merged_metadata, new_metadata
from sandbox.stripe.store import Page

_BILLING_DETAILS = nested({"address": ADDRESS, "email": short_text, "name": short_text, "phone": text, "tax_id": text})
_FIELDS: dict[str, Parser] = {
    "allow_redisplay": one_of("always", "limited", "unspecified"),
    "billing_details": _BILLING_DETAILS,
    "metadata": metadata,
}
CREATE = Form(
    {
        **_FIELDS,
        "type*": one_of("card"),
        "card*": nested({"number": text, "token": text, "exp_month": integer, "exp_year": integer, "cvc": text}),
    }
)
UPDATE = Form({**_FIELDS, "card": nested({"exp_month": integer, "exp_year": integer})})
ATTACH = Form({"customer*": text})
LIST = listing({"customer": text, "type": text, "allow_redisplay": text})
LIST_OF_CUSTOMER = listing({"type": text, "allow_redisplay": text})


def create(account: Account, params: Params) -> Row:
    given = params["card"]
    name = given.get("token", "").replace("tok_", "pm_card_")
    card = CARDS.get(name) or NUMBERS.get(given.get("number", "").replace(" ", ""))
    if card is None:
        raise StripeError(
            "Your card number is incorrect.",
            status=402,
            kind="card_error",
            code="incorrect_number",
            param="number",
        )
    if given.get("number") and not (given.get("exp_month") and given.get("exp_year")):
        raise StripeError("Missing required param: card[exp_month].", code="parameter_missing", param="card[exp_month]")
    method = _new(account, card, {name: given[name] for name in ("exp_month", "exp_year") if given.get(name)})
    return account.store.save(method, **_changes(method, params))


def retrieve(account: Account, _: Params, id_: str) -> Row:
    if id_ in CARDS:
        return _new(account, CARDS[id_], {})
    return account.store.get("payment_method", id_, "payment_method")


def update(account: Account, params: Params, id_: str) -> Row:
    method = account.store.get("payment_method", id_, "payment_method")
    changes = _changes(method, params)
    if params.get("card"):
        changes["card"] = {**method["card"], **params["card"]}
    return account.update(method, "payment_method.updated", **changes)


def attach(account: Account, params: Params, id_: str) -> Row:
    customer = account.store.named("customer", params["customer"], "customer")
    method = usable(account, id_, customer, "payment_method")
    card = CARDS[method["_card"]]
    if card.refuses_attachment:
        raise StripeError(card.message, status=402, kind="card_error", code=card.code, decline_code=card.decline_code)
    return bind(account, method, customer)


def bind(account: Account, method: Row, customer: Row) -> Row:
    if method["customer"] == customer.id:
        return method
    account.store.save(method, customer=customer.id)
    account.emit("payment_method.attached", method)
    return method


def detach(account: Account, _: Params, id_: str) -> Row:
    method = account.store.get("payment_method", id_, "payment_method")
    owner = account.store.find("customer", method["customer"] or "")
    if owner is None or owner.deleted:
        raise StripeError("The payment method you provided is not attached to a customer so detachment is impossible.")
    settings = owner["invoice_settings"]
    if settings["default_payment_method"] == id_:
        account.update(owner, "customer.updated", invoice_settings={**settings, "default_payment_method": None})
    return account.update(method, "payment_method.detached", customer=None, _spent=True)


def listed(account: Account, params: Params) -> Page:
    where = {name: params.get(name) for name in ("customer", "type", "allow_redisplay")}
    return account.store.page("payment_method", params, where)


def list_of_customer(account: Account, params: Params, customer: str) -> Page:
    account.store.get("customer", customer, "customer")
    return listed(account, {**params, "customer": customer})


def retrieve_of_customer(account: Account, _: Params, customer: str, id_: str) -> Row:
    method = account.store.get("payment_method", id_, "payment_method")
    if method["customer"] != customer:
        raise no_such("payment_method", id_, "payment_method")
    return method


def usable(account: Account, id_: str, customer: Row | None, param: str) -> Row:
    """The method of this id, or a new one of the test card of this name."""
    if id_ in CARDS:
        return _new(account, CARDS[id_], {}, customer)
    method = account.store.named("payment_method", id_, param)
    owner = method["customer"]
    if owner and customer is not None and owner != customer.id:
        raise StripeError(
            "The payment method you provided has already been attached to a customer.",
            code="payment_method_unexpected_state",
            param=param,
        )
    if method["_spent"] and not owner:
        raise StripeError(
            "This PaymentMethod was previously used without being attached to a Customer or was detached "
            "from a Customer, and may not be used again.",
            param=param,
        )
    return method


def _new(account: Account, card: Card, expiry: dict[str, int], customer: Row | None = None) -> Row:
    shown: dict[str, Any] = {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "unchecked"},
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": f"sandbox{card.last4}",
        "funding": "credit",
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
        **expiry,
    }
    method = Row(
        {
            "id": account.store.new_id("payment_method"),
            "object": "payment_method",
            "card": shown,
            "created": account.now_for(customer.id if customer else None),
            "_card": card.name,
        }
    )
    return account.add(method)


def _changes(method: Row, params: Params) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if params.get("allow_redisplay"):
        changes["allow_redisplay"] = params["allow_redisplay"]
    if params.get("billing_details"):
        changes["billing_details"] = {**method["billing_details"], **params["billing_details"]}
    if "metadata" in params:
        fresh = "metadata" not in method
        given = params["metadata"]
        changes["metadata"] = new_metadata(given) if fresh else merged_metadata(method, given)
    return changes
