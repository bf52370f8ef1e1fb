"""Finding the paid seats whose group is decided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_group_seat_paid", "group_seat", ["group_id"], postgresql_where=sa.text("state = 'PAID'")
    )
