"""How many items are in a parcel: some may be paid back before it leaves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shipment", sa.Column("quantity", sa.Integer(), nullable=True))
    op.execute(
        """UPDATE shipment s SET quantity = CASE WHEN s.status = 'CANCELLED' THEN 0 ELSE f.quantity END
             FROM fulfilment f WHERE f.id = s.fulfilment_id"""
    )
    op.alter_column("shipment", "quantity", nullable=False)
    op.create_check_constraint("ck_shipment_quantity", "shipment", "quantity >= 0")
