"""Documents that a channel's front ends send by their ids."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trusted_document",
        sa.Column("channel_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name="fk_trusted_document_channel_id"),
        sa.PrimaryKeyConstraint("channel_id", "id", name="pk_trusted_document"),
    )
    op.create_index("ix_trusted_document_sha256", "trusted_document", ["sha256"])
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON trusted_document TO quanyi_app")
