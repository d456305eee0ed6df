"""The double-entry postings: written once, never edited, only reversed."""

from sqlalchemy import Column, Index, Integer, String, Text, UniqueConstraint

from core.store.schema.common import Exact, Minor, Moment, bare_table, ref, table

entry = table(
    "entry",
    *ref("book_id", "book"),
    *ref("record_id", "record"),
    *ref("reverses_id", "entry", nullable=True),
    Column("event", Text, nullable=False),
    Column("posted_on", String(10), nullable=False),  # a date in the book's zone
    Column("rate", Exact),
    Column("rate_source", Text, nullable=False),
    Column("rate_on", Text, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("workspace_id", "reverses_id"),
    Index("ix_entry_record", "workspace_id", "record_id"),
    Index("ix_entry_date", "workspace_id", "book_id", "posted_on"),
)

posting = bare_table(
    "posting",
    *ref("entry_id", "entry", key=True),
    Column("position", Integer, primary_key=True),
    *ref("customer_id", "record", nullable=True),
    Column("account", String(4), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount_minor", Minor, nullable=False),  # positive is a debit
    Column("base_currency", String(3), nullable=False),
    Column("base_minor", Minor, nullable=False),
    Column("document_line", Integer),
)
