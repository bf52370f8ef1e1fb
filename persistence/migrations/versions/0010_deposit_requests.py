"""Requests to top deposits up and to pay them out, and who approved them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _born(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "deposit_request",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.UUID(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("approvals_needed", sa.Integer(), nullable=False),
        sa.Column("requested_by_id", sa.UUID(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        _born("created_at"),
        _born("changed_at"),
        sa.CheckConstraint("amount_minor > 0", name="ck_deposit_request_moves"),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name="fk_deposit_request_channel_id"),
        sa.ForeignKeyConstraint(["requested_by_id"], ["agent.id"], name="fk_deposit_request_requested_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_deposit_request"),
    )
    op.create_index("ix_deposit_request_channel_id", "deposit_request", ["channel_id"])
    op.create_table(
        "deposit_approval",
        sa.Column("request_id", sa.UUID(), nullable=False),
        sa.Column("agent_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        _born("approved_at"),
        sa.ForeignKeyConstraint(
            ["request_id"], ["deposit_request.id"], name="fk_deposit_approval_request_id"
        ),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name="fk_deposit_approval_agent_id"),
        sa.PrimaryKeyConstraint("request_id", "agent_id", name="pk_deposit_approval"),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON deposit_request TO quanyi_app")
    op.execute("GRANT SELECT, INSERT ON deposit_approval TO quanyi_app")
