"""Who we work for, and the accounts they gave us: workspaces, books, apps, connections, keys, lanes, choices."""

from sqlalchemy import JSON, Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from core.store.schema.common import Exact, Id, Moment, bare_table, metadata, ref, table

hub = Table(
    "hub",
    metadata,
    Column("id", Text, primary_key=True),  # one row
    Column("bell", Text, nullable=False),  # a secret of the Redis that this hub's processes share
    Column("alive_at", Moment, nullable=False),
)

workspace = Table(
    "workspace",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
)

book = table(
    "book",
    Column("name", Text, nullable=False),
    Column("base_currency", String(3), nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("country", String(2), nullable=False),
    Column("fiscal_year_start", String(5), nullable=False),  # MM-DD
    UniqueConstraint("workspace_id", "name"),
)

data_key = table(
    "data_key",
    Column("scope", Text, nullable=False),
    Column("wrapped", LargeBinary),  # empty: dropped, and what it sealed is forgotten
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("workspace_id", "scope"),
)

app = table(
    "app",
    Column("vendor", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("secrets", LargeBinary, nullable=False),  # sealed: client secret, webhook secrets current and previous
    UniqueConstraint("workspace_id", "name"),
    Index("ix_app_id", "id"),  # the webhook door knows no workspace yet
)

connection = table(
    "connection",
    *ref("book_id", "book"),
    *ref("app_id", "app", nullable=True),
    Column("vendor", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("identity_url", Text, nullable=False),  # where tokens are refreshed; empty for plain keys
    Column("account", Text, nullable=False),
    Column("credentials", LargeBinary, nullable=False),  # sealed: key, or access and refresh token
    Column("token_generation", Integer, nullable=False),
    Column("token_expires_at", Moment),
    Column("refresh_fence", Integer, nullable=False),
    Column("refresh_lease_until", Moment),
    Column("state", Text, nullable=False),  # active, paused
    Column("pause_sentence", Text, nullable=False),
    Column("not_before", Moment),  # the vendor asked to wait
    Column("window_started_at", Moment),
    Column("window_calls", Integer, nullable=False),
    Column("failures", Integer, nullable=False),  # in a row, for the backoff
    Column("closed_until", String(10)),  # the last day (ISO) that may no longer be written to there
    Column("closed_read_at", Moment),  # when that was read
    Column("options", JSON, nullable=False),  # what this account's plan or place changes of the declared numbers
    UniqueConstraint("workspace_id", "name"),
    UniqueConstraint("workspace_id", "vendor", "environment", "account"),
)

lane = bare_table(
    "lane",
    *ref("connection_id", "connection", key=True),
    Column("kind", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),  # ingest, deliver, pull
    Column("fence", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    Column("lease_until", Moment),
    Column("changes", Integer),  # of documents that stood there already, since:
    Column("changes_since", Moment),
)

schedule_slot = bare_table(
    "schedule_slot",
    Column("task", Text, primary_key=True),
    Column("slot", Moment, primary_key=True),
)

rulebook = table(
    "rulebook",
    *ref("connection_id", "connection"),
    Column("version", Integer, nullable=False),
    Column("effective_from", Moment, nullable=False),
    Column("rules", JSON, nullable=False),
    Column("actor", Text, nullable=False),
    UniqueConstraint("workspace_id", "connection_id", "version"),
)

exchange_rate = bare_table(
    "exchange_rate",
    *ref("book_id", "book", key=True),
    Column("currency", String(3), primary_key=True),
    Column("on", String(10), primary_key=True),
    Column("value", Exact, nullable=False),  # units of the book's base currency for one unit
    Column("source", Text, nullable=False),
)

audit = table(
    "audit",
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("before_hash", Text, nullable=False),
    Column("after_hash", Text, nullable=False),
    Index("ix_audit_subject", "workspace_id", "subject"),
)
