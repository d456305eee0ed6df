"""The life of an invoice: draft, open, paid, uncollectible, void."""

from sandbox.stripe import (
    charging,
    customer_balance,
    invoice_lines,
    invoice_settling,
    payment_intents,
    payment_methods,
    subscription_standing,
)
from sandbox.stripe.account import Account
from sandbox.stripe.balance_application import applied
from sandbox.stripe.errors import StripeError
from sandbox.stripe.params import Form, Params, boolean, text
from sandbox.stripe.rows import Row

PAY = Form({"forgive": boolean, "off_session": boolean, "paid_out_of_band": boolean, "payment_method": text})
NOTHING = Form({})

DAY_SECONDS = 86_400
DAYS_UNTIL_DUE = 30


def finalize(account: Account, invoice: Row) -> None:
    """A number, a date, the customer's balance, and a payment to be made; nothing to pay means paid."""
    if invoice["status"] != "draft":
        raise StripeError(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.",
            code="invoice_not_editable",
        )
    if not invoice["_lines"]:
        raise StripeError("Nothing to invoice: the invoice has no lines.", code="invoice_no_customer_line_items")
    customer = account.store.named("customer", invoice["customer"], "customer")
    before = account.show(invoice)
    invoice_lines.compute(account, invoice)
    now = account.now(customer["test_clock"])
    account.store.save(
        invoice,
        auto_advance=invoice["auto_advance"],
        automatically_finalizes_at=None,
        due_date=_due_date(invoice, now),
        effective_at=invoice["effective_at"] or now,
        hosted_invoice_url=f"https://invoice.stripe.com/i/{account.id}/{invoice.id}",
        invoice_pdf=f"https://pay.stripe.com/invoice/{account.id}/{invoice.id}/pdf",
        number=invoice["number"] or _next_number(account, customer),
        status="open",
        status_transitions={**invoice["status_transitions"], "finalized_at": now},
        **_balance_applied(account, invoice, customer),
    )
    account.emit_changes(invoice, "invoice.updated", before)
    account.emit("invoice.finalized", invoice)
    if invoice["amount_due"] == 0:
        invoice_settling.mark_paid(account, invoice)
    else:
        _ask_for_payment(account, invoice, customer)


def _due_date(invoice: Row, now: int) -> int | None:
    if invoice["collection_method"] != "send_invoice" or invoice["due_date"] is not None:
        due: int | None = invoice["due_date"]
        return due
    days = invoice["_days_until_due"]
    return now + DAY_SECONDS * int(DAYS_UNTIL_DUE if days is None else days)


def _next_number(account: Account, customer: Row) -> str:
    """Stripe: numbers run per customer, after its prefix. One that was given by hand is passed over."""
    sequence = customer["next_invoice_sequence"]
    while True:
        number = f"{customer['invoice_prefix']}-{sequence:04}"
        sequence += 1
        if next(account.store.where("invoice", "number", number), None) is None:
            account.store.save(customer, next_invoice_sequence=sequence)
            return number


def _balance_applied(account: Account, invoice: Row, customer: Row) -> dict[str, int]:
    due = applied(invoice, customer, carry_small_amounts=account.settings.carry_small_amounts)
    for type_, amount in due.moves:
        customer_balance.move(account, customer, amount, invoice["currency"], type_, invoice=invoice.id)
    return {
        "amount_due": due.amount,
        "amount_remaining": due.amount,
        "starting_balance": due.starting,
        "ending_balance": due.ending,
    }


def _ask_for_payment(account: Account, invoice: Row, customer: Row) -> None:
    intent = payment_intents.new(account, invoice["amount_due"], invoice["currency"], customer)
    intent["description"] = f"Payment for Invoice {invoice['number']}"
    account.add(intent, "payment_intent.created")
    account.add(
        Row(
            {
                "id": account.store.new_id("invoice_payment"),
                "object": "invoice_payment",
                "amount_requested": invoice["amount_due"],
                "created": account.now(customer["test_clock"]),
                "currency": invoice["currency"],
                "invoice": invoice.id,
                "payment": {"payment_intent": intent.id, "type": "payment_intent"},
                "_payment": intent.id,
            }
        )
    )


def pay(account: Account, params: Params, id_: str) -> Row:
    invoice = account.store.get("invoice", id_, "invoice")
    if invoice["status"] == "paid":
        raise StripeError("Invoice is already paid")
    if invoice["status"] == "void":
        raise StripeError("This invoice can no longer be paid: it was voided.")
    if invoice["status"] == "draft":
        finalize(account, invoice)
        if invoice["status"] == "paid":
            return invoice
    if params.get("paid_out_of_band"):
        if params.get("payment_method"):
            raise StripeError(
                "You cannot pass `payment_method` together with `paid_out_of_band`.", param="payment_method"
            )
        return pay_out_of_band(account, invoice)
    collect(account, invoice, params.get("payment_method"), off_session=params.get("off_session", True))
    return invoice


