"""Stripe-Signature: `t=<unix seconds>,v1=<hex>[,v1=<hex>]`, an HMAC-SHA256 over `<t>.<raw body>`."""

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from connectors.contract import Notification
from connectors.rows import Unreadable
from connectors.strict_json import parse as parse_json
from connectors.stripe.events import notifications

_TOLERANCE_SECONDS = 300
_SIGNATURES_MAX = 10


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> str | None:
    """Stripe: while a secret is rolled two v1 signatures are sent; v0 is a test scheme and proves nothing."""
    stamped, signatures = _read(headers.get("stripe-signature", ""))
    if not stamped:
        return "signature"
    payload = stamped.encode() + b"." + body
    genuine = False
    for secret in filter(None, secrets):
        expected = hmac.new(secret.encode(), payload, sha256).hexdigest().encode()
        for signature in signatures:
            genuine |= hmac.compare_digest(expected, signature)
    if not genuine:
        return "signature"
    return None if abs(now.timestamp() - int(stamped)) <= _TOLERANCE_SECONDS else "time"


def _read(header: str) -> tuple[str, list[bytes]]:
    """The moment as it was signed, empty unless it is a plain number, and every v1 signature."""
    stamped = ""
    signatures: list[bytes] = []
    for item in header.split(","):
        name, _, value = item.strip().partition("=")
        if name == "t":
            stamped = value if value.isascii() and value.isdigit() and len(value) < 15 else ""
        elif name == "v1" and len(signatures) < _SIGNATURES_MAX:
            signatures.append(value.encode(errors="replace"))
    return stamped, signatures


def parse(body: bytes) -> Sequence[Notification]:
    event = parse_json(body)
    if not isinstance(event, dict):
        raise Unreadable("an event is a JSON object")
    return notifications(event)
