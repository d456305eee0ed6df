"""Payments that were made beside an invoice and are attached to it afterwards."""

from sandbox.stripe import invoice_settling
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.params import Form, Params, text
from sandbox.stripe.rows import Row

ATTACH = Form({"payment_intent*": text})


def attach(account: Account, params: Params, id_: str) -> Row:
    """One that has succeeded pays at once, one that is under way when it succeeds."""
    invoice = account.store.get("invoice", id_, "invoice")
    if invoice["status"] not in ("open", "uncollectible"):
        raise StripeError(f"A payment cannot be attached to an invoice that is {invoice['status']}.")
    intent = account.store.named("payment_intent", params["payment_intent"], "payment_intent")
    if intent["currency"] != invoice["currency"] or intent["customer"] not in (None, invoice["customer"]):
        raise StripeError(
            "The payment must be in the invoice's currency and of the invoice's customer.",
            param="payment_intent",
        )
    if intent["status"] == "canceled":
        raise StripeError("A canceled payment cannot be attached.", param="payment_intent")
    if next(account.store.where("invoice_payment", "_payment", intent.id), None):
        raise StripeError("The payment is attached to an invoice already.", param="payment_intent")
    payment = Row(
        {
            "id": account.store.new_id("invoice_payment"),
            "object": "invoice_payment",
            "amount_requested": intent["amount"],
            "created": account.now_for(invoice["customer"]),
            "currency": invoice["currency"],
            "invoice": invoice.id,
            "is_default": False,
            "payment": {"payment_intent": intent.id, "type": "payment_intent"},
            "_payment": intent.id,
        }
    )
    account.store.add(payment)
    if intent["status"] == "succeeded":
        invoice_settling.settle_invoices(account, intent)
    return invoice
