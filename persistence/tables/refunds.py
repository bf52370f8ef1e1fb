"""Refunds: what is asked back of which part of an order, who decided it, and which cards it holds."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Table, UniqueConstraint, text

from persistence.tables.columns import METADATA, born, key, minor, moment, ref, words

refund = Table(
    "refund",
    METADATA,
    key(),
    ref("order_id", "orders", index=True),
    ref("channel_id", "channel"),
    words("status"),
    words("currency", default="CNY"),
    minor("amount_minor"),
    Column("review", Boolean, nullable=False),
    words("reason", default=""),
    words("note", default=""),
    Column("issuer_pays_back", Boolean, nullable=False, server_default=text("false")),
    Column("asked", Integer, nullable=False, server_default=text("0")),
    moment("asked_at"),
    words("requested_by_kind"),
    Column("requested_by_id", key().type, nullable=True),
    words("decided_by_kind", nullable=True),
    Column("decided_by_id", key().type, nullable=True),
    born(),
    moment("decided_at"),
    moment("finished_at"),
    CheckConstraint("amount_minor >= 0", name="amount"),
)
Index("ix_refund_channel", refund.c.channel_id, refund.c.created_at, refund.c.id)
Index("ix_refund_sent", refund.c.asked_at, postgresql_where=text("status = 'SENT'"))

refund_line = Table(
    "refund_line",
    METADATA,
    key(),
    ref("refund_id", "refund"),
    ref("order_line_id", "order_line"),
    ref("fulfilment_id", "fulfilment", index=True),
    words("sku"),
    minor("units"),
    minor("whole"),
    minor("amount_minor"),
    words("goods"),
    UniqueConstraint("refund_id", "fulfilment_id"),
    CheckConstraint("units > 0 AND units <= whole AND amount_minor >= 0", name="share"),
)

refund_card = Table(
    "refund_card",
    METADATA,
    ref("refund_id", "refund", primary_key=True),
    ref("card_id", "card", primary_key=True),
    ref("fulfilment_id", "fulfilment"),
    words("state"),
    Column("seen", Boolean, nullable=False),
    words("outcome", nullable=True),
)
