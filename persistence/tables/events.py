"""The outbox, the log of events in their one order, and the answers kept for repeated keys."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, LargeBinary, Table, text
from sqlalchemy.dialects.postgresql import UUID

from persistence.tables.columns import METADATA, born, facts, moment, uuids, words

outbox = Table(
    "outbox",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    words("kind"),
    Column("aggregate_id", UUID, nullable=False),
    Column("channel_id", UUID, nullable=True),
    uuids("channel_path", nullable=True),
    Column("customer_id", UUID, nullable=True),
    facts("payload"),
    born("at"),
)

event = Table(
    "event",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    words("kind"),
    Column("aggregate_id", UUID, nullable=False),
    Column("channel_id", UUID, nullable=True),
    uuids("channel_path", nullable=True),
    Column("customer_id", UUID, nullable=True),
    facts("payload"),
    moment("at", nullable=False),
)
Index("ix_event_kind", event.c.kind, event.c.position)
Index("ix_event_aggregate", event.c.aggregate_id, event.c.position)
Index(
    "ix_event_customer",
    event.c.customer_id,
    event.c.position,
    postgresql_where=text("customer_id IS NOT NULL"),
)

relay = Table(
    "relay",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("last_position", BigInteger, nullable=False),
    Column("settled_id", BigInteger, nullable=False, server_default=text("0")),
)

idempotency = Table(
    "idempotency",
    METADATA,
    words("scope", primary_key=True),
    words("key", primary_key=True),
    words("operation"),
    Column("body_hash", LargeBinary, nullable=False),
    facts("result", nullable=True),
    born(),
)
Index("ix_idempotency_age", idempotency.c.created_at)
