"""Which event types say that something may have changed, and where in the event's object the changed things' ids are.

One table for both ears: for what arrives by webhook as for what is polled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.contract import Notification, Row
from connectors.rows import needed_text, part, parts, text, unix_moment
from connectors.stripe.translate.reading import reference
from core.canonical import canonical_json
from core.kinds import Kind

_OWN_ID = (("id",),)
_INTENT_OR_OWN_ID = (("payment_intent",), ("id",))
_PAID_BY = (("payment", "payment_intent"), ("payment", "charge"))

_Paths = tuple[tuple[str, ...], ...]


def _of(kind: Kind, paths: _Paths, prefix: str, endings: str) -> dict[str, tuple[Kind, _Paths]]:
    return {f"{prefix}.{ending}": (kind, paths) for ending in endings.split()}


EVENTS: Mapping[str, tuple[Kind, _Paths]] = {
    **_of(Kind.CUSTOMER, _OWN_ID, "customer", "created updated deleted"),
    **_of(Kind.PRODUCT, _OWN_ID, "product", "created updated deleted"),
    **_of(Kind.TAX_RATE, _OWN_ID, "tax_rate", "created updated"),
    **_of(Kind.COUPON, _OWN_ID, "coupon", "created updated deleted"),
    **_of(Kind.PROMOTION_CODE, _OWN_ID, "promotion_code", "created updated"),
    **_of(Kind.PRICE, _OWN_ID, "price", "created updated deleted"),
    **_of(
        Kind.SUBSCRIPTION,
        _OWN_ID,
        "customer.subscription",
        "created deleted paused pending_update_applied pending_update_expired resumed trial_will_end updated",
    ),
    **_of(
        Kind.INVOICE,
        _OWN_ID,
        "invoice",
        "created deleted finalization_failed finalized marked_uncollectible overdue overpaid paid "
        "payment_action_required payment_attempt_required payment_failed payment_succeeded sent updated voided "
        "will_be_due",
    ),
    **_of(Kind.PAYMENT, _PAID_BY, "invoice_payment", "paid"),
    **_of(Kind.PAYMENT, _INTENT_OR_OWN_ID, "charge", "captured expired failed pending refunded succeeded updated"),
    **_of(
        Kind.PAYMENT,
        _OWN_ID,
        "payment_intent",
        "amount_capturable_updated canceled created partially_funded payment_failed processing requires_action "
        "succeeded",
    ),
    **_of(Kind.CREDIT_NOTE, _OWN_ID, "credit_note", "created updated voided"),
    **_of(Kind.REFUND, _OWN_ID, "refund", "created failed updated"),
    **_of(Kind.REFUND, _OWN_ID, "charge.refund", "updated"),
}
_PAYING_OUT = frozenset({"credit_note.created", "credit_note.updated"})
"""A credit note may be written for a refund that was made before: what covers that refund has then changed too."""


def notifications(event: Row) -> Sequence[Notification]:
    """One for each thing that may have changed, the event's own first. ValueError for what is not an event."""
    event_type, key = needed_text(event, "type"), needed_text(event, "id")
    changed = part(part(event, "data"), "object")
    kind, remote_id = _subject(event_type, changed)
    told = Notification(
        key=key,
        type=event_type,
        account=text(event, "account"),
        kind=kind,
        remote_id=remote_id,
        occurred_at=unix_moment(event, "created"),
        # Stripe: counts how many endpoints have not answered yet, and so differs from one attempt to the next
        content=canonical_json({name: value for name, value in event.items() if name != "pending_webhooks"}),
        is_live=event.get("livemode") if isinstance(event.get("livemode"), bool) else None,
    )
    refunds = [reference(one, "refund") for one in parts(changed, "refunds")] if event_type in _PAYING_OUT else []
    return [
        told,
        *(
            replace(told, key=f"{key}:{refund}", kind=Kind.REFUND, remote_id=refund)
            for refund in dict.fromkeys(refunds)
            if refund
        ),
    ]


def _subject(event_type: str, changed: Row) -> tuple[Kind | None, str]:
    if event_type not in EVENTS:
        return None, ""
    kind, paths = EVENTS[event_type]
    for *outer, name in paths:
        within = changed
        for step in outer:
            within = part(within, step)
        if remote_id := reference(within, name):
            return kind, remote_id
    return None, ""
