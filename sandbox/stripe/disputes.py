"""Disputes: the bank takes the money back at once, with a fee, and returns it if the dispute is won.

Some banks inquire first: nothing is taken, the charge may still be refunded, and that ends it. A dispute may be
prevented before it is one: the claim is met at once (a resolution) or turned away (a block). What was decided against
us may be open to an appeal. A debit that its payer disputes is lost.

GK: the fee is not returned (`dispute_fee_returned`); a resolution takes the money without a fee
(`resolutions_take_the_money`).
"""

from typing import Any

from sandbox.stripe import balance, charging
from sandbox.stripe.account import Account
from sandbox.stripe.agenda import BUSINESS_DAY
from sandbox.stripe.errors import StripeError
from sandbox.stripe.params import (
    Form,
    Params,
    boolean,
    each,
    listing,
    metadata,
    nested,
    one_of,
    short_text,
    span,
    text,
)
from sandbox.stripe.rows import Row, merged_metadata
from sandbox.stripe.store import Page

DISPUTE_FEE = {"eur": 2000, "usd": 2000, "jpy": 3000}
EVIDENCE_DAYS = 7
INQUIRY_DAYS = 120
"""After which an inquiry that nobody took further ends."""
DAY_SECONDS = 86_400

UPDATE = Form(
    {
        "evidence": nested(
            dict.fromkeys(
                (
                    *("access_activity_log", "billing_address", "cancellation_policy_disclosure"),
                    *("cancellation_rebuttal", "customer_email_address", "customer_name"),
                    *("customer_purchase_ip", "product_description", "refund_policy_disclosure"),
                    *("refund_refusal_explanation", "service_date", "shipping_address", "shipping_carrier"),
                    *("shipping_date", "shipping_tracking_number", "uncategorized_text"),
                ),
                short_text,
            )
            | {"appeal": nested({"card": nested({"reason_for_filing": text, "supporting_files": each(text)})})}
        ),
        "metadata": metadata,
        "submit": boolean,
        "intended_submission_method": one_of("manual", "prefer_manual", "prefer_smart_disputes", "smart_disputes"),
    }
)
LIST = listing({"charge": text, "created": span, "payment_intent": text})

_OPEN = ("needs_response", "under_review", "appeal_needs_response", "appeal_under_review")
INQUIRY = ("warning_needs_response", "warning_under_review")
_AWAITS_EVIDENCE = {
    "needs_response": "under_review",
    "warning_needs_response": "warning_under_review",
    "appeal_needs_response": "appeal_under_review",
}
PREVENTIONS = ("block", "resolution")


def begin(account: Account, charge: Row) -> Row:
    """The customer's bank claims the money of a charge. Stripe: what the payer of a debit claims is final."""
    dispute = _opened(account, charge, "needs_response", "chargeback")
    account.update(charge, "charge.updated", disputed=True)
    moved = _withdraw(account, charge, dispute)
    account.store.save(dispute, _movements=[moved.id])
    account.emit("charge.dispute.created", dispute)
    account.emit("charge.dispute.funds_withdrawn", dispute)
    return decide(account, dispute, won=False) if charging.is_debit(charge) else dispute


def prevent(account: Account, charge: Row, case_type: str) -> Row:
    """What would have become a dispute is none: a `resolution` gives the money back, a `block` turns the claim away."""
    dispute = _opened(account, charge, "prevented", case_type)
    account.store.save(dispute, _movements=[])
    account.emit("charge.dispute.created", dispute)
    if case_type == "resolution":
        account.update(charge, "charge.updated", disputed=True)
        if account.settings.resolutions_take_the_money:
            moved = _withdraw(account, charge, dispute, is_free=True)
            account.store.save(dispute, _movements=[moved.id])
            account.emit("charge.dispute.funds_withdrawn", dispute)
    account.emit("charge.dispute.closed", dispute)
    return dispute