def pay_out_of_band(account: Account, invoice: Row) -> Row:
    """Money that went past Stripe: no charge, no payment, no balance transaction."""
    invoice_settling.close_payment(account, invoice, "automatic")
    rest = invoice["amount_remaining"]
    invoice_settling.mark_paid(
        account,
        invoice,
        amount_paid=invoice["amount_paid"] + rest,
        amount_paid_off_stripe=invoice["amount_paid_off_stripe"] + rest,
        amount_remaining=0,
    )
    return invoice


def collect(account: Account, invoice: Row, wanted: str | None, *, off_session: bool) -> None:
    """One attempt, on the given method or on the first default. A decline is recorded, then raised."""
    customer = account.store.get("customer", invoice["customer"])
    payment = invoice_settling.open_payment(account, invoice)
    if payment is None:
        raise StripeError("This invoice has no payment that is still to be made.")
    invoice_settling.check_not_under_way(account, invoice, payment)
    intent = account.store.get("payment_intent", payment["_payment"])
    id_ = wanted or default_method(account, invoice, customer)
    if id_ is None:
        invoice_settling.note_failed_attempt(account, invoice)
        raise StripeError(
            "There is no `default_payment_method` set on this Customer or Invoice. Please provide one with "
            "the `payment_method` parameter.",
            code="resource_missing",
        )
    method = payment_methods.usable(account, id_, customer, "payment_method")
    try:
        charging.attempt(account, intent, method, off_session=off_session)
    except StripeError:
        invoice_settling.note_failed_attempt(account, invoice)
        raise
    if method["customer"] is None:
        account.store.save(method, _spent=True)
    if intent["status"] != "succeeded":
        account.update(invoice, "invoice.updated", attempted=True, attempt_count=invoice["attempt_count"] + 1)
        if intent["status"] == "processing":
            subscription_standing.payment_under_way(account, invoice)
        else:
            account.emit("invoice.payment_action_required", invoice)
        return
    account.store.save(invoice, attempt_count=invoice["attempt_count"] + 1)
    invoice_settling.settle_invoices(account, intent)


def default_method(account: Account, invoice: Row, customer: Row) -> str | None:
    subscription = account.store.find("subscription", invoice["_subscription"] or "")
    chosen: str | None = (
        invoice["default_payment_method"]
        or (subscription["default_payment_method"] if subscription else None)
        or customer["invoice_settings"]["default_payment_method"]
    )
    return chosen


def void(account: Account, _: Params, id_: str) -> Row:
    invoice = account.store.get("invoice", id_, "invoice")
    if invoice["status"] not in ("open", "uncollectible"):
        raise StripeError(
            f"You can only void open and uncollectible invoices; this one is {invoice['status']}.",
            code="invoice_not_editable" if invoice["status"] == "draft" else None,
        )
    if invoice["amount_paid"]:
        raise StripeError("This invoice has been paid in part, so it cannot be voided.")
    invoice_settling.close_payment(account, invoice, "void_invoice")
    customer = account.store.get("customer", invoice["customer"])
    spent = invoice["starting_balance"] - (invoice["ending_balance"] or 0)
    if spent and not customer.deleted:
        customer_balance.move(
            account, customer, spent, invoice["currency"], "unapplied_from_invoice", invoice=invoice.id
        )
    at = account.now_for(customer.id)
    account.update(
        invoice,
        "invoice.updated",
        status="void",
        next_payment_attempt=None,
        status_transitions={**invoice["status_transitions"], "voided_at": at},
    )
    account.emit("invoice.voided", invoice)
    return invoice


def mark_uncollectible(account: Account, _: Params, id_: str) -> Row:
    invoice = account.store.get("invoice", id_, "invoice")
    if invoice["status"] != "open":
        raise StripeError(f"Only open invoices can be marked uncollectible; this one is {invoice['status']}.")
    at = account.now_for(invoice["customer"])
    account.update(
        invoice,
        "invoice.updated",
        status="uncollectible",
        auto_advance=False,
        next_payment_attempt=None,
        status_transitions={**invoice["status_transitions"], "marked_uncollectible_at": at},
    )
    account.emit("invoice.marked_uncollectible", invoice)
    return invoice


def send(account: Account, _: Params, id_: str) -> Row:
    """Nothing is mailed; the event tells that it would have been."""
    invoice = account.store.get("invoice", id_, "invoice")
    if invoice["status"] == "draft":
        finalize(account, invoice)
    if invoice["status"] == "void":
        raise StripeError("A voided invoice cannot be sent.")
    account.emit("invoice.sent", invoice)
    if invoice["due_date"] is not None:
        account.agenda.put(invoice["test_clock"], invoice["due_date"], "invoice_overdue", id_)
    return invoice
