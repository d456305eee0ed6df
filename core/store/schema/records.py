"""What we know: one `record` for whatever the hub keeps, one table per kind for its contents, links to remote ids."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, String, Text, UniqueConstraint, text

from core.store.schema.common import Exact, Minor, Moment, bare_table, ref, table

record = table(
    "record",
    Column("kind", Text, nullable=False),
    *ref("book_id", "book", nullable=True),
    *ref("origin_connection_id", "connection", nullable=True),  # empty: born in the hub
    Column("origin_id", Text, nullable=False),
    Column("name", Text, nullable=False),  # how people call the document; never a person's name
    Column("revision", Integer, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("removed_at", Moment),  # a tombstone: deleted at its origin
    *ref("merged_into_id", "record", nullable=True),
    UniqueConstraint("workspace_id", "origin_connection_id", "kind", "origin_id"),
)

link = table(
    "link",
    *ref("connection_id", "connection"),
    *ref("record_id", "record"),
    Column("environment", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("remote_id", Text, nullable=False),
    Column("moved_to", Text),  # merged there into this one; the id above still means the same record
    Column("part", Text, nullable=False),
    Column("version", Text, nullable=False),  # the vendor's own token of the state last shown
    Column("shown_hash", Text, nullable=False),  # what that system last showed us: how echoes are known
    Column("sent_hash", Text, nullable=False),  # what we last sent, so that equal is not sent again
    Column("removed_at", Moment),
    UniqueConstraint("workspace_id", "connection_id", "kind", "remote_id", "environment"),
    Index(
        "uq_link_document",  # what was taken away and comes again has an id of its own there
        "workspace_id",
        "record_id",
        "connection_id",
        "environment",
        "kind",
        "part",
        unique=True,
        sqlite_where=text("removed_at IS NULL"),
        postgresql_where=text("removed_at IS NULL"),
    ),
    Index("ix_link_record", "workspace_id", "record_id"),
)

customer = bare_table(
    "customer",
    *ref("id", "record", key=True),
    *ref("data_key_id", "data_key"),
    Column("tax_exempt", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # name, e-mail, telephone, address, description
)

product = bare_table(
    "product",
    *ref("id", "record", key=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("active", Boolean, nullable=False),
)

tax_rate = bare_table(
    "tax_rate",
    *ref("id", "record", key=True),
    Column("name", Text, nullable=False),
    Column("percentage", Exact, nullable=False),
    Column("inclusive", Boolean, nullable=False),
    Column("country", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("tax_type", Text, nullable=False),
    Column("active", Boolean, nullable=False),
)

price = bare_table(
    "price",
    *ref("id", "record", key=True),
    *ref("product_id", "record"),
    Column("currency", String(3), nullable=False),
    Column("unit_amount", Exact),
    Column("tax_behavior", Text, nullable=False),
    Column("interval", Text, nullable=False),
    Column("interval_count", Integer, nullable=False),
    Column("nickname", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("metered", Boolean, nullable=False),
    Column("package_size", Integer, nullable=False),
    Column("tiers_mode", Text, nullable=False),
)

price_tier = bare_table(
    "price_tier",
    *ref("parent_id", "record", key=True),
    Column("position", Integer, primary_key=True),
    Column("up_to", Exact),
    Column("unit_amount", Exact, nullable=False),
    Column("flat_amount", Exact, nullable=False),
)

coupon = bare_table(
    "coupon",
    *ref("id", "record", key=True),
    Column("name", Text, nullable=False),
    Column("percent_off", Exact),
    Column("currency", Text, nullable=False),
    Column("amount_off_minor", Minor, nullable=False),
    Column("duration", Text, nullable=False),
    Column("duration_months", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
)

promotion_code = bare_table(
    "promotion_code",
    *ref("id", "record", key=True),
    *ref("coupon_id", "record"),
    Column("code", Text, nullable=False),
    Column("active", Boolean, nullable=False),
)

subscription = bare_table(
    "subscription",
    *ref("id", "record", key=True),
    *ref("customer_id", "record"),
    Column("status", Text, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("trial_ends_at", Moment),
    Column("cancels_at", Moment),
    Column("ended_at", Moment),
)

subscription_item = bare_table(
    "subscription_item",
    *ref("parent_id", "record", key=True),
    Column("position", Integer, primary_key=True),
    *ref("price_id", "record"),
    Column("quantity", Exact),
    Column("period_from", Moment),
    Column("period_until", Moment),
)

invoice = bare_table(
    "invoice",
    *ref("id", "record", key=True),
    *ref("customer_id", "record"),
    *ref("subscription_id", "record", nullable=True),
    Column("status", Text, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("number", Text, nullable=False),
    Column("issued_at", Moment),
    Column("due_at", Moment),
    Column("total_minor", Minor, nullable=False),
    Column("tax_minor", Minor, nullable=False),
    Column("due_minor", Minor, nullable=False),
    Column("memo", Text, nullable=False),
    Column("from_balance_minor", Minor, nullable=False),
    Index("ix_invoice_number", "workspace_id", "number"),
)

invoice_line = bare_table(
    "invoice_line",
    *ref("parent_id", "record", key=True),
    Column("position", Integer, primary_key=True),
    *ref("price_id", "record", nullable=True),
    *ref("product_id", "record", nullable=True),
    Column("id", Text, nullable=False),  # the origin's own id of the line
    Column("description", Text, nullable=False),
    Column("quantity", Exact, nullable=False),
    Column("unit_amount", Exact),
    Column("net_minor", Minor, nullable=False),
    Column("discount_minor", Minor, nullable=False),
    Column("service_from", Moment),
    Column("service_until", Moment),
)

invoice_line_tax = bare_table(
    "invoice_line_tax",
    *ref("parent_id", "record", key=True),
    Column("line", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    *ref("rate_id", "record"),
    Column("taxable_minor", Minor, nullable=False),
    Column("amount_minor", Minor, nullable=False),
    Column("inclusive", Boolean, nullable=False),
)

payment = bare_table(
    "payment",
    *ref("id", "record", key=True),
    *ref("customer_id", "record", nullable=True),
    Column("currency", String(3), nullable=False),
    Column("amount_minor", Minor, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    Column("received_at", Moment),
    Column("settled_currency", Text, nullable=False),
    Column("settled_minor", Minor, nullable=False),
    Column("charge", Text, nullable=False),
)

payment_application = bare_table(
    "payment_application",
    *ref("parent_id", "record", key=True),
    Column("position", Integer, primary_key=True),
    *ref("invoice_id", "record"),
    Column("amount_minor", Minor, nullable=False),
    Index("ix_payment_application_invoice", "workspace_id", "invoice_id"),
)

credit_note = bare_table(
    "credit_note",
    *ref("id", "record", key=True),
    *ref("customer_id", "record"),
    *ref("invoice_id", "record"),
    Column("number", Text, nullable=False),
    Column("void", Boolean, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("issued_at", Moment, nullable=False),
    Column("total_minor", Minor, nullable=False),
    Column("tax_minor", Minor, nullable=False),
    Column("due_lowered_minor", Minor, nullable=False),
    Column("refunded_minor", Minor, nullable=False),
    Column("to_balance_minor", Minor, nullable=False),
    Column("outside_minor", Minor, nullable=False),
    Column("reason", Text, nullable=False),
    Index("ix_credit_note_invoice", "workspace_id", "invoice_id"),
)

credit_note_line = bare_table(
    "credit_note_line",
    *ref("parent_id", "record", key=True),
    Column("position", Integer, primary_key=True),
    Column("invoice_line", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("quantity", Exact, nullable=False),
    Column("net_minor", Minor, nullable=False),
)

credit_note_line_tax = bare_table(
    "credit_note_line_tax",
    *ref("parent_id", "record", key=True),
    Column("line", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    *ref("rate_id", "record"),
    Column("taxable_minor", Minor, nullable=False),
    Column("amount_minor", Minor, nullable=False),
    Column("inclusive", Boolean, nullable=False),
)

allocation = bare_table(
    "allocation",
    *ref("id", "record", key=True),
    *ref("credit_note_id", "record", nullable=True),
    *ref("credit_id", "record", nullable=True),
    *ref("invoice_id", "record"),
    Column("currency", String(3), nullable=False),
    Column("amount_minor", Minor, nullable=False),
    Column("allocated_at", Moment, nullable=False),
    Column("void", Boolean, nullable=False),
    Index("ix_allocation_credit", "workspace_id", "credit_id"),
    Index("ix_allocation_credit_note", "workspace_id", "credit_note_id"),
    Index("ix_allocation_invoice", "workspace_id", "invoice_id"),
)

refund = bare_table(
    "refund",
    *ref("id", "record", key=True),
    *ref("payment_id", "record"),
    *ref("customer_id", "record", nullable=True),
    Column("currency", String(3), nullable=False),
    Column("amount_minor", Minor, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    Column("refunded_at", Moment),
    Column("settled_currency", Text, nullable=False),
    Column("settled_minor", Minor, nullable=False),
    Column("covered_minor", Minor, nullable=False),
    Column("failed_at", Moment),
    Column("reason", Text, nullable=False),
)

credit_refund = bare_table(
    "credit_refund",
    *ref("id", "record", key=True),
    *ref("credit_note_id", "record"),
    *ref("refund_id", "record"),
    Column("currency", String(3), nullable=False),
    Column("amount_minor", Minor, nullable=False),
    Column("void", Boolean, nullable=False),
    Index("ix_credit_refund_refund", "workspace_id", "refund_id"),
)

balance_transaction = bare_table(
    "balance_transaction",
    *ref("id", "record", key=True),
    Column("type", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount_minor", Minor, nullable=False),
    Column("fee_minor", Minor, nullable=False),
    Column("moved_at", Moment, nullable=False),
    Column("source", Text, nullable=False),
)

balance_transaction_fee = bare_table(
    "balance_transaction_fee",
    *ref("parent_id", "record", key=True),
    Column("position", Integer, primary_key=True),
    Column("type", Text, nullable=False),
    Column("amount_minor", Minor, nullable=False),
    Column("currency", String(3), nullable=False),
)

standing = bare_table(
    "standing",
    *ref("connection_id", "connection", key=True),
    Column("kind", Text, primary_key=True),
    Column("remote_id", Text, primary_key=True),
    Column("counts", Boolean, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("total_minor", Minor, nullable=False),
    Column("tax_minor", Minor, nullable=False),
    Column("due_minor", Minor, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("dated_on", String(10)),  # the document's own date; empty where it was seen before dates were kept
)
"""What each system last said a document amounts to: from its last observation, so that columns can be compared."""
