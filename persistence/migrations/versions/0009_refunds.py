"""Refunds, with a bound on what they take of each part that no program can pass."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = ("refund", "refund_line", "refund_card")


def upgrade() -> None:
    op.add_column(
        "fulfilment",
        sa.Column("refunded_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.create_check_constraint(
        "ck_fulfilment_refunded", "fulfilment", "refunded_minor BETWEEN 0 AND allocated_minor"
    )
    op.add_column(
        "entitlement", sa.Column("asked_back", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.create_check_constraint(
        "ck_entitlement_asked_back", "entitlement", "asked_back BETWEEN 0 AND units - used"
    )
    _refund()
    _lines()
    _cards()
    for table in TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO quanyi_app")


def _refund() -> None:
    op.create_table(
        "refund",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("order_id", sa.UUID(), nullable=False),
        sa.Column("channel_id", sa.UUID(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), server_default=sa.text("'CNY'"), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("review", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("requested_by_kind", sa.Text(), nullable=False),
        sa.Column("requested_by_id", sa.UUID(), nullable=True),
        sa.Column("decided_by_kind", sa.Text(), nullable=True),
        sa.Column("decided_by_id", sa.UUID(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_refund_amount")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_refund_order_id")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_refund_channel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
    )
    op.create_index(op.f("ix_refund_order_id"), "refund", ["order_id"])
    op.create_index("ix_refund_channel", "refund", ["channel_id", "created_at", "id"])


def _lines() -> None:
    op.create_table(
        "refund_line",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("refund_id", sa.UUID(), nullable=False),
        sa.Column("order_line_id", sa.UUID(), nullable=False),
        sa.Column("fulfilment_id", sa.UUID(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("whole", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("goods", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "units > 0 AND units <= whole AND amount_minor >= 0", name=op.f("ck_refund_line_share")
        ),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_refund_line_refund_id")),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_line.id"], name=op.f("fk_refund_line_order_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["fulfilment_id"], ["fulfilment.id"], name=op.f("fk_refund_line_fulfilment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_line")),
        sa.UniqueConstraint(
            "refund_id", "fulfilment_id", name=op.f("uq_refund_line_refund_id_fulfilment_id")
        ),
    )
    op.create_index(op.f("ix_refund_line_fulfilment_id"), "refund_line", ["fulfilment_id"])


def _cards() -> None:
    op.create_table(
        "refund_card",
        sa.Column("refund_id", sa.UUID(), nullable=False),
        sa.Column("card_id", sa.UUID(), nullable=False),
        sa.Column("fulfilment_id", sa.UUID(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_refund_card_refund_id")),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_refund_card_card_id")),
        sa.ForeignKeyConstraint(
            ["fulfilment_id"], ["fulfilment.id"], name=op.f("fk_refund_card_fulfilment_id")
        ),
        sa.PrimaryKeyConstraint("refund_id", "card_id", name=op.f("pk_refund_card")),
    )
