"""Stripe, the gateway: it owns the money it takes, and the hub only reads it.

What the numbers below rest on, and how to get a real sandbox, is in README.md.
"""

from connectors.contract import Connector, RateLimit, Reads, Role, Webhook
from connectors.stripe import history, webhook
from connectors.stripe.client import EVERYTHING, StripeClient
from connectors.stripe.translate import catalogue, documents, movements
from connectors.stripe.translate.reading import remote_id
from core.kinds import Kind

STRIPE = Connector(
    vendor="stripe",
    role=Role.GATEWAY,
    client=StripeClient,
    reads={
        Kind.CUSTOMER: Reads(remote_id, catalogue.customer),
        Kind.PRODUCT: Reads(remote_id, catalogue.product),
        Kind.TAX_RATE: Reads(remote_id, catalogue.tax_rate),
        Kind.COUPON: Reads(remote_id, catalogue.coupon),
        Kind.PROMOTION_CODE: Reads(remote_id, catalogue.promotion_code),
        Kind.PRICE: Reads(remote_id, catalogue.price),
        Kind.SUBSCRIPTION: Reads(remote_id, catalogue.subscription),
        Kind.INVOICE: Reads(remote_id, documents.invoice),
        Kind.PAYMENT: Reads(remote_id, movements.payment, further=movements.beside_payment),
        Kind.CREDIT_NOTE: Reads(remote_id, documents.credit_note, further=documents.beside_credit_note),
        Kind.REFUND: Reads(remote_id, movements.refund, further=movements.beside_refund),
        Kind.BALANCE_TRANSACTION: Reads(remote_id, movements.balance_transaction),
    },
    writes={},
    limit=RateLimit(calls=25, per_seconds=1),
    webhook=Webhook(verify=webhook.verify, parse=webhook.parse, max_bytes=1024 * 1024),
    remembers_days=30,
    pulls={EVERYTHING: history.WHOLE},
    importing=history.how_far,
)
