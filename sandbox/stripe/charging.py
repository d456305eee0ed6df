"""One attempt to take money for a payment intent: from a card at once, from a bank account by a debit that is under way
for a while (debits.py ends it).
"""

from datetime import UTC, datetime
from typing import Any

from sandbox.stripe import balance
from sandbox.stripe.account import Account
from sandbox.stripe.agenda import BUSINESS_DAY
from sandbox.stripe.cards import CARDS, INSTRUMENTS, BankAccount, Card
from sandbox.stripe.errors import StripeError
from sandbox.stripe.rows import Row

_AUTHENTICATION = Card(
    "authentication_required",
    "0000000000000000",
    code="authentication_required",
    decline_code="authentication_required",
    message="Your card was declined. This transaction requires authentication.",
)


def attempt(account: Account, intent: Row, method: Row, *, off_session: bool, final: bool = True) -> Row:
    """The intent as it stands afterwards; a decline is recorded, then raised.

    `final`: whether the charge is captured at once.
    """
    card = INSTRUMENTS[method["_card"]]
    _check_allowed(account, intent, method, at_once=final)
    if isinstance(card, BankAccount):
        return _debited(account, intent, method, card)
    if card.needs_action and not off_session:
        return account.update(
            intent,
            "payment_intent.requires_action",
            status="requires_action",
            payment_method=method.id,
            next_action={"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}},
        )
    if card.needs_action:
        card = _AUTHENTICATION
    if card.code:
        raise _declined(account, intent, method, card)
    charge = _new_charge(account, intent, method, _by_card(method, intent["amount"]), paid=True, status="succeeded")
    account.store.add(charge)
    if final:
        capture(account, intent, charge, intent["amount"])
    else:
        account.emit("charge.succeeded", charge)
        account.update(
            intent,
            "payment_intent.amount_capturable_updated",
            status="requires_capture",
            amount_capturable=intent["amount"],
            latest_charge=charge.id,
            payment_method=method.id,
            last_payment_error=None,
        )
    return intent


def is_debit(charge: Row) -> bool:
    return bool(charge["payment_method_details"]["type"] == "sepa_debit")


def _check_allowed(account: Account, intent: Row, method: Row, *, at_once: bool) -> None:
    type_ = method["type"]
    if type_ not in intent["payment_method_types"] or (type_ == "sepa_debit" and intent["currency"] != "eur"):
        wrong = (
            f"The PaymentMethod provided ({type_}) is not allowed for this PaymentIntent, which takes "
            f"{', '.join(intent['payment_method_types'])} in {intent['currency']}."
        )
    elif type_ == "sepa_debit" and not at_once:
        wrong = "A debit cannot be captured later: the capture method of this PaymentIntent is manual."
    else:
        return
    raise StripeError(
        wrong,
        code="payment_intent_incompatible_payment_method",
        param="payment_method",
        payment_intent=account.show(intent),
    )


def _debited(account: Account, intent: Row, method: Row, held: BankAccount) -> Row:
    """The bank is asked for the money; what it says comes later."""
    at = account.now_for(intent["customer"]) + held.seconds
    charge = _new_charge(account, intent, method, _by_debit(method, at), paid=False, status="pending")
    charge |= {"captured": True, "amount_captured": intent["amount"]}
    account.add(charge, "charge.pending")
    account.store.save(
        intent,
        status="processing",
        latest_charge=charge.id,
        payment_method=method.id,
        last_payment_error=None,
        next_action=None,
    )
    account.emit("payment_intent.processing", intent)
    account.agenda.put(account.clock_of(intent["customer"]), at, "debit_ends", charge.id)
    return intent


def capture(account: Account, intent: Row, charge: Row, amount: int) -> None:
    """The money moves: what was not captured goes back to the card."""
    card = CARDS[charge["_card"]]
    settled = balance.settle(amount, charge["currency"])
    fresh = not charge["captured"] and intent["status"] != "requires_capture"
    moved = balance.record(
        account,
        settled,
        "charge",
        "charge",
        source=charge,
        created=account.now_for(charge["customer"]),
        fees=balance.card_fees(settled),
        description=charge["description"],
        at_once=card.available_at_once,
    )
    changes: dict[str, Any] = {
        "captured": True,
        "amount_captured": amount,
        "amount_refunded": charge["amount"] - amount,
        "balance_transaction": moved.id,
    }
    if fresh:
        account.store.save(charge, **changes)
        account.emit("charge.succeeded", charge)
    else:
        account.update(charge, "charge.captured", **changes)
    succeed(account, intent, charge, amount)
    if card.disputed or card.inquired:
        job = "dispute_begins" if card.disputed else "inquiry_begins"
        account.agenda.put(BUSINESS_DAY, account.latest(), job, charge.id)


def succeed(account: Account, intent: Row, charge: Row, amount: int) -> None:
    account.store.save(
        intent,
        status="succeeded",
        amount_capturable=0,
        amount_received=amount,
        latest_charge=charge.id,
        payment_method=charge["payment_method"],
        last_payment_error=None,
        next_action=None,
    )
    account.emit("payment_intent.succeeded", intent)


def abandon(account: Account, intent: Row, reason: str | None) -> Row:
    account.store.save(
        intent,
        status="canceled",
        amount_capturable=0,
        canceled_at=account.now_for(intent["customer"]),
        cancellation_reason=reason,
        next_action=None,
    )
    account.emit("payment_intent.canceled", intent)
    return intent


def _declined(account: Account, intent: Row, method: Row, card: Card) -> StripeError:
    charge = _new_charge(account, intent, method, _by_card(method, intent["amount"]), paid=False, status="failed")
    charge |= {
        "failure_code": card.code,
        "failure_message": card.message,
        "outcome": declined_outcome(charge, card.decline_code or card.code),
    }
    account.add(charge, "charge.failed")
    fields: dict[str, Any] = {"charge": charge.id, "payment_method": account.show(method)}
    if card.decline_code:
        fields["decline_code"] = card.decline_code
        fields["advice_code"] = "try_again_later"
    error = StripeError(card.message, status=402, kind="card_error", code=card.code, **fields)
    fail(account, intent, charge, error)
    return StripeError(
        card.message,
        status=402,
        kind="card_error",
        code=card.code,
        **fields,
        payment_intent=account.show(intent),
    )


def declined_outcome(charge: Row, reason: str | None) -> dict[str, Any]:
    return {
        **charge["outcome"],
        "network_status": "declined_by_network",
        "reason": reason,
        "seller_message": "The bank did not return any further details with this decline.",
        "type": "issuer_declined",
    }


def fail(account: Account, intent: Row, charge: Row, why: StripeError) -> None:
    """The intent can be tried again, with another method."""
    account.store.save(
        intent,
        status="requires_payment_method",
        payment_method=None,
        latest_charge=charge.id,
        last_payment_error=why.error,
        next_action=None,
    )
    account.emit("payment_intent.payment_failed", intent)


def _by_card(method: Row, amount: int) -> dict[str, Any]:
    card = method["card"]
    shown = {
        **{name: card[name] for name in ("brand", "checks", "country", "exp_month", "exp_year")},
        **{name: card[name] for name in ("fingerprint", "funding", "last4", "regulated_status")},
        "amount_authorized": amount,
        "authorization_code": None,
        "installments": None,
        "mandate": None,
        "network": card["brand"],
        "network_transaction_id": None,
        "three_d_secure": None,
        "wallet": None,
    }
    return {"card": shown, "type": "card"}


def _by_debit(method: Row, expected_at: int) -> dict[str, Any]:
    held = {name: value for name, value in method["sepa_debit"].items() if name != "generated_from"}
    expected = datetime.fromtimestamp(expected_at, UTC).date().isoformat()
    return {"sepa_debit": {**held, "expected_debit_date": expected, "mandate": None}, "type": "sepa_debit"}


def _new_charge(account: Account, intent: Row, method: Row, by: dict[str, Any], *, paid: bool, status: str) -> Row:
    id_ = account.store.new_id("charge", by_debit=by["type"] != "card")
    return Row(
        {
            "id": id_,
            "object": "charge",
            "amount": intent["amount"],
            "billing_details": method["billing_details"],
            "calculated_statement_descriptor": "SUBLEDGER SANDBOX",
            "created": account.now_for(intent["customer"]),
            "currency": intent["currency"],
            "customer": intent["customer"],
            "description": intent["description"],
            "metadata": intent["metadata"],
            "outcome": {
                "advice_code": None,
                "network_advice_code": None,
                "network_decline_code": None,
                "network_status": "approved_by_network",
                "reason": None,
                "risk_level": "normal",
                "risk_score": 20,
                "seller_message": "Payment complete.",
                "type": "authorized",
            },
            "paid": paid,
            "payment_intent": intent.id,
            "payment_method": method.id,
            "payment_method_details": by,
            "receipt_email": intent["receipt_email"],
            "receipt_url": f"https://pay.stripe.com/receipts/{id_}",
            "status": status,
            "_card": method["_card"],
            "_dispute": None,
            "_inquired": False,
        }
    )
