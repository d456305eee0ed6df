"""Customers and their tax ids."""

from typing import Any

from sandbox.stripe import customer_balance, payment_methods
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.params import (
    ADDRESS,
    Form,
    Params,
    Parser,
    boolean,
    each,
    integer,
    listing,
    metadata,
    nested,
    one_of,
    positive,
    short_text,
    span,
    text,
)
from sandbox.stripe.rows import Row, merged_metadata
from sandbox.stripe.store import Page

_CUSTOM_FIELDS = each(nested({"name*": text, "value*": text}))
_FIELDS: dict[str, Parser] = {
    "address": ADDRESS,
    "balance": integer,
    "business_name": short_text,
    "description": short_text,
    "email": short_text,
    "individual_name": short_text,
    "invoice_prefix": text,
    "invoice_settings": nested({"custom_fields": _CUSTOM_FIELDS, "default_payment_method": text, "footer": short_text}),
    "metadata": metadata,
    "name": short_text,
    "next_invoice_sequence": positive,
    "phone": text,
    "preferred_locales": each(text),
    "shipping": nested({"address*": ADDRESS, "name*": text, "phone": text}),
    "tax_exempt": one_of("exempt", "none", "reverse"),
    "validate": boolean,
}
_TAX_ID = {"type*": text, "value*": text}

CREATE = Form({**_FIELDS, "payment_method": text, "test_clock": text, "tax_id_data": each(nested(_TAX_ID))})
UPDATE = Form(_FIELDS)
LIST = listing({"created": span, "email": text, "test_clock": text})
CREATE_TAX_ID = Form(_TAX_ID)
LIST_TAX_IDS = listing({})

PREFIX_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def create(account: Account, params: Params) -> Row:
    store = account.store
    if params.get("test_clock"):
        store.named("test_helpers.test_clock", params["test_clock"], "test_clock")
    customer = Row(
        {
            "id": store.new_id("customer", 14),
            "object": "customer",
            "created": account.now(params.get("test_clock")),
            "invoice_prefix": "".join(store.random.choices(PREFIX_LETTERS, k=8)),
            "test_clock": params.get("test_clock"),
            **_changes(account, Row({"object": "customer"}), params),
        }
    )
    default = (params.get("invoice_settings") or {}).get("default_payment_method")
    if default:
        store.named("payment_method", default, "invoice_settings[default_payment_method]")
    account.add(customer, "customer.created")
    if params.get("balance"):
        customer_balance.move(
            account, customer, params["balance"], account_currency(customer), "adjustment", tell=False
        )
    for given in params.get("tax_id_data") or ():
        _add_tax_id(account, customer, given)
    if params.get("payment_method"):
        method = payment_methods.usable(account, params["payment_method"], customer, "payment_method")
        payment_methods.bind(account, method, customer)
    return customer


def retrieve(account: Account, _: Params, id_: str) -> Row:
    return account.store.get("customer", id_)


def update(account: Account, params: Params, id_: str) -> Row:
    customer = living(account, id_)
    settings = params.get("invoice_settings") or {}
    if settings.get("default_payment_method"):
        param = "invoice_settings[default_payment_method]"
        method = account.store.named("payment_method", settings["default_payment_method"], param)
        if method["customer"] != customer.id:
            raise StripeError(
                f"The customer does not have a payment method with the ID {method.id}. The payment method "
                "must be attached to the customer.",
                code="resource_missing",
                param=param,
            )
    before = account.show(customer)
    account.store.save(customer, **_changes(account, customer, params))
    if "balance" in params:
        moved = (params["balance"] or 0) - customer["balance"]
        customer_balance.move(account, customer, moved, account_currency(customer), "adjustment", tell=False)
    account.emit_changes(customer, "customer.updated", before)
    return customer


def delete(account: Account, _: Params, id_: str) -> Row:
    customer = living(account, id_)
    account.emit("customer.deleted", customer)
    for method in account.store.where("payment_method", "customer", customer.id):
        account.store.save(method, customer=None)
    return account.store.remove(customer, tombstone=True)


def listed(account: Account, params: Params) -> Page:
    return account.store.page(
        "customer", params, {"email": params.get("email"), "test_clock": params.get("test_clock")}
    )


def living(account: Account, id_: str) -> Row:
    customer = account.store.get("customer", id_)
    if customer.deleted:
        return account.store.named("customer", id_, "id")
    return customer


def account_currency(customer: Row) -> str:
    return str(customer["currency"] or "eur")


def create_tax_id(account: Account, params: Params, customer: str) -> Row:
    return _add_tax_id(account, living(account, customer), params)


def retrieve_tax_id(account: Account, _: Params, customer: str, id_: str) -> Row:
    living(account, customer)
    return account.store.get("tax_id", id_)


def delete_tax_id(account: Account, params: Params, customer: str, id_: str) -> Row:
    tax_id = retrieve_tax_id(account, params, customer, id_)
    account.emit("customer.tax_id.deleted", tax_id)
    return account.store.remove(tax_id)


def list_tax_ids(account: Account, params: Params, customer: str) -> Page:
    living(account, customer)
    return account.store.page("tax_id", params, {"customer": customer})


def _add_tax_id(account: Account, customer: Row, given: Params) -> Row:
    tax_id = Row(
        {
            "id": account.store.new_id("tax_id"),
            "object": "tax_id",
            "country": given["value"][:2].upper() if given["type"] == "eu_vat" else None,
            "created": account.now(customer["test_clock"]),
            "customer": customer.id,
            "owner": {"type": "customer", "customer": customer.id, "customer_account": None},
            "type": given["type"],
            "value": given["value"],
        }
    )
    return account.add(tax_id, "customer.tax_id.created")


_PLAIN = ("address", "description", "email", "name", "phone", "shipping", "business_name", "individual_name")


def _changes(account: Account, customer: Row, params: Params) -> dict[str, Any]:
    changes: dict[str, Any] = {name: params[name] for name in _PLAIN if name in params}
    if "metadata" in params:
        changes["metadata"] = merged_metadata(customer, params["metadata"])
    if "invoice_settings" in params:
        changes["invoice_settings"] = {**customer["invoice_settings"], **(params["invoice_settings"] or {})}
    if "preferred_locales" in params:
        changes["preferred_locales"] = params["preferred_locales"] or []
    if "tax_exempt" in params:
        changes["tax_exempt"] = params["tax_exempt"] or "none"
    if params.get("next_invoice_sequence"):
        changes["next_invoice_sequence"] = params["next_invoice_sequence"]
    if params.get("invoice_prefix"):
        changes["invoice_prefix"] = _free_prefix(account, customer, params["invoice_prefix"])
    return changes


def _free_prefix(account: Account, customer: Row, prefix: str) -> str:
    if not 3 <= len(prefix) <= 12 or not set(prefix) <= set(PREFIX_LETTERS):
        raise StripeError("Invoice prefixes must be 3-12 uppercase letters or numbers.", param="invoice_prefix")
    taken = next(account.store.where("customer", "invoice_prefix", prefix), None)
    if taken is not None and taken is not customer:
        raise StripeError(
            f"The invoice prefix {prefix} is already used by another customer.",
            code="resource_already_exists",
            param="invoice_prefix",
        )
    return prefix
