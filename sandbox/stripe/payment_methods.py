"""Payment methods: cards and bank accounts by test name, attached to customers or used once."""

from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.cards import CARDS, IBANS, INSTRUMENTS, NUMBERS, BankAccount, Card, Instrument
from sandbox.stripe.errors import StripeError, no_such
from sandbox.stripe.params import (
    ADDRESS,
    Form,
    Params,
    Parser,
    integer,
    listing,
    metadata,
    missing,
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
        "type*": one_of("card", "sepa_debit"),
        "card": nested({"number": text, "token": text, "exp_month": integer, "exp_year": integer, "cvc": text}),
        "sepa_debit": nested({"iban*": text}),
    }
)
UPDATE = Form({**_FIELDS, "card": nested({"exp_month": integer, "exp_year": integer})})
ATTACH = Form({"customer*": text})
LIST = listing({"customer": text, "type": text, "allow_redisplay": text})
LIST_OF_CUSTOMER = listing({"type": text, "allow_redisplay": text})


def create(account: Account, params: Params) -> Row:
    if params["type"] not in params:
        raise missing(params["type"])
    method = _bank_account(account, params) if params["type"] == "sepa_debit" else _card(account, params["card"])
    return account.store.save(method, **_changes(method, params))


def _bank_account(account: Account, params: Params) -> Row:
    """Stripe: a debit needs to know whom it is taken from."""
    for name in ("name", "email"):
        if not (params.get("billing_details") or {}).get(name):
            raise missing(f"billing_details[{name}]")
    held = IBANS.get(params["sepa_debit"]["iban"].replace(" ", "").upper())
    if held is None:
        raise StripeError(
            "The IBAN you entered is invalid.", code="invalid_bank_account_iban", param="sepa_debit[iban]"
        )
    return _new(account, held, {})


def _card(account: Account, given: Params) -> Row:
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
        raise missing("card[exp_month]")
    return _new(account, card, {name: given[name] for name in ("exp_month", "exp_year") if given.get(name)})


def retrieve(account: Account, _: Params, id_: str) -> Row:
    if id_ in INSTRUMENTS:
        return _new(account, INSTRUMENTS[id_], {})
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
    card = INSTRUMENTS[method["_card"]]
    if isinstance(card, Card) and card.refuses_attachment:
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
    """The method of this id, or a new one of the test card or account of this name."""
    if id_ in INSTRUMENTS:
        return _new(account, INSTRUMENTS[id_], {}, customer)
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


def _new(account: Account, instrument: Instrument, expiry: dict[str, int], customer: Row | None = None) -> Row:
    type_, shown = (
        ("sepa_debit", _shown_account(instrument))
        if isinstance(instrument, BankAccount)
        else ("card", _shown_card(instrument, expiry))
    )
    method = Row(
        {
            "id": account.store.new_id("payment_method"),
            "object": "payment_method",
            "created": account.now_for(customer.id if customer else None),
            "type": type_,
            type_: shown,
            "_card": instrument.name,
        }
    )
    return account.add(method)


def _shown_account(held: BankAccount) -> dict[str, Any]:
    return {
        "bank_code": held.bank_code,
        "branch_code": "",
        "country": held.country,
        "fingerprint": f"sandbox{held.last4}",
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": held.last4,
    }


def _shown_card(card: Card, expiry: dict[str, int]) -> dict[str, Any]:
    return {
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
