"""The ledger: transfers and entries that nobody can change, and the balances that follow from them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    Numeric,
    Table,
    UniqueConstraint,
    text,
)

from persistence.tables.columns import METADATA, born, key, minor, moment, ref, words


def _xid() -> Column[Any]:
    """The number of the transaction that wrote the row; 0 for what was there before numbers were kept."""
    number = text("CAST(CAST(pg_current_xact_id() AS text) AS bigint)")
    return Column("xid", BigInteger, nullable=False, server_default=number)


ledger_account = Table(
    "ledger_account",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    words("kind"),
    ref("channel_id", "channel", nullable=True),
    words("currency"),
    minor("balance_minor", default=0),
    minor("credit_minor", default=0),
    born(),
    UniqueConstraint("channel_id", "kind", "currency", postgresql_nulls_not_distinct=True),
    CheckConstraint("kind <> 'DEPOSIT' OR balance_minor >= -credit_minor", name="within_credit"),
    CheckConstraint("kind <> 'RECEIVABLE' OR balance_minor <= 0", name="owed"),
    CheckConstraint("credit_minor >= 0", name="credit"),
)
"""`balance_minor` is what has been rolled up: the deltas that wait belong to it."""

ledger_transfer = Table(
    "ledger_transfer",
    METADATA,
    key(),
    words("type"),
    Column("business_id", key().type, nullable=False),
    words("currency"),
    Column("order_id", key().type, nullable=True),
    words("by_kind"),
    Column("by_id", key().type, nullable=True),
    words("request_id", default=""),
    Column("posted_at", DateTime(timezone=True), nullable=False, server_default=text("ledger_moment()")),
    _xid(),
    UniqueConstraint("type", "business_id"),
)
"""`posted_at` is read after the transaction has its number: what is numbered later is posted later."""
Index(
    "ix_ledger_transfer_order",
    ledger_transfer.c.order_id,
    postgresql_where=text("order_id IS NOT NULL"),
)

ledger_entry = Table(
    "ledger_entry",
    METADATA,
    Column("account_id", BigInteger, primary_key=True),
    Column("transfer_id", key().type, primary_key=True),
    minor("minor"),
    _xid(),
    CheckConstraint("minor <> 0", name="moves"),
)
"""Credits are positive. A trigger checks what is inserted as a set, references included: cheaper than keys.
"""
Index("ix_ledger_entry_transfer", ledger_entry.c.transfer_id)
for _numbered in (ledger_transfer, ledger_entry):
    Index(
        f"ix_{_numbered.name}_xid",
        _numbered.c.xid,
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )

ledger_checkpoint = Table(
    "ledger_checkpoint",
    METADATA,
    Column("id", Integer, primary_key=True),
    minor("below", default=0),
    minor("transfers", default=0),
    Column("digest", Numeric, nullable=False, server_default=text("0")),
    minor("rewritten", default=0),
    moment("checked_at"),
    moment("marked_at"),
    minor("mark", nullable=True),
    moment("settled_at"),
    CheckConstraint("id = 1", name="one"),
)
"""What transactions below `below` wrote is summed here; nothing from before `settled_at` will come."""

ledger_checkpoint_sum = Table(
    "ledger_checkpoint_sum",
    METADATA,
    Column("account_id", BigInteger, primary_key=True, autoincrement=False),
    minor("entries"),
    minor("minor"),
    Column("digest", Numeric, nullable=False),
)

ledger_delta = Table(
    "ledger_delta",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("account_id", BigInteger, nullable=False, index=True),
    minor("minor"),
)
"""What transactions have added to accounts that they did not lock; rolled up into `balance_minor`."""

ledger_vesting = Table(
    "ledger_vesting",
    METADATA,
    Column("order_id", key().type, primary_key=True),
    words("currency"),
    moment("vests_at", nullable=False),
    moment("vested_at"),
)

deposit_request = Table(
    "deposit_request",
    METADATA,
    key(),
    words("kind"),
    ref("channel_id", "channel", index=True),
    minor("amount_minor"),
    words("currency"),
    words("status"),
    words("note", default=""),
    words("reason", nullable=True),
    words("reference", nullable=True),
    Column("approvals_needed", Integer, nullable=False),
    ref("requested_by_id", "agent"),
    words("requested_by"),
    born(),
    born("changed_at"),
    CheckConstraint("amount_minor > 0", name="moves"),
)

deposit_approval = Table(
    "deposit_approval",
    METADATA,
    ref("request_id", "deposit_request", primary_key=True),
    ref("agent_id", "agent", primary_key=True),
    words("name"),
    born("approved_at"),
)
Index("ix_ledger_vesting_due", ledger_vesting.c.vests_at, postgresql_where=text("vested_at IS NULL"))
