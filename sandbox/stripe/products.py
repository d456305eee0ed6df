"""Products. One that has prices cannot be deleted, only archived."""

from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.params import (
    Form,
    Params,
    Parser,
    boolean,
    decimal,
    each,
    listing,
    metadata,
    nested,
    one_of,
    short_text,
    span,
    text,
)
from sandbox.stripe.rows import Row, merged_metadata, new_metadata
from sandbox.stripe.store import Page

_FIELDS: dict[str, Parser] = {
    "active": boolean,
    "description": short_text,
    "images": each(text),
    "marketing_features": each(nested({"name*": text})),
    "metadata": metadata,
    "package_dimensions": nested({"height*": decimal, "length*": decimal, "weight*": decimal, "width*": decimal}),
    "shippable": boolean,
    "statement_descriptor": text,
    "tax_code": text,
    "unit_label": text,
    "url": text,
}
CREATE: dict[str, Parser] = {
    **_FIELDS,
    "name*": short_text,
    "id": text,
    "type": one_of("good", "service"),
}
UPDATE = Form({**_FIELDS, "name": short_text, "default_price": text})
LIST = listing(
    {
        "active": boolean,
        "created": span,
        "ids": each(text),
        "shippable": boolean,
        "type": one_of("good", "service"),
        "url": text,
    }
)


def create(account: Account, params: Params) -> Row:
    store = account.store
    chosen = params.get("id")
    if chosen and store.find("product", chosen):
        raise StripeError(f"Product already exists: {chosen}.", code="resource_already_exists", param="id")
    now = account.now()
    product = Row(
        {
            "id": chosen or store.new_id("product", 14),
            "object": "product",
            "created": now,
            "updated": now,
            **_changes(params),
            "metadata": new_metadata(params.get("metadata")),
        }
    )
    return account.add(product, "product.created")


def retrieve(account: Account, _: Params, id_: str) -> Row:
    return account.store.get("product", id_)


def update(account: Account, params: Params, id_: str) -> Row:
    product = account.store.get("product", id_)
    if params.get("default_price"):
        price = account.store.named("price", params["default_price"], "default_price")
        if price["product"] != id_:
            raise StripeError(f"The price {price.id} does not belong to the product {id_}.", param="default_price")
    changes = _changes(params)
    if "metadata" in params:
        changes["metadata"] = merged_metadata(product, params["metadata"])
    return account.update(product, "product.updated", updated=account.now(), **changes)


def delete(account: Account, _: Params, id_: str) -> Row:
    product = account.store.get("product", id_)
    if next(account.store.where("price", "product", id_), None):
        raise StripeError("This product cannot be deleted because it has one or more user-created prices.", param="id")
    account.emit("product.deleted", product)
    return account.store.remove(product)


def listed(account: Account, params: Params) -> Page:
    ids = set(params.get("ids") or ())
    where = {name: params.get(name) for name in ("active", "shippable", "type", "url")}
    return account.store.page("product", params, where, lambda row: not ids or row.id in ids)


def _changes(params: Params) -> dict[str, Any]:
    changes = {name: value for name, value in params.items() if name not in ("metadata", "id")}
    for name in ("images", "marketing_features"):
        if name in changes:
            changes[name] = changes[name] or []
    if changes.get("package_dimensions"):
        size = changes["package_dimensions"]
        changes["package_dimensions"] = {name: float(value) for name, value in size.items()}
    return changes
