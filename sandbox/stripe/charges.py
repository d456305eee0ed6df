"""Charges are made by payment intents; here they are read and annotated."""

from sandbox.stripe.account import Account
from sandbox.stripe.params import Form, Params, listing, metadata, short_text, span, text
from sandbox.stripe.rows import Row, merged_metadata
from sandbox.stripe.store import Page

UPDATE = Form({"description": short_text, "metadata": metadata, "receipt_email": text, "transfer_group": text})
LIST = listing({"created": span, "customer": text, "payment_intent": text, "transfer_group": text})


def retrieve(account: Account, _: Params, id_: str) -> Row:
    return account.store.get("charge", id_)


def update(account: Account, params: Params, id_: str) -> Row:
    charge = retrieve(account, params, id_)
    changes = dict(params)
    if "metadata" in params:
        changes["metadata"] = merged_metadata(charge, params["metadata"])
    return account.update(charge, "charge.updated", **changes)


def listed(account: Account, params: Params) -> Page:
    where = {name: params.get(name) for name in ("customer", "payment_intent", "transfer_group")}
    return account.store.page("charge", params, where)
