"""Rows of the ledger know the transaction that wrote them: what was checked is told from what is new."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.util import await_only

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NUMBERED = """
CREATE FUNCTION ledger_moment() RETURNS timestamptz LANGUAGE plpgsql AS $$
BEGIN
    -- The number first: whatever has a higher one is posted at a later moment.
    PERFORM pg_current_xact_id();
    RETURN clock_timestamp();
END $$;
ALTER TABLE ledger_transfer ALTER COLUMN posted_at SET DEFAULT ledger_moment();

-- A constant default rewrites nothing; what is there has the number 0.
ALTER TABLE ledger_transfer ADD COLUMN xid bigint NOT NULL DEFAULT 0;
ALTER TABLE ledger_entry ADD COLUMN xid bigint NOT NULL DEFAULT 0;
ALTER TABLE ledger_transfer ALTER COLUMN xid SET DEFAULT CAST(CAST(pg_current_xact_id() AS text) AS bigint);
ALTER TABLE ledger_entry ALTER COLUMN xid SET DEFAULT CAST(CAST(pg_current_xact_id() AS text) AS bigint);
CREATE INDEX ix_ledger_transfer_xid ON ledger_transfer USING brin (xid) WITH (autosummarize = on);
CREATE INDEX ix_ledger_entry_xid ON ledger_entry USING brin (xid) WITH (autosummarize = on);

-- The application cannot say when, or in which transaction, something was posted.
REVOKE INSERT ON ledger_transfer, ledger_entry FROM quanyi_app;
GRANT INSERT (id, type, business_id, currency, order_id, by_kind, by_id, request_id)
   ON ledger_transfer TO quanyi_app;
GRANT INSERT (account_id, transfer_id, minor) ON ledger_entry TO quanyi_app;
"""

CHECKPOINT = """
INSERT INTO ledger_checkpoint (id) VALUES (1);
GRANT SELECT, UPDATE ON ledger_checkpoint TO quanyi_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ledger_checkpoint_sum TO quanyi_app;
"""


def upgrade() -> None:
    driver: Any = op.get_bind().connection.driver_connection
    await_only(driver.execute(NUMBERED))
    op.create_table(
        "ledger_checkpoint",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("below", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("transfers", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("digest", sa.Numeric(), server_default=sa.text("0"), nullable=False),
        sa.Column("rewritten", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mark", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_ledger_checkpoint_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_checkpoint")),
    )
    op.create_table(
        "ledger_checkpoint_sum",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Numeric(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_ledger_checkpoint_sum")),
    )
    await_only(driver.execute(CHECKPOINT))
