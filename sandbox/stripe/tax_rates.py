"""Tax rates; their percentage is fixed for life."""

from collections.abc import Iterable
from decimal import Decimal

from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.params import (
    Form,
    Params,
    Parser,
    boolean,
    decimal,
    listing,
    metadata,
    short_text,
    span,
    text,
)
from sandbox.stripe.rows import Row, merged_metadata, new_metadata
from sandbox.stripe.store import Page
from sandbox.stripe.totals import Rate

_FIELDS: dict[str, Parser] = {
    "active": boolean,
    "country": text,
    "description": short_text,
    "jurisdiction": text,
    "metadata": metadata,
    "state": text,
    "tax_type": text,
}
CREATE = Form({**_FIELDS, "display_name*": short_text, "inclusive*": boolean, "percentage*": decimal})
UPDATE = Form({**_FIELDS, "display_name": short_text})
LIST = listing({"active": boolean, "created": span, "inclusive": boolean})

PLACES_MAX = 4


def create(account: Account, params: Params) -> Row:
    percentage: Decimal = params["percentage"]
    if not 0 <= percentage <= 100 or percentage != round(percentage, PLACES_MAX):
        raise StripeError(
            f"Invalid percentage: from 0 to 100, with at most {PLACES_MAX} decimal places.",
            param="percentage",
        )
    rate = Row(
        {
            "id": account.store.new_id("tax_rate"),
            "object": "tax_rate",
            "created": account.now(),
            **params,
            "percentage": as_number(percentage),
            "metadata": new_metadata(params.get("metadata")),
            "_percentage": str(percentage),
        }
    )
    return account.add(rate, "tax_rate.created")


def as_number(value: Decimal) -> int | float:
    """Stripe: percentages are JSON numbers. They are shown, never computed with."""
    return int(value) if value == value.to_integral_value() else float(value)


def retrieve(account: Account, _: Params, id_: str) -> Row:
    return account.store.get("tax_rate", id_)


def update(account: Account, params: Params, id_: str) -> Row:
    rate = retrieve(account, params, id_)
    changes = dict(params)
    if "metadata" in params:
        changes["metadata"] = merged_metadata(rate, params["metadata"])
    return account.update(rate, "tax_rate.updated", **changes)


def listed(account: Account, params: Params) -> Page:
    where = {"active": params.get("active"), "inclusive": params.get("inclusive")}
    return account.store.page("tax_rate", params, where)


def named(account: Account, ids: Iterable[str] | None, param: str) -> list[str]:
    """The ids, each of a rate that may be used from now on."""
    for at, id_ in enumerate(ids or ()):
        rate = account.store.named("tax_rate", id_, f"{param}[{at}]")
        if not rate["active"]:
            raise StripeError(f"The tax rate {id_} is inactive and cannot be used.", param=f"{param}[{at}]")
    return list(ids or ())


def rates(account: Account, ids: Iterable[str]) -> list[Rate]:
    rows = (account.store.get("tax_rate", id_) for id_ in ids)
    return [Rate(row.id, Decimal(row["_percentage"]), inclusive=row["inclusive"]) for row in rows]
