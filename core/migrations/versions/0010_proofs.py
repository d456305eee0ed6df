"""What proves that copies are equal: when readings of everything began, how much was changed, and documents' dates."""

import sqlalchemy as sa
from alembic import op

from core.store.schema.common import Moment

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("cursor", sa.Column("begun_at", Moment(), nullable=True))
    op.add_column("cursor", sa.Column("begun_before_at", Moment(), nullable=True))
    op.add_column("lane", sa.Column("changes", sa.Integer(), nullable=True))
    op.add_column("lane", sa.Column("changes_since", Moment(), nullable=True))
    op.add_column("standing", sa.Column("dated_on", sa.String(length=10), nullable=True))
