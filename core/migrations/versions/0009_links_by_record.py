"""What stands of a record is found by the record, also by SQLite, which takes the first index that fits."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.drop_index("uq_link_document", "link")
    op.create_index(
        "uq_link_document",
        "link",
        ["workspace_id", "record_id", "connection_id", "environment", "kind", "part"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