def allow_appeal(account: Account, dispute: Row) -> Row:
    """The bank decided against us, and an appeal is possible for a while."""
    if dispute["status"] != "under_review":
        raise StripeError(f"Only a decision can be appealed; the dispute is {dispute['status']}.")
    charge = account.store.get("charge", dispute["charge"])
    due = account.now_for(charge["customer"]) + EVIDENCE_DAYS * DAY_SECONDS
    account.agenda.put(account.clock_of(charge["customer"]), due, "appeal_ends", dispute.id)
    details = dispute["evidence_details"] | {"due_by": due, "has_evidence": False}
    return account.update(dispute, "charge.dispute.updated", status="appeal_needs_response", evidence_details=details)


def inquire(account: Account, charge: Row) -> Row:
    """The customer's bank asks about a charge before it claims anything."""
    dispute = _opened(account, charge, "warning_needs_response", "inquiry")
    account.store.save(dispute, is_charge_refundable=True, _movements=[])
    marked = account.settings.inquiries_mark_the_charge
    account.update(charge, "charge.updated", disputed=marked, _inquired=True, _dispute=dispute.id)
    account.emit("charge.dispute.created", dispute)
    account.agenda.put(BUSINESS_DAY, account.latest() + INQUIRY_DAYS * DAY_SECONDS, "inquiry_ends", dispute.id)
    return dispute


def escalate(account: Account, dispute: Row) -> Row:
    """The bank was not satisfied with the answer, or got none, and claims the money."""
    _check_inquiry(dispute)
    charge = account.store.get("charge", dispute["charge"])
    account.update(charge, "charge.updated", disputed=True, _inquired=False)
    moved = _withdraw(account, charge, dispute)
    account.store.save(dispute, status="needs_response", is_charge_refundable=False, _movements=[moved.id])
    account.emit("charge.dispute.updated", dispute)
    account.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def leave_off(account: Account, dispute: Row) -> Row:
    """The inquiry ends, and nothing was claimed."""
    _check_inquiry(dispute)
    account.store.save(dispute, status="warning_closed")
    account.emit("charge.dispute.closed", dispute)
    return dispute


def refunded_in_full(account: Account, charge: Row) -> None:
    """What was given back by itself is not inquired about any more."""
    dispute = account.store.find("dispute", charge["_dispute"]) if charge["_inquired"] else None
    if dispute is not None and dispute["status"] in INQUIRY:
        leave_off(account, dispute)


def _check_inquiry(dispute: Row) -> None:
    if dispute["status"] not in INQUIRY:
        raise StripeError(f"The dispute is no inquiry any more: it is {dispute['status']}.")


def _opened(account: Account, charge: Row, status: str, case_type: str) -> Row:
    if charge["disputed"] or not charge["captured"]:
        raise StripeError(f"Charge {charge.id} cannot be disputed.")
    now = account.now_for(charge["customer"])
    dispute = Row(
        {
            "id": account.store.new_id("dispute"),
            "object": "dispute",
            "amount": charge["amount_captured"] - charge["amount_refunded"],
            "charge": charge.id,
            "created": now,
            "currency": charge["currency"],
            "evidence_details": {
                "due_by": 0 if status == "prevented" else now + EVIDENCE_DAYS * DAY_SECONDS,
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
                "submission_method": "not_submitted",
            },
            "payment_intent": charge["payment_intent"],
            "status": status,
            **_claimed(charge, case_type),
        }
    )
    return account.store.add(dispute)


def _claimed(charge: Row, case_type: str) -> dict[str, Any]:
    """In the words of the way it was paid."""
    card = charge["payment_method_details"].get("card")
    if card is None:
        return {"payment_method_details": None, "network_reason_code": None, "reason": "debit_not_authorized"}
    shown = {
        "brand": card["brand"],
        "case_type": case_type,
        "network": card["network"],
        "network_reason_code": "10.4",
    }
    return {"payment_method_details": {"card": shown, "type": "card"}}


