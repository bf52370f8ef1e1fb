"""The ledger, with what each channel's deposit held before as its first transfer."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.util import await_only

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

GUARDS = """
-- Its plan is made when the ledger is empty and kept: it would read the whole table for every entry.
CREATE FUNCTION refuse_unbalanced_transfers() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (
            SELECT e.transfer_id, e.minor, a.currency,
                   (SELECT t.currency FROM ledger_transfer t WHERE t.id = e.transfer_id) AS said
              FROM added e
              LEFT JOIN LATERAL (SELECT currency FROM ledger_account WHERE id = e.account_id) a ON true
        ) one GROUP BY transfer_id
        HAVING sum(minor) <> 0 OR bool_or(currency IS NULL OR said IS NULL OR currency <> said)
    ) THEN
        RAISE EXCEPTION 'a transfer does not balance in its currency' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_entry_balances AFTER INSERT ON ledger_entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced_transfers();

CREATE FUNCTION refuse_rewriting_the_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: a correction is another transfer';
END $$;
CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_the_ledger();
CREATE TRIGGER ledger_transfer_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_the_ledger();

GRANT SELECT, INSERT ON ledger_transfer, ledger_entry TO quanyi_app;
GRANT SELECT, INSERT, UPDATE ON ledger_account, ledger_vesting TO quanyi_app;
GRANT SELECT, INSERT, DELETE ON ledger_delta TO quanyi_app;
"""

OPENINGS = """
INSERT INTO ledger_account (kind, channel_id, currency, balance_minor, credit_minor)
SELECT 'DEPOSIT', channel_id, currency, balance_minor, greatest(credit_minor, -balance_minor) FROM account;
INSERT INTO ledger_account (kind, channel_id, currency)
SELECT kind, channel_id, currency FROM account, unnest(ARRAY['HOLD', 'PENDING']) AS kind;
INSERT INTO ledger_account (kind, currency)
SELECT kind, currency
  FROM unnest(ARRAY['REVENUE', 'COST_OF_GOODS', 'SUPPLIER_PREPAID', 'PROMOTION_EXPENSE', 'PAYMENT_CLEARING',
                    'SALES_RETURNS', 'LOSSES']) AS kind,
       (SELECT 'CNY' AS currency UNION SELECT currency FROM account) AS used;
UPDATE ledger_account a SET balance_minor = -(SELECT coalesce(sum(b.balance_minor), 0) FROM account b
                                               WHERE b.currency = a.currency)
 WHERE kind = 'PAYMENT_CLEARING';
INSERT INTO ledger_transfer (id, type, business_id, currency, by_kind)
SELECT gen_random_uuid(), 'OPENING', channel_id, currency, 'SYSTEM' FROM account WHERE balance_minor <> 0;
INSERT INTO ledger_entry (account_id, transfer_id, minor)
SELECT a.id, t.id, CASE a.kind WHEN 'DEPOSIT' THEN b.balance_minor ELSE -b.balance_minor END
  FROM ledger_transfer t
  JOIN account b ON b.channel_id = t.business_id
  JOIN ledger_account a
    ON a.currency = b.currency
   AND (a.kind = 'PAYMENT_CLEARING' OR (a.kind = 'DEPOSIT' AND a.channel_id = b.channel_id));
DROP TABLE account;
"""


def upgrade() -> None:
    _accounts()
    _transfers()
    driver: Any = op.get_bind().connection.driver_connection
    await_only(driver.execute(GUARDS))
    await_only(driver.execute(OPENINGS))


def _accounts() -> None:
    op.create_table(
        "ledger_account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.UUID(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("credit_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind <> 'DEPOSIT' OR balance_minor >= -credit_minor",
            name=op.f("ck_ledger_account_within_credit"),
        ),
        sa.CheckConstraint("kind <> 'RECEIVABLE' OR balance_minor <= 0", name=op.f("ck_ledger_account_owed")),
        sa.CheckConstraint("credit_minor >= 0", name=op.f("ck_ledger_account_credit")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_ledger_account_channel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_account")),
        sa.UniqueConstraint(
            "channel_id",
            "kind",
            "currency",
            name=op.f("uq_ledger_account_channel_id_kind_currency"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "ledger_delta",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_delta")),
    )
    op.create_index(op.f("ix_ledger_delta_account_id"), "ledger_delta", ["account_id"])


def _transfers() -> None:
    op.create_table(
        "ledger_transfer",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("business_id", sa.UUID(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("order_id", sa.UUID(), nullable=True),
        sa.Column("by_kind", sa.Text(), nullable=False),
        sa.Column("by_id", sa.UUID(), nullable=True),
        sa.Column("request_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transfer")),
        sa.UniqueConstraint("type", "business_id", name=op.f("uq_ledger_transfer_type_business_id")),
    )
    op.create_index(
        "ix_ledger_transfer_order",
        "ledger_transfer",
        ["order_id"],
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("transfer_id", sa.UUID(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("minor <> 0", name=op.f("ck_ledger_entry_moves")),
        sa.PrimaryKeyConstraint("account_id", "transfer_id", name=op.f("pk_ledger_entry")),
    )
    op.create_index("ix_ledger_entry_transfer", "ledger_entry", ["transfer_id"])
    op.create_table(
        "ledger_vesting",
        sa.Column("order_id", sa.UUID(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("vests_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("vested_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_ledger_vesting")),
    )
    op.create_index(
        "ix_ledger_vesting_due",
        "ledger_vesting",
        ["vests_at"],
        postgresql_where=sa.text("vested_at IS NULL"),
    )
