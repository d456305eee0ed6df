"""What the pages need: people, their sessions, failed log-ins, and what each system last said a document amounts to."""

import sqlalchemy as sa
from alembic import op

from core.store.schema.common import Moment

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_index("ix_audit_subject", "audit", ["workspace_id", "subject"])
    op.create_table(
        "user",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("disabled_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_user_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_user")),
        sa.UniqueConstraint("name", name=op.f("uq_user_name")),
    )
    op.create_table(
        "session",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("user_id", sa.String(length=26), nullable=False),
        sa.Column("address_hash", sa.Text(), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_session_workspace_id")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["user.workspace_id", "user.id"],
            name=op.f("fk_session_workspace_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "token_hash", name=op.f("pk_session")),
    )
    op.create_index("ix_session_token", "session", ["token_hash"])
    op.create_index("ix_session_user", "session", ["workspace_id", "user_id"])
    op.create_table(
        "log_in_failure",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_log_in_failure")),
    )
    op.create_table(
        "standing",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("connection_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("due_minor", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "connection_id"],
            ["connection.workspace_id", "connection.id"],
            name=op.f("fk_standing_workspace_id_connection_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_standing_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "connection_id", "kind", "remote_id", name=op.f("pk_standing")),
    )