def _withdraw(account: Account, charge: Row, dispute: Row, *, is_free: bool = False) -> Row:
    settled = balance.settle(-dispute["amount"], charge["currency"])
    fee = balance.fee(DISPUTE_FEE[settled.currency], settled.currency, "Dispute fee")
    return balance.record(
        account,
        settled,
        "adjustment",
        "dispute",
        source=dispute,
        created=account.now_for(charge["customer"]),
        fees=() if is_free else [fee],
        description=f"Chargeback withdrawal for {charge.id}",
        at_once=True,
    )


def decide(account: Account, dispute: Row, *, won: bool) -> Row:
    """What the bank decides in the end."""
    if dispute["status"] not in _OPEN:
        raise StripeError(f"The dispute is already {dispute['status']}.")
    account.store.save(dispute, status="won" if won else "lost")
    if won:
        charge = account.store.get("charge", dispute["charge"])
        taken = account.store.get("balance_transaction", dispute["_movements"][0])
        fee = balance.fee(-taken["fee"], taken["currency"], "Dispute fee returned")
        moved = balance.record(
            account,
            balance.Settled(
                -taken["amount"],
                taken["currency"],
                balance.settle(0, dispute["currency"]).exchange_rate,
            ),
            "adjustment",
            "dispute_reversal",
            source=dispute,
            created=account.now_for(charge["customer"]),
            fees=[fee] if account.settings.dispute_fee_returned else (),
            description=f"Chargeback reversal for {charge.id}",
            at_once=True,
        )
        account.store.save(dispute, _movements=[*dispute["_movements"], moved.id])
        account.emit("charge.dispute.funds_reinstated", dispute)
    account.emit("charge.dispute.closed", dispute)
    return dispute


def retrieve(account: Account, _: Params, id_: str) -> Row:
    return account.store.get("dispute", id_)


def update(account: Account, params: Params, id_: str) -> Row:
    """Stripe: the test texts `winning_evidence` and `losing_evidence` decide as they say, and for an inquiry
    `escalate_inquiry_evidence` does. While an appeal is possible it takes evidence for the appeal and no other.
    """
    dispute = retrieve(account, params, id_)
    changes: dict[str, Any] = {}
    if "metadata" in params:
        changes["metadata"] = merged_metadata(dispute, params["metadata"])
    if "evidence" in params:
        if dispute["status"] not in _AWAITS_EVIDENCE:
            raise StripeError(f"Evidence is not taken any more: the dispute is {dispute['status']}.")
        _check_stage(dispute, params["evidence"] or {})
        changes["evidence"] = {**dispute["evidence"], **(params["evidence"] or {})}
        submitted = params.get("submit", True)
        changes["evidence_details"] = {
            **dispute["evidence_details"],
            "has_evidence": True,
            "submission_count": int(submitted),
            "submission_method": "manual" if submitted else "not_submitted",
        }
        if submitted:
            changes["status"] = _AWAITS_EVIDENCE[dispute["status"]]
    account.update(dispute, "charge.dispute.updated", **changes)
    words = dispute["evidence"]["uncategorized_text"]
    if dispute["status"] == "under_review" and words in ("winning_evidence", "losing_evidence"):
        decide(account, dispute, won=words == "winning_evidence")
    elif dispute["status"] == "warning_under_review" and words == "escalate_inquiry_evidence":
        escalate(account, dispute)
    elif dispute["status"] == "warning_under_review" and words == "winning_evidence":
        leave_off(account, dispute)
    return dispute


def _check_stage(dispute: Row, evidence: Params) -> None:
    appealing = dispute["status"] == "appeal_needs_response"
    if "appeal" in evidence and not appealing:
        raise StripeError(f"There is nothing to appeal: the dispute is {dispute['status']}.", param="evidence[appeal]")
    if appealing and evidence.keys() - {"appeal"}:
        raise StripeError("During an appeal only evidence[appeal] can be given.", param="evidence")


def close(account: Account, params: Params, id_: str) -> Row:
    """To give in: the dispute is lost."""
    return decide(account, retrieve(account, params, id_), won=False)


def listed(account: Account, params: Params) -> Page:
    where = {name: params.get(name) for name in ("charge", "payment_intent")}
    return account.store.page("dispute", params, where)
