"""Credit notes: they lower what is still to be paid, or give back what was paid, or both.

Stripe: the part above what remains to be paid must be given back, and the ways of giving it back (a new
refund, refunds made before, credit to the customer, money outside of Stripe) must add up to it.
"""

from dataclasses import dataclass
from typing import Any

from sandbox.stripe import credit_note_lines, customer_balance, invoice_settling, refunds
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.params import (
    Form,
    Params,
    Parser,
    count,
    decimal,
    each,
    integer,
    listing,
    metadata,
    moment,
    nested,
    one_of,
    positive,
    short_text,
    span,
    text,
)
from sandbox.stripe.rows import Row, Shown, merged_metadata, new_metadata
from sandbox.stripe.showing import list_of
from sandbox.stripe.store import Page, paged

_LINE = {
    "amount": integer,
    "description": short_text,
    "invoice_line_item": text,
    "metadata": metadata,
    "quantity": positive,
    "tax_rates": each(text),
    "type*": one_of("custom_line_item", "invoice_line_item"),
    "unit_amount": integer,
    "unit_amount_decimal": decimal,
}
FIELDS: dict[str, Parser] = {
    "amount": positive,
    "credit_amount": count,
    "effective_at": moment,
    "email_type": one_of("credit_note", "none"),
    "invoice*": text,
    "lines": each(nested(_LINE)),
    "memo": short_text,
    "metadata": metadata,
    "out_of_band_amount": count,
    "reason": one_of("duplicate", "fraudulent", "order_change", "product_unsatisfactory"),
    "refund_amount": count,
    "refunds": each(nested({"refund": text, "amount_refunded": positive, "type": one_of("refund")})),
}
CREATE = Form(FIELDS)
PREVIEW = Form(FIELDS)
PREVIEW_LINES = listing(FIELDS)
UPDATE = Form({"memo": short_text, "metadata": metadata})
LIST = listing({"created": span, "customer": text, "invoice": text})
LIST_LINES = listing({})


@dataclass(frozen=True, slots=True)
class _Plan:
    """A credit note that is in order, before anything has happened."""

    note: Row
    lines: list[Row]
    invoice: Row
    refund_amount: int
    charge: Row | None
    linked: list[dict[str, Any]]
    credit_amount: int


def create(account: Account, params: Params) -> Row:
    plan = _plan(account, params)
    note, invoice = plan.note, plan.invoice
    for line in plan.lines:
        account.store.add(line)
    linked = list(plan.linked)
    account.store.add(note)
    if plan.refund_amount and plan.charge is not None:
        refund = refunds.give_back(account, plan.charge, plan.refund_amount, "requested_by_customer")
        linked.append(_link(refund, plan.refund_amount))
    if plan.credit_amount:
        owner = account.store.get("customer", invoice["customer"])
        moved = customer_balance.move(
            account,
            owner,
            -plan.credit_amount,
            invoice["currency"],
            "credit_note",
            invoice=invoice.id,
            credit_note=note.id,
        )
        account.store.save(note, customer_balance_transaction=moved.id)
    account.store.save(note, refunds=linked)
    account.emit("credit_note.created", note)
    post = note["post_payment_amount"]
    if post:
        credited = invoice["post_payment_credit_notes_amount"] + post
        account.update(invoice, "invoice.updated", post_payment_credit_notes_amount=credited)
    _lower(account, invoice, note["pre_payment_amount"])
    return note


def preview(account: Account, params: Params) -> Shown:
    plan = _plan(account, params)
    lines = [{**line.shown(), "tax_rates": []} for line in plan.lines]
    url = f"/v1/credit_notes/{plan.note.id}/lines"
    listed = {"object": "list", "data": lines[:10], "has_more": len(lines) > 10, "url": url}
    return {**plan.note.shown(), "lines": listed}


def preview_lines(account: Account, params: Params) -> Shown:
    plan = _plan(account, params)
    page = paged(plan.lines, params, "credit_note_line_item")
    return {**list_of(account.store, page.rows, "/v1/credit_notes/preview/lines"), "has_more": page.has_more}


