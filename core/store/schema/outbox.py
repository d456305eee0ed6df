"""What we owe: deliveries, what they need, and the pushes that carried them."""

from sqlalchemy import JSON, Boolean, Column, Index, Integer, Text, UniqueConstraint

from core.store.schema.common import Moment, bare_table, ref, table

delivery = table(
    "delivery",
    *ref("connection_id", "connection"),
    *ref("record_id", "record"),
    Column("kind", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason_code", Text),
    Column("reason_params", JSON),
    Column("attempts", Integer, nullable=False),
    Column("alone", Boolean, nullable=False),  # a batch it was in was refused as a whole: send it by itself
    Column("due_at", Moment, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("settled_at", Moment),
    UniqueConstraint("workspace_id", "connection_id", "record_id", "part", "revision"),
    # the state comes first: the sweep asks for what is due in all workspaces
    Index("ix_delivery_work", "state", "workspace_id", "connection_id", "kind", "id", "due_at"),
    Index("ix_delivery_record", "workspace_id", "record_id"),
)

delivery_need = bare_table(
    "delivery_need",
    *ref("delivery_id", "delivery", key=True),
    *ref("record_id", "record", key=True),
    Index("ix_delivery_need_record", "workspace_id", "record_id"),
)

push = table(
    "push",
    *ref("connection_id", "connection"),
    *ref("body_id", "body"),
    *ref("answer_body_id", "body", nullable=True),
    Column("kind", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("state", Text, nullable=False),  # sent, unknown, settled
    Column("outcome", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("ask_after", Moment),
    Column("settled_at", Moment),
    Index("ix_push_work", "state", "workspace_id", "connection_id", "kind", "ask_after"),
)

push_member = bare_table(
    "push_member",
    *ref("push_id", "push", key=True),
    Column("position", Integer, primary_key=True),
    *ref("delivery_id", "delivery"),
    Index("ix_push_member_delivery", "workspace_id", "delivery_id"),
)
