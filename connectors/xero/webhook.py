"""x-xero-signature: base64 of an HMAC-SHA256 over the raw body. Xero tells only that something changed, never what.

Xero: when a webhook is set up, messages without events are sent, some wrongly signed on purpose (intent to receive).
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from connectors.contract import Notification, Row
from connectors.rows import Unreadable, needed_text, parts, text
from connectors.strict_json import parse as parse_json
from connectors.xero.wire import moment
from core.canonical import canonical_json, digest
from core.kinds import Kind

_KINDS = {"INVOICE": Kind.INVOICE, "CONTACT": Kind.CUSTOMER, "CREDITNOTE": Kind.CREDIT_NOTE}


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], _now: datetime) -> str | None:
    """Xero: the moment is not signed, so none is too old; what is repeated is known by its key."""
    given = headers.get("x-xero-signature", "").encode(errors="replace")
    genuine = False
    for secret in filter(None, secrets):
        genuine |= hmac.compare_digest(b64encode(hmac.new(secret.encode(), body, sha256).digest()), given)
    return None if genuine else "signature"


def parse(body: bytes) -> Sequence[Notification]:
    message = parse_json(body)
    if not isinstance(message, dict) or "events" not in message:
        raise Unreadable("there is no list of events")
    return [_readable_or_not(event) for event in parts(message, "events")]


def _readable_or_not(event: Row) -> Notification:
    """Xero: one message tells of many documents; what is wrong with one of them is no news about the others."""
    try:
        return _notification(event)
    except Unreadable as trouble:
        said = canonical_json(event)
        key = f"unreadable:{digest(event)}"
        return Notification(key, "unreadable", "", None, "", None, content=said, problem=str(trouble))


def _notification(event: Row) -> Notification:
    category, event_type = needed_text(event, "eventCategory"), needed_text(event, "eventType")
    resource_id, told_at = needed_text(event, "resourceId"), needed_text(event, "eventDateUtc")
    return Notification(
        # Xero: events have no id of their own
        key=f"{resource_id}:{told_at}:{event_type}:{category}",
        type=f"{category}.{event_type}",
        account=text(event, "tenantId"),
        kind=_KINDS.get(category),
        remote_id=resource_id,
        occurred_at=moment(event, "eventDateUtc"),
        content=canonical_json(event),
    )
