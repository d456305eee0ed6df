"""Refunds: money that goes back to the card, at once, later, or after all not."""

from typing import Any

from sandbox.stripe import balance, charging, disputes
from sandbox.stripe.account import Account
from sandbox.stripe.agenda import BUSINESS_DAY
from sandbox.stripe.cards import INSTRUMENTS
from sandbox.stripe.errors import StripeError
from sandbox.stripe.params import Form, Params, listing, metadata, one_of, positive, span, text
from sandbox.stripe.rows import Row, merged_metadata, new_metadata
from sandbox.stripe.store import Page

CREATE = Form(
    {
        "amount": positive,
        "charge": text,
        "instructions_email": text,
        "metadata": metadata,
        "payment_intent": text,
        "reason": one_of("duplicate", "fraudulent", "requested_by_customer"),
    }
)
UPDATE = Form({"metadata": metadata})
LIST = listing({"charge": text, "created": span, "payment_intent": text})

ACTION_DAYS = 45
"""How long a customer has to say where the money is to go."""
_DAY_SECONDS = 86_400

OUTCOME_SECONDS = 60
"""How long a test card's refund takes to fail, or to go through."""


def create(account: Account, params: Params) -> Row:
    refund = give_back(
        account,
        _charge_of(account, params),
        params.get("amount"),
        params.get("reason"),
        instructions_email=params.get("instructions_email"),
    )
    return account.store.save(refund, metadata=new_metadata(params.get("metadata")))


def _charge_of(account: Account, params: Params) -> Row:
    if bool(params.get("charge")) == bool(params.get("payment_intent")):
        raise StripeError("One of `charge` and `payment_intent` is required.", code="parameter_missing", param="charge")
    if params.get("charge"):
        return account.store.named("charge", params["charge"], "charge")
    intent = account.store.named("payment_intent", params["payment_intent"], "payment_intent")
    if intent["status"] != "succeeded":
        raise StripeError(
            f"This PaymentIntent ({intent.id}) does not have a successful charge to refund.",
            param="payment_intent",
        )
    return account.store.get("charge", intent["latest_charge"])


def give_back(
    account: Account, charge: Row, wanted: int | None, reason: str | None, *, instructions_email: str | None = None
) -> Row:
    """`wanted` is None for all that is left.

    Stripe: where the customer's way to pay takes no money back, instructions go to their e-mail address, and the refund
    waits for them to say where the money is to go.
    """
    left = check_refundable(charge, wanted)
    amount = left if wanted is None else wanted
    card = INSTRUMENTS[charge["_card"]]
    after = charge["amount_refunded"] + amount
    refund = Row(
        {
            "id": account.store.new_id("refund", by_debit=charging.is_debit(charge)),
            "object": "refund",
            "amount": amount,
            "charge": charge.id,
            "created": account.now_for(charge["customer"]),
            "currency": charge["currency"],
            "payment_intent": charge["payment_intent"],
            "reason": reason,
            "status": "pending" if card.refund_pends else "succeeded",
            "_refunded_before": charge["amount_refunded"],
        }
    )
    if instructions_email:
        refund |= {
            "status": "requires_action",
            "instructions_email": instructions_email,
            "next_action": _instructions(instructions_email, refund["created"]),
        }
    if not instructions_email or account.settings.awaited_refunds_hold_money:
        refund["balance_transaction"] = _leave(account, refund).id
    account.add(refund, "refund.created")
    account.update(charge, "charge.updated", amount_refunded=after, refunded=after == charge["amount"])
    account.emit("charge.refunded", charge)
    if charge["refunded"]:
        disputes.refunded_in_full(account, charge)
    if not instructions_email and (card.refund_pends or card.refund_fails):
        account.agenda.put(
            BUSINESS_DAY,
            account.latest() + OUTCOME_SECONDS,
            "refund_fails" if card.refund_fails else "refund_succeeds",
            refund.id,
        )
    return refund


def _instructions(email: str, now: int) -> dict[str, Any]:
    sent = {"email_sent_at": now, "email_sent_to": email}
    details = {"email_sent": sent, "expires_at": now + ACTION_DAYS * _DAY_SECONDS}
    return {"type": "display_details", "display_details": details}


