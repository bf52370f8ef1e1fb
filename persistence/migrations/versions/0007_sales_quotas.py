"""Quotas of a period: what a channel's subtree may sell of a SKU in a day, a week, a month or at all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _count(name: str, default: str | None = "0") -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default=default and sa.text(default))


def upgrade() -> None:
    op.create_table(
        "sales_quota",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("channel_id", sa.UUID(), nullable=False),
        sa.Column("variant_id", sa.UUID(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        _count("quantity", None),
        _count("handed_on"),
        _count("used"),
        _count("own_used"),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("period IN ('DAY', 'WEEK', 'MONTH', 'TOTAL')", name="ck_sales_quota_known_period"),
        sa.CheckConstraint("handed_on >= 0 AND handed_on <= quantity", name="ck_sales_quota_carved"),
        sa.CheckConstraint("own_used >= 0 AND used >= 0", name="ck_sales_quota_counts"),
        sa.CheckConstraint("(ends_at IS NULL) = (period = 'TOTAL')", name="ck_sales_quota_total_has_no_end"),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name="fk_sales_quota_channel_id"),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name="fk_sales_quota_variant_id"),
        sa.PrimaryKeyConstraint("channel_id", "variant_id", "period", name="pk_sales_quota"),
        sa.UniqueConstraint("id", name="uq_sales_quota_id"),
    )
    op.create_index("ix_sales_quota_variant_id", "sales_quota", ["variant_id"])
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON sales_quota TO quanyi_app")
    op.execute("ALTER TABLE stock_quota ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid()")
    op.create_unique_constraint("uq_stock_quota_id", "stock_quota", ["id"])
    # Answers that repeats are given show an id now; one whose quota has ended needs any.
    op.execute(
        """UPDATE idempotency SET result = jsonb_set(result, '{value,id}', to_jsonb(coalesce(
                  (SELECT q.id FROM stock_quota q JOIN variant v ON v.id = q.variant_id
                    WHERE q.channel_id::text = result #>> '{value,channel_id}'
                      AND v.sku = result #>> '{value,sku}'), gen_random_uuid())::text))
            WHERE result ->> 'type' = 'domain.cards.views:StockQuotaView'"""
    )
