"""Disputes: the bank takes the money back at once, with a fee, and returns it if the dispute is won.

GK: the fee is not returned; the setting `dispute_fee_returned` turns that around.
"""

from typing import Any

from sandbox.stripe import balance
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.params import (
    Form,
    Params,
    boolean,
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
        ),
        "metadata": metadata,
        "submit": boolean,
        "intended_submission_method": one_of("manual", "prefer_manual", "prefer_smart_disputes", "smart_disputes"),
    }
)
LIST = listing({"charge": text, "created": span, "payment_intent": text})

_OPEN = ("needs_response", "under_review")


def begin(account: Account, charge: Row) -> Row:
    """The customer's bank claims the money of a charge."""
    if charge["disputed"] or not charge["captured"]:
        raise StripeError(f"Charge {charge.id} cannot be disputed.")
    now = account.now_for(charge["customer"])
    amount = charge["amount_captured"] - charge["amount_refunded"]
    dispute = Row(
        {
            "id": account.store.new_id("dispute"),
            "object": "dispute",
            "amount": amount,
            "charge": charge.id,
            "created": now,
            "currency": charge["currency"],
            "evidence_details": {
                "due_by": now + EVIDENCE_DAYS * DAY_SECONDS,
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
                "submission_method": "not_submitted",
            },
            "payment_intent": charge["payment_intent"],
            "payment_method_details": {
                "card": {
                    "brand": charge["payment_method_details"]["card"]["brand"],
                    "case_type": "chargeback",
                    "network": charge["payment_method_details"]["card"]["network"],
                    "network_reason_code": "10.4",
                },
                "type": "card",
            },
        }
    )
    account.store.add(dispute)
    account.update(charge, "charge.updated", disputed=True)
    settled = balance.settle(-amount, charge["currency"])
    fee = balance.fee(DISPUTE_FEE[settled.currency], settled.currency, "Dispute fee")
    moved = balance.record(
        account,
        settled,
        "adjustment",
        "dispute",
        source=dispute,
        created=now,
        fees=[fee],
        description=f"Chargeback withdrawal for {charge.id}",
        at_once=True,
    )
    account.store.save(dispute, _movements=[moved.id])
    account.emit("charge.dispute.created", dispute)
    account.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


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
    """Stripe: the test texts `winning_evidence` and `losing_evidence` decide as they say."""
    dispute = retrieve(account, params, id_)
    changes: dict[str, Any] = {}
    if "metadata" in params:
        changes["metadata"] = merged_metadata(dispute, params["metadata"])
    if "evidence" in params:
        if dispute["status"] != "needs_response":
            raise StripeError(f"Evidence is not taken any more: the dispute is {dispute['status']}.")
        changes["evidence"] = {**dispute["evidence"], **(params["evidence"] or {})}
        submitted = params.get("submit", True)
        changes["evidence_details"] = {
            **dispute["evidence_details"],
            "has_evidence": True,
            "submission_count": int(submitted),
            "submission_method": "manual" if submitted else "not_submitted",
        }
        if submitted:
            changes["status"] = "under_review"
    account.update(dispute, "charge.dispute.updated", **changes)
    words = dispute["evidence"]["uncategorized_text"]
    if dispute["status"] == "under_review" and words in ("winning_evidence", "losing_evidence"):
        decide(account, dispute, won=words == "winning_evidence")
    return dispute


def close(account: Account, params: Params, id_: str) -> Row:
    """To give in: the dispute is lost."""
    return decide(account, retrieve(account, params, id_), won=False)


def listed(account: Account, params: Params) -> Page:
    where = {name: params.get(name) for name in ("charge", "payment_intent")}
    return account.store.page("dispute", params, where)