def _leave(account: Account, refund: Row) -> Row:
    """The money leaves the balance."""
    before = refund["_refunded_before"]
    return balance.record(
        account,
        _settled_between(before, before + refund["amount"], refund["currency"]),
        "payment_refund" if charging.is_debit(account.store.get("charge", refund["charge"])) else "refund",
        "refund",
        source=refund,
        created=refund["created"],
        at_once=True,
    )


def check_refundable(charge: Row, amount: int | None) -> int:
    """What is left to be refunded; refused where that is nothing, or less than `amount`."""
    if not charge["captured"] or charge["status"] == "pending":
        raise StripeError(f"Charge {charge.id} has not been captured, so it cannot be refunded.")
    if charge["disputed"] and not charge["_inquired"]:
        raise StripeError(f"Charge {charge.id} has been charged back; cannot issue a refund.", code="charge_disputed")
    left: int = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        raise StripeError(f"Charge {charge.id} has already been refunded.", code="charge_already_refunded")
    if amount is not None and amount > left:
        raise StripeError(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left}).", param="amount"
        )
    return left


def _settled_between(before: int, after: int, currency: str) -> balance.Settled:
    """Parts of a charge add up to the whole, also where each of them is converted."""
    whole, earlier = balance.settle(after, currency), balance.settle(before, currency)
    return balance.Settled(earlier.amount - whole.amount, whole.currency, whole.exchange_rate)


def fail(account: Account, refund: Row) -> None:
    """The money comes back to the balance; the customer has not got it."""
    if refund["status"] not in ("pending", "succeeded"):
        raise StripeError(f"A {refund['status']} refund cannot fail.")
    _come_back(account, refund, status="failed", failure_reason="expired_or_canceled_card")
    account.emit("refund.failed", refund)
    _owe_again(account, refund)


def _come_back(account: Account, refund: Row, **changes: Any) -> None:
    if refund["balance_transaction"]:
        taken = account.store.get("balance_transaction", refund["balance_transaction"])
        charge = account.store.get("charge", refund["charge"])
        moved = balance.record(
            account,
            balance.Settled(-taken["amount"], taken["currency"], balance.settle(0, refund["currency"]).exchange_rate),
            "refund_failure",
            "refund_failure",
            source=refund,
            created=account.now_for(charge["customer"]),
            at_once=True,
        )
        changes["failure_balance_transaction"] = moved.id
    _tell(account, refund, **changes)


def _owe_again(account: Account, refund: Row) -> None:
    charge = account.store.get("charge", refund["charge"])
    left = charge["amount_refunded"] - refund["amount"]
    account.update(charge, "charge.updated", amount_refunded=left, refunded=False)


def proceed(account: Account, refund: Row) -> None:
    """The customer has said where the money is to go, and it is on its way."""
    if refund["status"] != "requires_action":
        raise StripeError(f"A {refund['status']} refund waits for nobody.")
    changes: dict[str, Any] = {"status": "pending", "next_action": None}
    if not refund["balance_transaction"]:
        changes["balance_transaction"] = _leave(account, refund).id
    _tell(account, refund, **changes)


def succeed(account: Account, refund: Row) -> None:
    if refund["status"] != "pending":
        raise StripeError(f"A {refund['status']} refund cannot succeed.")
    _tell(account, refund, status="succeeded")


def _tell(account: Account, refund: Row, **changes: Any) -> None:
    account.update(refund, "refund.updated", **changes)
    account.emit("charge.refund.updated", refund)


def retrieve(account: Account, _: Params, id_: str) -> Row:
    return account.store.get("refund", id_)


def update(account: Account, params: Params, id_: str) -> Row:
    refund = retrieve(account, params, id_)
    changes = {"metadata": merged_metadata(refund, params["metadata"])} if "metadata" in params else {}
    return account.update(refund, "refund.updated", **changes)


def cancel(account: Account, params: Params, id_: str) -> Row:
    refund = retrieve(account, params, id_)
    if refund["status"] != "requires_action":
        raise StripeError(f"Only refunds that require action can be canceled; this one is {refund['status']}.")
    _come_back(account, refund, status="canceled", next_action=None)
    _owe_again(account, refund)
    return refund


def listed(account: Account, params: Params) -> Page:
    where = {name: params.get(name) for name in ("charge", "payment_intent")}
    return account.store.page("refund", params, where)
