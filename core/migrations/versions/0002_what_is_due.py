"""What is due is found without reading what is done; an observation tells until when it was seen so."""

import sqlalchemy as sa
from alembic import op

from core.store.schema.common import Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.drop_index("ix_event_work", "event")
    op.create_index("ix_event_work", "event", ["state", "workspace_id", "connection_id", "kind", "id"])
    op.drop_index("ix_delivery_work", "delivery")
    op.create_index("ix_delivery_work", "delivery", ["state", "workspace_id", "connection_id", "kind", "id", "due_at"])
    op.drop_index("ix_push_open", "push")
    op.create_index("ix_push_work", "push", ["state", "workspace_id", "connection_id", "kind", "ask_after"])

    op.add_column("observation", sa.Column("last_seen_at", Moment(), nullable=True))
    op.execute("UPDATE observation SET last_seen_at = seen_at")
    with op.batch_alter_table("observation") as batch_op:
        batch_op.alter_column("last_seen_at", existing_type=Moment(), nullable=False)
