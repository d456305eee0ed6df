"""When everything that a vendor has was last read from the beginning."""

import sqlalchemy as sa
from alembic import op

from core.store.schema.common import Moment

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("cursor", sa.Column("whole_at", Moment(), nullable=True))
