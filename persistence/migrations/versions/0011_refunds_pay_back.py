"""Who bears the cost of cards that were seen, and how often a payment's provider was told to pay back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "refund",
        sa.Column("issuer_pays_back", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column("refund", sa.Column("asked", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("refund", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_refund_sent", "refund", ["asked_at"], postgresql_where=sa.text("status = 'SENT'"))
