"""Which hub works on the database: the bell that its processes ring, and when they last said that they live."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from core.store.schema.common import Moment

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    hub = op.create_table(
        "hub",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("bell", sa.Text(), nullable=False),
        sa.Column("alive_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub")),
    )
    op.bulk_insert(hub, [{"id": "hub", "bell": "", "alive_at": datetime.fromtimestamp(0, UTC)}])
