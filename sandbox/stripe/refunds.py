"""Refunds: money that goes back to the card, at once, later, or after all not."""

from typing import Any

from sandbox.stripe import balance
from sandbox.stripe.account import Account
from sandbox.stripe.agenda import BUSINESS_DAY
from sandbox.stripe.cards import CARDS
from sandbox.stripe.errors import StripeError
from sandbox.stripe.params import Form, Params, listing, metadata, one_of, positive, span, text
from sandbox.stripe.rows import Row, merged_metadata, new_metadata
from sandbox.stripe.store import Page

CREATE = Form(
    {
        "amount": positive,
        "charge": text,
        "metadata": metadata,
        "payment_intent": text,
        "reason": one_of("duplicate", "fraudulent", "requested_by_customer"),
    }
)
UPDATE = Form({"metadata": metadata})
LIST = listing({"charge": text, "created": span, "payment_intent": text})

OUTCOME_SECONDS = 60
"""How long a test card's refund takes to fail, or to go through."""


def create(account: Account, params: Params) -> Row:
    refund = give_back(account, _charge_of(account, params), params.get("amount"), params.get("reason"))
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


def give_back(account: Account, charge: Row, wanted: int | None, reason: str | None) -> Row:
    """`wanted` is None for all that is left."""
    left = check_refundable(charge, wanted)
    amount = left if wanted is None else wanted
    card = CARDS[charge["_card"]]
    before, after = charge["amount_refunded"], charge["amount_refunded"] + amount
    refund = Row(
        {
            "id": account.store.new_id("refund"),
            "object": "refund",
            "amount": amount,
            "charge": charge.id,
            "created": account.now_for(charge["customer"]),
            "currency": charge["currency"],
            "payment_intent": charge["payment_intent"],
            "reason": reason,
            "status": "pending" if card.refund_pends else "succeeded",
        }
    )
    moved = balance.record(
        account,
        _settled_between(before, after, charge["currency"]),
        "refund",
        "refund",
        source=refund,
        created=refund["created"],
        at_once=True,
    )
    refund["balance_transaction"] = moved.id
    account.add(refund, "refund.created")
    account.update(charge, "charge.updated", amount_refunded=after, refunded=after == charge["amount"])
    account.emit("charge.refunded", charge)
    if card.refund_pends or card.refund_fails:
        account.agenda.put(
            BUSINESS_DAY,
            account.latest() + OUTCOME_SECONDS,
            "refund_fails" if card.refund_fails else "refund_succeeds",
            refund.id,
        )
    return refund


def check_refundable(charge: Row, amount: int | None) -> int:
    """What is left to be refunded; refused where that is nothing, or less than `amount`."""
    if not charge["captured"]:
        raise StripeError(f"Charge {charge.id} has not been captured, so it cannot be refunded.")
    if charge["disputed"]:
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
    charge = account.store.get("charge", refund["charge"])
    taken = account.store.get("balance_transaction", refund["balance_transaction"])
    back = balance.Settled(-taken["amount"], taken["currency"], balance.settle(0, refund["currency"]).exchange_rate)
    moved = balance.record(
        account,
        back,
        "refund_failure",
        "refund_failure",
        source=refund,
        created=account.now_for(charge["customer"]),
        at_once=True,
    )
    _tell(
        account,
        refund,
        status="failed",
        failure_reason="expired_or_canceled_card",
        failure_balance_transaction=moved.id,
    )
    account.emit("refund.failed", refund)
    account.update(
        charge,
        "charge.updated",
        amount_refunded=charge["amount_refunded"] - refund["amount"],
        refunded=False,
    )


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
    raise StripeError(f"Only refunds that require action can be canceled; this one is {refund['status']}.")


def listed(account: Account, params: Params) -> Page:
    where = {name: params.get(name) for name in ("charge", "payment_intent")}
    return account.store.page("refund", params, where)
