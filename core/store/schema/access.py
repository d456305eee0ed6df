"""Who may look at the pages: people, their sessions, and failed log-ins."""

from sqlalchemy import Column, Index, Integer, Table, Text, UniqueConstraint

from core.store.schema.common import Moment, bare_table, metadata, ref, table

user = table(
    "user",
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),  # viewer, bookkeeper, admin
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
    UniqueConstraint("name"),  # over all workspaces: a log-in names no workspace
)

session = bare_table(
    "session",
    Column("token_hash", Text, primary_key=True),  # whoever reads this table cannot take a session over
    *ref("user_id", "user"),
    Column("address_hash", Text, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Index("ix_session_token", "token_hash"),  # a cookie names no workspace
    Index("ix_session_user", "workspace_id", "user_id"),
)

log_in_failure = Table(
    "log_in_failure",
    metadata,
    Column("key", Text, primary_key=True),  # a hash of whom, from where, or both
    Column("failures", Integer, nullable=False),
    Column("since", Moment, nullable=False),
)