def _plan(account: Account, params: Params) -> _Plan:
    store = account.store
    invoice = store.named("invoice", params["invoice"], "invoice")
    if invoice["status"] not in ("open", "paid", "uncollectible"):
        raise StripeError(
            f"You cannot create a credit note for an invoice that is {invoice['status']}.", param="invoice"
        )
    lines = credit_note_lines.draw_up(account, invoice, params)
    totals = credit_note_lines.totals(lines)
    total = totals["total"]
    if total <= 0:
        raise StripeError("The total of a credit note must be above zero.", param="amount")
    remaining = 0 if invoice["status"] == "paid" else invoice["amount_remaining"]
    before = min(total, remaining)
    after = total - before
    creditable = _creditable(invoice)
    if after > creditable:
        raise StripeError(
            f"The sum of credit amount, refund amount and out of band amount ({after}) cannot exceed what is "
            f"left to credit of the invoice ({creditable}).",
            param="amount",
        )
    linked = _linked_refunds(account, invoice, params)
    refund_amount = params.get("refund_amount") or 0
    given = {
        "refund": refund_amount + sum(one["amount_refunded"] for one in linked),
        "credit": params.get("credit_amount") or 0,
        "out of band": params.get("out_of_band_amount") or 0,
    }
    if sum(given.values()) != after and account.settings.credit_note_ways_add_up:
        told = " + ".join(f"{name} {amount}" for name, amount in given.items())
        raise StripeError(
            f"The sum of refund, credit and out of band amounts ({told}) must equal the post payment amount ({after}).",
            param="refund_amount",
        )
    now = account.now_for(invoice["customer"])
    note = Row(
        {
            "id": store.new_id("credit_note"),
            "object": "credit_note",
            "created": now,
            "currency": invoice["currency"],
            "customer": invoice["customer"],
            "effective_at": params.get("effective_at") or now,
            "invoice": invoice.id,
            "memo": params.get("memo"),
            "metadata": new_metadata(params.get("metadata")),
            "number": _next_number(account, invoice),
            "out_of_band_amount": params.get("out_of_band_amount"),
            "pdf": f"https://pay.stripe.com/credit_notes/{account.id}/{invoice.id}/pdf",
            "post_payment_amount": after,
            "pre_payment_amount": before,
            "reason": params.get("reason"),
            "refunds": linked,
            "type": "mixed" if before and after else "post_payment" if after else "pre_payment",
            "_lines": [line.id for line in lines],
            **totals,
        }
    )
    charge = _refundable_charge(account, invoice, refund_amount) if refund_amount else None
    return _Plan(note, lines, invoice, refund_amount, charge, linked, given["credit"])


def _creditable(invoice: Row) -> int:
    """What was paid or covered by the customer's credit, and not credited yet."""
    covered: int = invoice["total"] - invoice["pre_payment_credit_notes_amount"]
    if invoice["status"] != "paid":
        covered -= invoice["amount_remaining"]
    return max(0, covered - int(invoice["post_payment_credit_notes_amount"]))


def _linked_refunds(account: Account, invoice: Row, params: Params) -> list[dict[str, Any]]:
    charges = {charge.id for charge in _charges(account, invoice)}
    linked = []
    for at, given in enumerate(params.get("refunds") or ()):
        param = f"refunds[{at}][refund]"
        refund = account.store.named("refund", given.get("refund") or "", param)
        if refund["charge"] not in charges:
            raise StripeError(f"The refund {refund.id} does not belong to this invoice.", param=param)
        spoken_for = sum(
            one["amount_refunded"]
            for note in account.store.where("credit_note", "invoice", invoice.id)
            if note["status"] == "issued"
            for one in note["refunds"]
            if one["refund"] == refund.id
        )
        amount = given.get("amount_refunded") or refund["amount"] - spoken_for
        if amount + spoken_for > refund["amount"] or refund["status"] in ("failed", "canceled"):
            raise StripeError(f"The refund {refund.id} does not cover {amount}.", param=param)
        linked.append(_link(refund, amount))
    return linked


