"""Promotions with those who fund them, what was used of them, their coupons, and groups that buy together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "promotion",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("owner_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), server_default=sa.text("'CNY'"), nullable=False),
        sa.Column(
            "settings",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "scope",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("priority", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("exclusive", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("stack_group", sa.Text(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("budget_minor", sa.BigInteger(), nullable=True),
        sa.Column("most_orders", sa.BigInteger(), nullable=True),
        sa.Column("per_customer", sa.BigInteger(), nullable=True),
        sa.Column("per_device", sa.BigInteger(), nullable=True),
        sa.Column("made_by", sa.UUID(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["channel.id"], name=op.f("fk_promotion_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion")),
    )
    op.create_index(op.f("ix_promotion_owner_id"), "promotion", ["owner_id"], unique=False)
    op.create_table(
        "promotion_funder",
        sa.Column("promotion_id", sa.UUID(), nullable=False),
        sa.Column("channel_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("share_bp", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.UUID(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("share_bp > 0 AND share_bp <= 10000", name=op.f("ck_promotion_funder_a_share")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_promotion_funder_channel_id")),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotion.id"], name=op.f("fk_promotion_funder_promotion_id")
        ),
        sa.PrimaryKeyConstraint("promotion_id", "channel_id", name=op.f("pk_promotion_funder")),
    )
    op.create_index(op.f("ix_promotion_funder_channel_id"), "promotion_funder", ["channel_id"], unique=False)
    op.create_table(
        "promotion_use",
        sa.Column("promotion_id", sa.UUID(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("used", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("used >= 0", name=op.f("ck_promotion_use_not_negative")),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotion.id"], name=op.f("fk_promotion_use_promotion_id")
        ),
        sa.PrimaryKeyConstraint("promotion_id", "subject", name=op.f("pk_promotion_use")),
    )
    op.create_table(
        "coupon_batch",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("promotion_id", sa.UUID(), nullable=False),
        sa.Column("key_id", sa.UUID(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("prefix", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("alphabet", sa.Text(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_by", sa.UUID(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("exported_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["key_id"], ["data_key.id"], name=op.f("fk_coupon_batch_key_id")),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotion.id"], name=op.f("fk_coupon_batch_promotion_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_batch")),
    )
    op.create_index(op.f("ix_coupon_batch_promotion_id"), "coupon_batch", ["promotion_id"], unique=False)
    op.create_table(
        "coupon",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("batch_id", sa.UUID(), nullable=False),
        sa.Column("promotion_id", sa.UUID(), nullable=False),
        sa.Column("code_hmac", sa.LargeBinary(), nullable=False),
        sa.Column("code_ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("masked", sa.Text(), nullable=False),
        sa.Column("uses", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("used", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("customer_id", sa.UUID(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("used >= 0 AND used <= uses", name=op.f("ck_coupon_within_uses")),
        sa.ForeignKeyConstraint(["batch_id"], ["coupon_batch.id"], name=op.f("fk_coupon_batch_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_coupon_customer_id")),
        sa.ForeignKeyConstraint(["promotion_id"], ["promotion.id"], name=op.f("fk_coupon_promotion_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon")),
        sa.UniqueConstraint("code_hmac", name=op.f("uq_coupon_code_hmac")),
    )
    op.create_index(op.f("ix_coupon_batch_id"), "coupon", ["batch_id"], unique=False)
    op.create_index(
        "ix_coupon_customer",
        "coupon",
        ["customer_id"],
        unique=False,
        postgresql_where=sa.text("customer_id IS NOT NULL"),
    )
    op.create_table(
        "buying_group",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("promotion_id", sa.UUID(), nullable=False),
        sa.Column("channel_id", sa.UUID(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("paid", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "paid >= 0 AND paid <= taken AND taken <= seats", name=op.f("ck_buying_group_within_seats")
        ),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_buying_group_channel_id")),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotion.id"], name=op.f("fk_buying_group_promotion_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buying_group")),
    )
    op.create_index(op.f("ix_buying_group_channel_id"), "buying_group", ["channel_id"], unique=False)
    op.create_index(
        "ix_buying_group_expiry",
        "buying_group",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 'OPEN'"),
    )
    op.create_index(op.f("ix_buying_group_promotion_id"), "buying_group", ["promotion_id"], unique=False)
    op.create_table(
        "promotion_claim",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("order_id", sa.UUID(), nullable=False),
        sa.Column("promotion_id", sa.UUID(), nullable=False),
        sa.Column("coupon_id", sa.UUID(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("returned_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "counts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "returned_minor >= 0 AND returned_minor <= minor", name=op.f("ck_promotion_claim_within_claim")
        ),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupon.id"], name=op.f("fk_promotion_claim_coupon_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_promotion_claim_order_id")),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotion.id"], name=op.f("fk_promotion_claim_promotion_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion_claim")),
    )
    op.create_index(op.f("ix_promotion_claim_order_id"), "promotion_claim", ["order_id"], unique=False)
    op.create_index(
        op.f("ix_promotion_claim_promotion_id"), "promotion_claim", ["promotion_id"], unique=False
    )
    op.create_table(
        "group_seat",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("group_id", sa.UUID(), nullable=False),
        sa.Column("order_id", sa.UUID(), nullable=False),
        sa.Column("customer_id", sa.UUID(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_group_seat_customer_id")),
        sa.ForeignKeyConstraint(["group_id"], ["buying_group.id"], name=op.f("fk_group_seat_group_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_group_seat_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_seat")),
        sa.UniqueConstraint("order_id", name=op.f("uq_group_seat_order_id")),
    )
    op.create_index(op.f("ix_group_seat_group_id"), "group_seat", ["group_id"], unique=False)
    op.create_index(
        "uq_group_seat_live",
        "group_seat",
        ["group_id", "customer_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('RESERVED', 'PAID', 'CONFIRMED')"),
    )
    op.add_column("orders", sa.Column("group_id", sa.UUID(), nullable=True))
    op.add_column(
        "order_line", sa.Column("discounts", postgresql.JSONB(astext_type=sa.Text()), nullable=True)
    )
    op.add_column(
        "customer",
        sa.Column("segments", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.create_foreign_key("fk_orders_group_id", "orders", "buying_group", ["group_id"], ["id"])
    op.alter_column("data_key", "batch_id", nullable=True)
    op.execute(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON "
        "promotion, promotion_funder, promotion_use, coupon_batch, "
        "coupon, buying_group, promotion_claim, group_seat TO quanyi_app"
    )
