"""What waiting needs: up to when a ledger is closed, and what rests on a document."""

import sqlalchemy as sa
from alembic import op

from core.store.schema.common import Moment

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("connection", sa.Column("closed_until", sa.String(length=10), nullable=True))
    op.add_column("connection", sa.Column("closed_read_at", Moment(), nullable=True))
    op.create_index("ix_allocation_credit_note", "allocation", ["workspace_id", "credit_note_id"])