def _link(refund: Row, amount: int) -> dict[str, Any]:
    return {
        "amount_refunded": amount,
        "payment_record_refund": None,
        "refund": refund.id,
        "type": "refund",
    }


def _charges(account: Account, invoice: Row) -> list[Row]:
    """The charges that have paid the invoice."""
    payments = account.store.where("invoice_payment", "invoice", invoice.id)
    intents = [account.store.get("payment_intent", one["_payment"]) for one in payments if one["status"] == "paid"]
    return [account.store.get("charge", intent["latest_charge"]) for intent in intents]


def _refundable_charge(account: Account, invoice: Row, amount: int) -> Row:
    for charge in _charges(account, invoice):
        if charge["amount"] - charge["amount_refunded"] >= amount:
            refunds.check_refundable(charge, amount)
            return charge
    raise StripeError(f"No charge of the invoice has {amount} left to be refunded.", param="refund_amount")


def _next_number(account: Account, invoice: Row) -> str:
    count_ = sum(1 for _ in account.store.where("credit_note", "invoice", invoice.id))
    return f"{invoice['number']}-CN-{count_ + 1:02}"


def _lower(account: Account, invoice: Row, amount: int) -> None:
    """Of what is still to be paid; a negative amount raises it again."""
    changes = {
        "amount_due": invoice["amount_due"] - amount,
        "amount_remaining": invoice["amount_remaining"] - amount,
        "pre_payment_credit_notes_amount": invoice["pre_payment_credit_notes_amount"] + amount,
    }
    if amount:
        invoice_settling.change_due(account, invoice, changes)


def void(account: Account, params: Params, id_: str) -> Row:
    note = retrieve(account, params, id_)
    invoice = account.store.get("invoice", note["invoice"])
    early = note["type"] == "pre_payment" and invoice["status"] == "open"
    late = note["type"] == "post_payment" and not account.settings.credit_notes_after_payment_stay
    if note["status"] == "void" or not (early or late):
        raise StripeError("You can only void credit notes of the type pre_payment, while their invoice is still open.")
    at = account.now_for(note["customer"])
    account.store.save(note, status="void", voided_at=at)
    account.emit("credit_note.voided", note)
    _lower(account, invoice, -note["pre_payment_amount"])
    if late:
        _take_back(account, invoice, note)
    return note


def _take_back(account: Account, invoice: Row, note: Row) -> None:
    """What was credited after payment counts no more, and the customer's credit goes; a refund stays made."""
    credited = invoice["post_payment_credit_notes_amount"] - note["post_payment_amount"]
    account.update(invoice, "invoice.updated", post_payment_credit_notes_amount=credited)
    given = account.store.find("customer_balance_transaction", note["customer_balance_transaction"] or "")
    if given is not None:
        owner = account.store.get("customer", note["customer"])
        customer_balance.move(account, owner, -given["amount"], note["currency"], "adjustment", invoice=invoice.id)


def retrieve(account: Account, _: Params, id_: str) -> Row:
    return account.store.get("credit_note", id_)


def update(account: Account, params: Params, id_: str) -> Row:
    note = retrieve(account, params, id_)
    changes: dict[str, Any] = {"memo": params["memo"]} if "memo" in params else {}
    if "metadata" in params:
        changes["metadata"] = merged_metadata(note, params["metadata"])
    return account.update(note, "credit_note.updated", **changes)


def listed(account: Account, params: Params) -> Page:
    where = {name: params.get(name) for name in ("customer", "invoice")}
    return account.store.page("credit_note", params, where)


def list_lines(account: Account, params: Params, id_: str) -> Page:
    note = retrieve(account, params, id_)
    lines = (account.store.get("credit_note_line_item", line) for line in note["_lines"])
    return paged(lines, params, "credit_note_line_item")
