"""Where a document went that was merged into another one, at the system that merged it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("link", sa.Column("moved_to", sa.Text(), nullable=True))
