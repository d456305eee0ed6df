"""What a customer's balance settles of an invoice, and whose credit it was."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("invoice") as invoice:
        invoice.add_column(sa.Column("from_balance_minor", sa.BigInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("invoice") as invoice:
        invoice.alter_column("from_balance_minor", server_default=None)
    with op.batch_alter_table("allocation") as allocation:
        allocation.alter_column("credit_note_id", existing_type=sa.String(length=26), nullable=True)
        allocation.add_column(sa.Column("credit_id", sa.String(length=26), nullable=True))
        allocation.create_foreign_key(
            op.f("fk_allocation_workspace_id_credit_id"),
            "record",
            ["workspace_id", "credit_id"],
            ["workspace_id", "id"],
        )
        allocation.create_index("ix_allocation_credit", ["workspace_id", "credit_id"])
    with op.batch_alter_table("link") as link:
        link.drop_constraint(op.f("uq_link_workspace_id_connection_id_environment_kind_record_id_part"), type_="unique")
        link.create_index(
            "uq_link_document",
            ["workspace_id", "connection_id", "environment", "kind", "record_id", "part"],
            unique=True,
            sqlite_where=sa.text("removed_at IS NULL"),
            postgresql_where=sa.text("removed_at IS NULL"),
        )
