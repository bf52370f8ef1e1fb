"""Cards, each encrypted by itself, and the append-only trace of everything that happened to each."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from persistence.tables.columns import METADATA, born, facts, key, minor, moment, ref, words

card_batch = Table(
    "card_batch",
    METADATA,
    key(),
    ref("variant_id", "variant", index=True),
    words("origin"),
    words("status"),
    Column("dry_run", Boolean, nullable=False, server_default=text("false")),
    words("file_name", nullable=True),
    minor("bytes_total", default=0),
    minor("rows_total", nullable=True),
    minor("rows_read", default=0),
    minor("accepted", default=0),
    minor("rejected", default=0),
    Column("percent", Integer, nullable=False, server_default=text("0")),
    minor("version", default=1),
    Column("key_id", UUID, nullable=False),
    facts("columns"),
    words("reason", nullable=True),
    words("failure", nullable=True),
    ref("created_by", "agent", nullable=True),
    words("request_id", default=""),
    moment("expires_at"),
    born(),
    moment("finished_at"),
)

data_key = Table(
    "data_key",
    METADATA,
    key(),
    ref("batch_id", "card_batch", nullable=True, index=True),
    words("kek_id", index=True),
    Column("wrapped", LargeBinary, nullable=False),
    born(),
)

card_rejection = Table(
    "card_rejection",
    METADATA,
    ref("batch_id", "card_batch", primary_key=True),
    Column("row", BigInteger, primary_key=True),
    words("reason"),
)

upload_chunk = Table(
    "upload_chunk",
    METADATA,
    ref("batch_id", "card_batch", primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("ciphertext", LargeBinary, nullable=False),
)

card = Table(
    "card",
    METADATA,
    key(),
    # Without foreign keys: their checks cost a third of an import, and what they name is never deleted.
    Column("variant_id", UUID, nullable=False),
    Column("batch_id", UUID, nullable=False),
    Column("pool_id", UUID, nullable=False),
    Column("seq", BigInteger, Identity(always=False, cache=1000), nullable=False),
    words("state"),
    words("state_before", nullable=True),
    Column("secret_ciphertext", LargeBinary, nullable=False),
    Column("number_ciphertext", LargeBinary, nullable=True),
    Column("key_id", UUID, nullable=False),
    Column("secret_hmac", LargeBinary, nullable=True, unique=True),
    Column("number_hmac", LargeBinary, nullable=True),
    words("masked"),
    moment("expires_at"),
    ref("order_id", "orders", nullable=True),
    ref("order_line_id", "order_line", nullable=True),
    ref("fulfilment_id", "fulfilment", nullable=True),
    ref("channel_id", "channel", nullable=True),
    ref("customer_id", "customer", nullable=True),
    moment("lease_until"),
    Column("reveals", Integer, nullable=False, server_default=text("0")),
    Column("ordinal", Integer, nullable=False, server_default=text("1")),
    Column("last_hash", LargeBinary, nullable=False),
    born(),
    born("changed_at"),
    CheckConstraint("secret_hmac IS NOT NULL OR state = 'VOIDED'", name="found_by_secret"),
    postgresql_with={"fillfactor": "80"},
)
Index(
    "ix_card_free",
    card.c.variant_id,
    card.c.pool_id,
    card.c.seq,
    postgresql_where=text("state IN ('IN_STOCK', 'ALLOCATED')"),
)
Index("ix_card_batch", card.c.batch_id, card.c.id)
Index("ix_card_fulfilment", card.c.fulfilment_id, postgresql_where=text("fulfilment_id IS NOT NULL"))
Index("ix_card_order", card.c.order_id, postgresql_where=text("order_id IS NOT NULL"))
Index("ix_card_customer", card.c.customer_id, card.c.id, postgresql_where=text("customer_id IS NOT NULL"))
Index("ix_card_channel", card.c.channel_id, card.c.id, postgresql_where=text("channel_id IS NOT NULL"))
Index(
    "uq_card_number",
    card.c.variant_id,
    card.c.number_hmac,
    unique=True,
    postgresql_where=text("number_hmac IS NOT NULL"),
)
Index(
    "ix_card_held",
    card.c.pool_id,
    card.c.id,
    postgresql_where=text("state = 'ALLOCATED'"),
)
Index("ix_card_line", card.c.order_line_id, postgresql_where=text("order_line_id IS NOT NULL"))
Index(
    "ix_card_expiry",
    card.c.expires_at,
    postgresql_where=text("expires_at IS NOT NULL AND state NOT IN ('REDEEMED', 'VOIDED', 'EXPIRED')"),
)
Index("ix_card_number", card.c.number_hmac, postgresql_where=text("number_hmac IS NOT NULL"))

card_event = Table(
    "card_event",
    METADATA,
    Column("card_id", card.c.id.type, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    moment("at", nullable=False),
    words("from_state", nullable=True),
    words("to_state"),
    words("actor_kind"),
    Column("actor_id", card.c.id.type, nullable=True),
    words("actor_name", default=""),
    Column("channel_id", card.c.id.type, nullable=True),
    Column("order_id", card.c.id.type, nullable=True),
    words("reason", default=""),
    words("request_id", default=""),
    Column("prev_hash", LargeBinary, nullable=True),
    Column("hash", LargeBinary, nullable=False),
)

reveal = Table(
    "reveal",
    METADATA,
    key(),
    ref("card_id", "card", index=True),
    ref("customer_id", "customer"),
    words("idempotency_key"),
    words("watermark"),
    words("address", default=""),
    born(),
    moment("expires_at", nullable=False),
    UniqueConstraint("customer_id", "idempotency_key"),
)

redemption = Table(
    "redemption",
    METADATA,
    key(),
    ref("card_id", "card", index=True),
    ref("channel_id", "channel"),
    ref("token_id", "token", nullable=True),
    words("scope"),
    words("idempotency_key"),
    Column("fingerprint", LargeBinary, nullable=False),
    words("status"),
    born(),
    moment("lease_until"),
    moment("settled_at"),
    UniqueConstraint("scope", "idempotency_key"),
)
Index(
    "ix_redemption_pending",
    redemption.c.lease_until,
    postgresql_where=text("status = 'PENDING'"),
)
