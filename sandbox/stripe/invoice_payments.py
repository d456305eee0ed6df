"""The link between an invoice and what paid it."""

from sandbox.stripe.account import Account
from sandbox.stripe.params import Form, Params, listing, nested, one_of, span, text
from sandbox.stripe.rows import Row
from sandbox.stripe.store import Page

LIST = listing(
    {
        "created": span,
        "invoice": text,
        "payment": nested(
            {
                "type*": one_of("payment_intent", "payment_record"),
                "payment_intent": text,
                "payment_record": text,
            }
        ),
        "status": one_of("canceled", "open", "paid"),
    }
)
RETRIEVE = Form({})


def retrieve(account: Account, _: Params, id_: str) -> Row:
    return account.store.get("invoice_payment", id_, "invoice_payment")


def listed(account: Account, params: Params) -> Page:
    payment = params.get("payment") or {}
    type_ = payment.get("type")
    where = {
        "invoice": params.get("invoice"),
        "status": params.get("status"),
        "_payment": payment.get(type_) if type_ else None,
    }
    return account.store.page(
        "invoice_payment", params, where, lambda row: type_ is None or row["payment"]["type"] == type_
    )
