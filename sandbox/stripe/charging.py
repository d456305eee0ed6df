"""One attempt to take money from a card for a payment intent."""

from typing import Any

from sandbox.stripe import balance
from sandbox.stripe.account import Account
from sandbox.stripe.agenda import BUSINESS_DAY
from sandbox.stripe.cards import CARDS, Card
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
    card = CARDS[method["_card"]]
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
    charge = _new_charge(account, intent, method, paid=True, status="succeeded")
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
    if card.disputed or card.inquired:
        job = "dispute_begins" if card.disputed else "inquiry_begins"
        account.agenda.put(BUSINESS_DAY, account.latest(), job, charge.id)


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
    charge = _new_charge(account, intent, method, paid=False, status="failed")
    charge |= {"failure_code": card.code, "failure_message": card.message}
    charge["outcome"] = {
        **charge["outcome"],
        "network_status": "declined_by_network",
        "reason": card.decline_code or card.code,
        "seller_message": "The bank did not return any further details with this decline.",
        "type": "issuer_declined",
    }
    account.add(charge, "charge.failed")
    fields: dict[str, Any] = {"charge": charge.id, "payment_method": account.show(method)}
    if card.decline_code:
        fields["decline_code"] = card.decline_code
        fields["advice_code"] = "try_again_later"
    error = StripeError(card.message, status=402, kind="card_error", code=card.code, **fields)
    account.store.save(
        intent,
        status="requires_payment_method",
        payment_method=None,
        latest_charge=charge.id,
        last_payment_error=error.error,
        next_action=None,
    )
    account.emit("payment_intent.payment_failed", intent)
    return StripeError(
        card.message,
        status=402,
        kind="card_error",
        code=card.code,
        **fields,
        payment_intent=account.show(intent),
    )


def _new_charge(account: Account, intent: Row, method: Row, *, paid: bool, status: str) -> Row:
    card = method["card"]
    id_ = account.store.new_id("charge")
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
            "payment_method_details": {
                "card": {
                    **{name: card[name] for name in ("brand", "checks", "country", "exp_month", "exp_year")},
                    **{name: card[name] for name in ("fingerprint", "funding", "last4", "regulated_status")},
                    "amount_authorized": intent["amount"],
                    "authorization_code": None,
                    "installments": None,
                    "mandate": None,
                    "network": card["brand"],
                    "network_transaction_id": None,
                    "three_d_secure": None,
                    "wallet": None,
                },
                "type": "card",
            },
            "receipt_email": intent["receipt_email"],
            "receipt_url": f"https://pay.stripe.com/receipts/{id_}",
            "status": status,
            "_card": method["_card"],
            "_dispute": None,
            "_inquired": False,
        }
    )
