"""Stripe, the gateway: it owns the money it takes, and the hub only reads it.

What the numbers below rest on, and how to get a real sandbox, is in README.md.
"""

from connectors.contract import Connector, RateLimit, Reads, Role, Webhook
from connectors.stripe import translate, webhook
from connectors.stripe.client import StripeClient
from core.kinds import Kind

STRIPE = Connector(
    vendor="stripe",
    role=Role.GATEWAY,
    client=StripeClient,
    reads={
        Kind.CUSTOMER: Reads(translate.remote_id, translate.customer),
        Kind.PRODUCT: Reads(translate.remote_id, translate.product),
        Kind.TAX_RATE: Reads(translate.remote_id, translate.tax_rate),
        Kind.PRICE: Reads(translate.remote_id, translate.price),
        Kind.INVOICE: Reads(translate.remote_id, translate.invoice),
        Kind.PAYMENT: Reads(translate.remote_id, translate.payment),
    },
    writes={},
    limit=RateLimit(calls=25, per_seconds=1),
    webhook=Webhook(verify=webhook.verify, parse=webhook.parse, max_bytes=1024 * 1024),
    remembers_days=30,
    pulls=(Kind.CUSTOMER, Kind.PRODUCT, Kind.TAX_RATE, Kind.PRICE, Kind.INVOICE, Kind.PAYMENT),
)
