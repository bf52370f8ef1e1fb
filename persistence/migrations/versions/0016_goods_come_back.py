"""Goods that come back are counted in, with what they are like."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("sellable", "damaged"):
        op.add_column("shipment", sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_check_constraint(
        "ck_shipment_received",
        "shipment",
        "sellable >= 0 AND damaged >= 0 AND sellable + damaged <= quantity",
    )
    op.create_table(
        "goods_return",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("shipment_id", sa.UUID(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("by_kind", sa.Text(), nullable=False),
        sa.Column("by_id", sa.UUID(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_goods_return_some")),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"], name=op.f("fk_goods_return_shipment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_return")),
    )
    op.create_index(op.f("ix_goods_return_shipment_id"), "goods_return", ["shipment_id"])
    op.execute("GRANT SELECT, INSERT ON goods_return TO quanyi_app")
