"""Every table. The tenant is part of each key and each pointer."""

from core.store.schema.books import entry, posting
from core.store.schema.common import metadata
from core.store.schema.intake import body, cursor, event, observation, receipt
from core.store.schema.outbox import delivery, delivery_need, push, push_member
from core.store.schema.records import (
    customer,
    invoice,
    invoice_line,
    invoice_line_tax,
    link,
    payment,
    payment_application,
    price,
    product,
    record,
    tax_rate,
)
from core.store.schema.tenancy import (
    app,
    audit,
    book,
    connection,
    data_key,
    exchange_rate,
    lane,
    rulebook,
    schedule_slot,
    workspace,
)

__all__ = [
    "app",
    "audit",
    "body",
    "book",
    "connection",
    "cursor",
    "customer",
    "data_key",
    "delivery",
    "delivery_need",
    "entry",
    "event",
    "exchange_rate",
    "invoice",
    "invoice_line",
    "invoice_line_tax",
    "lane",
    "link",
    "metadata",
    "observation",
    "payment",
    "payment_application",
    "posting",
    "price",
    "product",
    "push",
    "push_member",
    "receipt",
    "record",
    "rulebook",
    "schedule_slot",
    "tax_rate",
    "workspace",
]
