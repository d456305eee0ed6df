"""What is shared by all connections of a vendor, who is away, and what is left of a day's calls."""

import sqlalchemy as sa
from alembic import op

from core.store.schema.common import Moment

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("connection", sa.Column("is_away", sa.Boolean(), nullable=True))
    op.add_column("connection", sa.Column("day_left", sa.Integer(), nullable=True))
    op.add_column("connection", sa.Column("day_left_at", Moment(), nullable=True))
    op.create_table(
        "vendor",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("away_since", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("name", "environment", name="pk_vendor"),
    )
    op.execute("INSERT INTO vendor (name, environment) SELECT DISTINCT vendor, environment FROM connection")
