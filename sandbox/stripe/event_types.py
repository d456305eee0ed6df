"""The types of events that a webhook endpoint may ask for."""

_NAMES = {
    "balance": "available",
    "charge": "captured expired failed pending refunded succeeded updated",
    "charge.refund": "updated",
    "charge.dispute": "closed created funds_reinstated funds_withdrawn updated",
    "coupon": "created deleted updated",
    "credit_note": "created updated voided",
    "customer": "created deleted updated",
    "customer.discount": "created deleted updated",
    "customer.subscription": "created deleted paused pending_update_applied pending_update_expired resumed "
    "trial_will_end updated",
    "customer.tax_id": "created deleted updated",
    "invoice": "created deleted finalization_failed finalized marked_uncollectible overdue overpaid paid "
    "payment_action_required payment_failed payment_succeeded sent upcoming updated voided will_be_due",
    "invoice_payment": "paid",
    "invoiceitem": "created deleted",
    "payment_intent": "amount_capturable_updated canceled created payment_failed processing requires_action succeeded",
    "payment_method": "attached automatically_updated detached updated",
    "payout": "canceled created failed paid reconciliation_completed updated",
    "plan": "created deleted updated",
    "price": "created deleted updated",
    "product": "created deleted updated",
    "promotion_code": "created updated",
    "quote": "accepted canceled created finalized",
    "refund": "created failed updated",
    "subscription_schedule": "aborted canceled completed created expiring released updated",
    "tax_rate": "created updated",
    "test_helpers.test_clock": "advancing created deleted internal_failure ready",
    "account.application": "authorized deauthorized",
    "billing.meter": "created deactivated reactivated updated",
}
EVENT_TYPES = frozenset(f"{noun}.{verb}" for noun, verbs in _NAMES.items() for verb in verbs.split())
