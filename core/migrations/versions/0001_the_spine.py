"""The spine: workspaces to postings, customers to payments."""

import sqlalchemy as sa
from alembic import op

from core.store.schema.common import Exact, Moment

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "workspace",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace")),
        sa.UniqueConstraint("name", name=op.f("uq_workspace_name")),
    )
    op.create_table(
        "app",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_app_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_app")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_app_workspace_id_name")),
    )
    with op.batch_alter_table("app", schema=None) as batch_op:
        batch_op.create_index("ix_app_id", ["id"], unique=False)

    op.create_table(
        "audit",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("before_hash", sa.Text(), nullable=False),
        sa.Column("after_hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_audit_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_audit")),
    )
    op.create_table(
        "book",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("base_currency", sa.String(length=3), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("fiscal_year_start", sa.String(length=5), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_book_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_book")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_book_workspace_id_name")),
    )
    op.create_table(
        "data_key",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_data_key_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_data_key")),
        sa.UniqueConstraint("workspace_id", "scope", name=op.f("uq_data_key_workspace_id_scope")),
    )
    op.create_table(
        "schedule_slot",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("slot", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_schedule_slot_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "task", "slot", name=op.f("pk_schedule_slot")),
    )
    op.create_table(
        "body",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("data_key_id", sa.String(length=26), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "data_key_id"],
            ["data_key.workspace_id", "data_key.id"],
            name=op.f("fk_body_workspace_id_data_key_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_body_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_body")),
    )
    op.create_table(
        "connection",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("book_id", sa.String(length=26), nullable=False),
        sa.Column("app_id", sa.String(length=26), nullable=True),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("identity_url", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("credentials", sa.LargeBinary(), nullable=False),
        sa.Column("token_generation", sa.Integer(), nullable=False),
        sa.Column("token_expires_at", Moment(), nullable=True),
        sa.Column("refresh_fence", sa.Integer(), nullable=False),
        sa.Column("refresh_lease_until", Moment(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("pause_sentence", sa.Text(), nullable=False),
        sa.Column("not_before", Moment(), nullable=True),
        sa.Column("window_started_at", Moment(), nullable=True),
        sa.Column("window_calls", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "app_id"], ["app.workspace_id", "app.id"], name=op.f("fk_connection_workspace_id_app_id")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "book_id"],
            ["book.workspace_id", "book.id"],
            name=op.f("fk_connection_workspace_id_book_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_connection_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_connection")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_connection_workspace_id_name")),
        sa.UniqueConstraint(
            "workspace_id",
            "vendor",
            "environment",
            "account",
            name=op.f("uq_connection_workspace_id_vendor_environment_account"),
        ),
    )
    op.create_table(
        "exchange_rate",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("book_id", sa.String(length=26), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("on", sa.String(length=10), nullable=False),
        sa.Column("value", Exact(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "book_id"],
            ["book.workspace_id", "book.id"],
            name=op.f("fk_exchange_rate_workspace_id_book_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_exchange_rate_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "book_id", "currency", "on", name=op.f("pk_exchange_rate")),
    )
    op.create_table(
        "cursor",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("connection_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("position", sa.JSON(), nullable=False),
        sa.Column("saved_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "connection_id"],
            ["connection.workspace_id", "connection.id"],
            name=op.f("fk_cursor_workspace_id_connection_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_cursor_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "connection_id", "kind", name=op.f("pk_cursor")),
    )
    op.create_table(
        "lane",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("connection_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "connection_id"],
            ["connection.workspace_id", "connection.id"],
            name=op.f("fk_lane_workspace_id_connection_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_lane_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "connection_id", "kind", "purpose", name=op.f("pk_lane")),
    )
    op.create_table(
        "observation",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("connection_id", sa.String(length=26), nullable=False),
        sa.Column("body_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "body_id"],
            ["body.workspace_id", "body.id"],
            name=op.f("fk_observation_workspace_id_body_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "connection_id"],
            ["connection.workspace_id", "connection.id"],
            name=op.f("fk_observation_workspace_id_connection_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_observation_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_observation")),
    )
    with op.batch_alter_table("observation", schema=None) as batch_op:
        batch_op.create_index(
            "ix_observation_latest", ["workspace_id", "connection_id", "kind", "remote_id", "id"], unique=False
        )

    op.create_table(
        "push",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("connection_id", sa.String(length=26), nullable=False),
        sa.Column("body_id", sa.String(length=26), nullable=False),
        sa.Column("answer_body_id", sa.String(length=26), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("ask_after", Moment(), nullable=True),
        sa.Column("settled_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "answer_body_id"],
            ["body.workspace_id", "body.id"],
            name=op.f("fk_push_workspace_id_answer_body_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "body_id"], ["body.workspace_id", "body.id"], name=op.f("fk_push_workspace_id_body_id")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "connection_id"],
            ["connection.workspace_id", "connection.id"],
            name=op.f("fk_push_workspace_id_connection_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_push_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_push")),
    )
    with op.batch_alter_table("push", schema=None) as batch_op:
        batch_op.create_index("ix_push_open", ["workspace_id", "state", "connection_id", "kind"], unique=False)

    op.create_table(
        "receipt",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("app_id", sa.String(length=26), nullable=False),
        sa.Column("body_id", sa.String(length=26), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("readable", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "app_id"], ["app.workspace_id", "app.id"], name=op.f("fk_receipt_workspace_id_app_id")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "body_id"], ["body.workspace_id", "body.id"], name=op.f("fk_receipt_workspace_id_body_id")
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_receipt_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_receipt")),
    )
    op.create_table(
        "record",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("book_id", sa.String(length=26), nullable=True),
        sa.Column("origin_connection_id", sa.String(length=26), nullable=True),
        sa.Column("origin_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("removed_at", Moment(), nullable=True),
        sa.Column("merged_into_id", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "book_id"], ["book.workspace_id", "book.id"], name=op.f("fk_record_workspace_id_book_id")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "merged_into_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_record_workspace_id_merged_into_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "origin_connection_id"],
            ["connection.workspace_id", "connection.id"],
            name=op.f("fk_record_workspace_id_origin_connection_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_record_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_record")),
        sa.UniqueConstraint(
            "workspace_id",
            "origin_connection_id",
            "kind",
            "origin_id",
            name=op.f("uq_record_workspace_id_origin_connection_id_kind_origin_id"),
        ),
    )
    op.create_table(
        "rulebook",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("connection_id", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective_from", Moment(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "connection_id"],
            ["connection.workspace_id", "connection.id"],
            name=op.f("fk_rulebook_workspace_id_connection_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_rulebook_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_rulebook")),
        sa.UniqueConstraint(
            "workspace_id", "connection_id", "version", name=op.f("uq_rulebook_workspace_id_connection_id_version")
        ),
    )
    op.create_table(
        "allocation",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("credit_note_id", sa.String(length=26), nullable=False),
        sa.Column("invoice_id", sa.String(length=26), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("allocated_at", Moment(), nullable=False),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "credit_note_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_allocation_workspace_id_credit_note_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"], ["record.workspace_id", "record.id"], name=op.f("fk_allocation_workspace_id_id")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "invoice_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_allocation_workspace_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_allocation_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_allocation")),
    )
    with op.batch_alter_table("allocation", schema=None) as batch_op:
        batch_op.create_index("ix_allocation_invoice", ["workspace_id", "invoice_id"], unique=False)

    op.create_table(
        "balance_transaction",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("moved_at", Moment(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_balance_transaction_workspace_id_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_balance_transaction_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_balance_transaction")),
    )
    op.create_table(
        "balance_transaction_fee",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("parent_id", sa.String(length=26), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "parent_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_balance_transaction_fee_workspace_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_balance_transaction_fee_workspace_id")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "parent_id", "position", name=op.f("pk_balance_transaction_fee")),
    )
    op.create_table(
        "coupon",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("percent_off", Exact(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_off_minor", sa.BigInteger(), nullable=False),
        sa.Column("duration", sa.Text(), nullable=False),
        sa.Column("duration_months", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"], ["record.workspace_id", "record.id"], name=op.f("fk_coupon_workspace_id_id")
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_coupon_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_coupon")),
    )
    op.create_table(
        "credit_note",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("customer_id", sa.String(length=26), nullable=False),
        sa.Column("invoice_id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("issued_at", Moment(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("due_lowered_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("to_balance_minor", sa.BigInteger(), nullable=False),
        sa.Column("outside_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_credit_note_workspace_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"], ["record.workspace_id", "record.id"], name=op.f("fk_credit_note_workspace_id_id")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "invoice_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_credit_note_workspace_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_credit_note_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_credit_note")),
    )
    with op.batch_alter_table("credit_note", schema=None) as batch_op:
        batch_op.create_index("ix_credit_note_invoice", ["workspace_id", "invoice_id"], unique=False)

    op.create_table(
        "credit_note_line",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("parent_id", sa.String(length=26), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("invoice_line", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quantity", Exact(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "parent_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_credit_note_line_workspace_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_credit_note_line_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "parent_id", "position", name=op.f("pk_credit_note_line")),
    )
    op.create_table(
        "credit_note_line_tax",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("parent_id", sa.String(length=26), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("rate_id", sa.String(length=26), nullable=False),
        sa.Column("taxable_minor", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("inclusive", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "parent_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_credit_note_line_tax_workspace_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "rate_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_credit_note_line_tax_workspace_id_rate_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_credit_note_line_tax_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "parent_id", "line", "position", name=op.f("pk_credit_note_line_tax")),
    )
    op.create_table(
        "credit_refund",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("credit_note_id", sa.String(length=26), nullable=False),
        sa.Column("refund_id", sa.String(length=26), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "credit_note_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_credit_refund_workspace_id_credit_note_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"], ["record.workspace_id", "record.id"], name=op.f("fk_credit_refund_workspace_id_id")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "refund_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_credit_refund_workspace_id_refund_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_credit_refund_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_credit_refund")),
    )
    with op.batch_alter_table("credit_refund", schema=None) as batch_op:
        batch_op.create_index("ix_credit_refund_refund", ["workspace_id", "refund_id"], unique=False)

    op.create_table(
        "customer",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("data_key_id", sa.String(length=26), nullable=False),
        sa.Column("tax_exempt", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "data_key_id"],
            ["data_key.workspace_id", "data_key.id"],
            name=op.f("fk_customer_workspace_id_data_key_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"], ["record.workspace_id", "record.id"], name=op.f("fk_customer_workspace_id_id")
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_customer_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_customer")),
    )
    op.create_table(
        "delivery",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("connection_id", sa.String(length=26), nullable=False),
        sa.Column("record_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("reason_params", sa.JSON(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("settled_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "connection_id"],
            ["connection.workspace_id", "connection.id"],
            name=op.f("fk_delivery_workspace_id_connection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "record_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_delivery_workspace_id_record_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_delivery_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_delivery")),
        sa.UniqueConstraint(
            "workspace_id",
            "connection_id",
            "record_id",
            "part",
            "revision",
            name=op.f("uq_delivery_workspace_id_connection_id_record_id_part_revision"),
        ),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index("ix_delivery_record", ["workspace_id", "record_id"], unique=False)
        batch_op.create_index(
            "ix_delivery_work", ["workspace_id", "state", "connection_id", "kind", "due_at"], unique=False
        )

    op.create_table(
        "entry",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("book_id", sa.String(length=26), nullable=False),
        sa.Column("record_id", sa.String(length=26), nullable=False),
        sa.Column("reverses_id", sa.String(length=26), nullable=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("posted_on", sa.String(length=10), nullable=False),
        sa.Column("rate", Exact(), nullable=True),
        sa.Column("rate_source", sa.Text(), nullable=False),
        sa.Column("rate_on", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "book_id"], ["book.workspace_id", "book.id"], name=op.f("fk_entry_workspace_id_book_id")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "record_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_entry_workspace_id_record_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "reverses_id"],
            ["entry.workspace_id", "entry.id"],
            name=op.f("fk_entry_workspace_id_reverses_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_entry_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_entry")),
        sa.UniqueConstraint("workspace_id", "reverses_id", name=op.f("uq_entry_workspace_id_reverses_id")),
    )
    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.create_index("ix_entry_date", ["workspace_id", "book_id", "posted_on"], unique=False)
        batch_op.create_index("ix_entry_record", ["workspace_id", "record_id"], unique=False)

    op.create_table(
        "event",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("connection_id", sa.String(length=26), nullable=True),
        sa.Column("receipt_id", sa.String(length=26), nullable=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("occurred_at", Moment(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("reason_params", sa.JSON(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("done_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "connection_id"],
            ["connection.workspace_id", "connection.id"],
            name=op.f("fk_event_workspace_id_connection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "receipt_id"],
            ["receipt.workspace_id", "receipt.id"],
            name=op.f("fk_event_workspace_id_receipt_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_event_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_event")),
        sa.UniqueConstraint(
            "workspace_id", "connection_id", "key", name=op.f("uq_event_workspace_id_connection_id_key")
        ),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index("ix_event_remote", ["workspace_id", "connection_id", "kind", "remote_id"], unique=False)
        batch_op.create_index("ix_event_work", ["workspace_id", "state", "connection_id", "kind", "id"], unique=False)
        batch_op.create_index(
            "uq_event_foreign",
            ["workspace_id", "account", "key"],
            unique=True,
            sqlite_where=sa.text("connection_id IS NULL"),
            postgresql_where=sa.text("connection_id IS NULL"),
        )

    op.create_table(
        "invoice",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("customer_id", sa.String(length=26), nullable=False),
        sa.Column("subscription_id", sa.String(length=26), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("issued_at", Moment(), nullable=True),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("due_minor", sa.BigInteger(), nullable=False),
        sa.Column("memo", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_invoice_workspace_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"], ["record.workspace_id", "record.id"], name=op.f("fk_invoice_workspace_id_id")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "subscription_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_invoice_workspace_id_subscription_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_invoice_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_invoice")),
    )
    with op.batch_alter_table("invoice", schema=None) as batch_op:
        batch_op.create_index("ix_invoice_number", ["workspace_id", "number"], unique=False)

    op.create_table(
        "invoice_line",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("parent_id", sa.String(length=26), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("price_id", sa.String(length=26), nullable=True),
        sa.Column("product_id", sa.String(length=26), nullable=True),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quantity", Exact(), nullable=False),
        sa.Column("unit_amount", Exact(), nullable=True),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), nullable=False),
        sa.Column("service_from", Moment(), nullable=True),
        sa.Column("service_until", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "parent_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_invoice_line_workspace_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "price_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_invoice_line_workspace_id_price_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "product_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_invoice_line_workspace_id_product_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_invoice_line_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "parent_id", "position", name=op.f("pk_invoice_line")),
    )
    op.create_table(
        "invoice_line_tax",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("parent_id", sa.String(length=26), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("rate_id", sa.String(length=26), nullable=False),
        sa.Column("taxable_minor", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("inclusive", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "parent_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_invoice_line_tax_workspace_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "rate_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_invoice_line_tax_workspace_id_rate_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_invoice_line_tax_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "parent_id", "line", "position", name=op.f("pk_invoice_line_tax")),
    )
    op.create_table(
        "link",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("connection_id", sa.String(length=26), nullable=False),
        sa.Column("record_id", sa.String(length=26), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("shown_hash", sa.Text(), nullable=False),
        sa.Column("sent_hash", sa.Text(), nullable=False),
        sa.Column("removed_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "connection_id"],
            ["connection.workspace_id", "connection.id"],
            name=op.f("fk_link_workspace_id_connection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "record_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_link_workspace_id_record_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_link_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_link")),
        sa.UniqueConstraint(
            "workspace_id",
            "connection_id",
            "environment",
            "kind",
            "record_id",
            "part",
            name=op.f("uq_link_workspace_id_connection_id_environment_kind_record_id_part"),
        ),
        sa.UniqueConstraint(
            "workspace_id",
            "connection_id",
            "kind",
            "remote_id",
            "environment",
            name=op.f("uq_link_workspace_id_connection_id_kind_remote_id_environment"),
        ),
    )
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index("ix_link_record", ["workspace_id", "record_id"], unique=False)

    op.create_table(
        "payment",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("customer_id", sa.String(length=26), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("received_at", Moment(), nullable=True),
        sa.Column("settled_currency", sa.Text(), nullable=False),
        sa.Column("settled_minor", sa.BigInteger(), nullable=False),
        sa.Column("charge", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_payment_workspace_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"], ["record.workspace_id", "record.id"], name=op.f("fk_payment_workspace_id_id")
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_payment_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_payment")),
    )
    op.create_table(
        "payment_application",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("parent_id", sa.String(length=26), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.String(length=26), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "invoice_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_payment_application_workspace_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "parent_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_payment_application_workspace_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_payment_application_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "parent_id", "position", name=op.f("pk_payment_application")),
    )
    with op.batch_alter_table("payment_application", schema=None) as batch_op:
        batch_op.create_index("ix_payment_application_invoice", ["workspace_id", "invoice_id"], unique=False)

    op.create_table(
        "price",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("product_id", sa.String(length=26), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("unit_amount", Exact(), nullable=True),
        sa.Column("tax_behavior", sa.Text(), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("interval_count", sa.Integer(), nullable=False),
        sa.Column("nickname", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("metered", sa.Boolean(), nullable=False),
        sa.Column("package_size", sa.Integer(), nullable=False),
        sa.Column("tiers_mode", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"], ["record.workspace_id", "record.id"], name=op.f("fk_price_workspace_id_id")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "product_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_price_workspace_id_product_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_price_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_price")),
    )
    op.create_table(
        "price_tier",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("parent_id", sa.String(length=26), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("up_to", Exact(), nullable=True),
        sa.Column("unit_amount", Exact(), nullable=False),
        sa.Column("flat_amount", Exact(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "parent_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_price_tier_workspace_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_price_tier_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "parent_id", "position", name=op.f("pk_price_tier")),
    )
    op.create_table(
        "product",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"], ["record.workspace_id", "record.id"], name=op.f("fk_product_workspace_id_id")
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_product_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_product")),
    )
    op.create_table(
        "promotion_code",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("coupon_id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "coupon_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_promotion_code_workspace_id_coupon_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"], ["record.workspace_id", "record.id"], name=op.f("fk_promotion_code_workspace_id_id")
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_promotion_code_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_promotion_code")),
    )
    op.create_table(
        "refund",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("payment_id", sa.String(length=26), nullable=False),
        sa.Column("customer_id", sa.String(length=26), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("refunded_at", Moment(), nullable=True),
        sa.Column("settled_currency", sa.Text(), nullable=False),
        sa.Column("settled_minor", sa.BigInteger(), nullable=False),
        sa.Column("covered_minor", sa.BigInteger(), nullable=False),
        sa.Column("failed_at", Moment(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_refund_workspace_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"], ["record.workspace_id", "record.id"], name=op.f("fk_refund_workspace_id_id")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "payment_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_refund_workspace_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_refund_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_refund")),
    )
    op.create_table(
        "subscription",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("customer_id", sa.String(length=26), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("trial_ends_at", Moment(), nullable=True),
        sa.Column("cancels_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_subscription_workspace_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"], ["record.workspace_id", "record.id"], name=op.f("fk_subscription_workspace_id_id")
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_subscription_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_subscription")),
    )
    op.create_table(
        "subscription_item",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("parent_id", sa.String(length=26), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("price_id", sa.String(length=26), nullable=False),
        sa.Column("quantity", Exact(), nullable=True),
        sa.Column("period_from", Moment(), nullable=True),
        sa.Column("period_until", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "parent_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_subscription_item_workspace_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "price_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_subscription_item_workspace_id_price_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_subscription_item_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "parent_id", "position", name=op.f("pk_subscription_item")),
    )
    op.create_table(
        "tax_rate",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("percentage", Exact(), nullable=False),
        sa.Column("inclusive", sa.Boolean(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("tax_type", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"], ["record.workspace_id", "record.id"], name=op.f("fk_tax_rate_workspace_id_id")
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_tax_rate_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_tax_rate")),
    )
    op.create_table(
        "delivery_need",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("delivery_id", sa.String(length=26), nullable=False),
        sa.Column("record_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "delivery_id"],
            ["delivery.workspace_id", "delivery.id"],
            name=op.f("fk_delivery_need_workspace_id_delivery_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "record_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_delivery_need_workspace_id_record_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_delivery_need_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "delivery_id", "record_id", name=op.f("pk_delivery_need")),
    )
    with op.batch_alter_table("delivery_need", schema=None) as batch_op:
        batch_op.create_index("ix_delivery_need_record", ["workspace_id", "record_id"], unique=False)

    op.create_table(
        "posting",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("entry_id", sa.String(length=26), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.String(length=26), nullable=True),
        sa.Column("account", sa.String(length=4), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("base_currency", sa.String(length=3), nullable=False),
        sa.Column("base_minor", sa.BigInteger(), nullable=False),
        sa.Column("document_line", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["record.workspace_id", "record.id"],
            name=op.f("fk_posting_workspace_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "entry_id"],
            ["entry.workspace_id", "entry.id"],
            name=op.f("fk_posting_workspace_id_entry_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_posting_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "entry_id", "position", name=op.f("pk_posting")),
    )
    op.create_table(
        "push_member",
        sa.Column("workspace_id", sa.String(length=26), nullable=False),
        sa.Column("push_id", sa.String(length=26), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "delivery_id"],
            ["delivery.workspace_id", "delivery.id"],
            name=op.f("fk_push_member_workspace_id_delivery_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "push_id"],
            ["push.workspace_id", "push.id"],
            name=op.f("fk_push_member_workspace_id_push_id"),
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_push_member_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "push_id", "position", name=op.f("pk_push_member")),
    )
    with op.batch_alter_table("push_member", schema=None) as batch_op:
        batch_op.create_index("ix_push_member_delivery", ["workspace_id", "delivery_id"], unique=False)
