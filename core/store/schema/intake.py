"""What we were told and shown: receipts and events (the inbox), observations, cursors, sealed bodies."""

from sqlalchemy import JSON, Boolean, Column, Index, Integer, LargeBinary, Text, UniqueConstraint, text

from core.store.schema.common import Moment, bare_table, ref, table

body = table(
    "body",
    *ref("data_key_id", "data_key"),
    Column("fingerprint", Text, nullable=False),  # keyed hash of the contents
    Column("sealed", LargeBinary, nullable=False),
)

receipt = table(
    "receipt",
    *ref("app_id", "app"),
    *ref("body_id", "body"),
    Column("received_at", Moment, nullable=False),
    Column("headers", JSON, nullable=False),
    Column("readable", Boolean, nullable=False),
)

event = table(
    "event",
    *ref("connection_id", "connection", nullable=True),
    *ref("receipt_id", "receipt", nullable=True),
    Column("key", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("kind", Text),
    Column("remote_id", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),  # of what the vendor said, apart from the attempt
    Column("occurred_at", Moment),
    Column("cause", Text, nullable=False),  # webhook, poll
    Column("state", Text, nullable=False),  # pending, done, parked, ignored
    Column("attempts", Integer, nullable=False),
    Column("reason_code", Text),
    Column("reason_params", JSON),
    Column("created_at", Moment, nullable=False),
    Column("done_at", Moment),
    UniqueConstraint("workspace_id", "connection_id", "key"),
    Index(
        "uq_event_foreign",  # of accounts that are not connected here; a key is unique among them too
        "workspace_id",
        "account",
        "key",
        unique=True,
        sqlite_where=text("connection_id IS NULL"),
        postgresql_where=text("connection_id IS NULL"),
    ),
    # the state comes first: the sweep asks for what is due in all workspaces
    Index("ix_event_work", "state", "workspace_id", "connection_id", "kind", "id"),
    Index("ix_event_remote", "workspace_id", "connection_id", "kind", "remote_id"),
)

observation = table(
    "observation",
    *ref("connection_id", "connection"),
    *ref("body_id", "body"),
    Column("kind", Text, nullable=False),
    Column("remote_id", Text, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("cause", Text, nullable=False),  # event, reference, pull, push, question
    Column("seen_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),  # still the same then
    Index("ix_observation_latest", "workspace_id", "connection_id", "kind", "remote_id", "id"),
)

cursor = bare_table(
    "cursor",
    *ref("connection_id", "connection", key=True),
    Column("kind", Text, primary_key=True),
    Column("position", JSON, nullable=False),
    Column("saved_at", Moment, nullable=False),
    Column("begun_at", Moment),  # of the reading from the beginning that this one goes on with
    Column("begun_before_at", Moment),  # of the one before, which came to its end
    Column("whole_at", Moment),  # everything had been read once, from the beginning to what was then the present
)
