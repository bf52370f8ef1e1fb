"""Orders: what was promised, for how much, and how each part of it is delivered."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    Table,
    UniqueConstraint,
    text,
)

from persistence.tables.columns import METADATA, born, facts, key, minor, moment, ref, uuids, words

orders = Table(
    "orders",
    METADATA,
    key(),
    words("number", unique=True),
    ref("channel_id", "channel"),
    ref("customer_id", "customer", nullable=True),
    words("external_id", nullable=True),
    words("status"),
    words("refund_status", default="NONE"),
    words("currency", default="CNY"),
    minor("subtotal_minor"),
    minor("discount_minor", default=0),
    minor("total_minor"),
    minor("due_minor"),
    facts("contact"),
    facts("shipping_address", nullable=True),
    words("contact_phone_hmac", nullable=True),
    words("device_id", nullable=True),
    words("address", default=""),
    words("placed_by_kind"),
    Column("placed_by_id", key().type, nullable=True),
    born("placed_at"),
    moment("expires_at"),
    moment("paid_at"),
    moment("closed_at"),
    ref("group_id", "buying_group", nullable=True),
    UniqueConstraint("channel_id", "external_id"),
)
Index("ix_orders_channel", orders.c.channel_id, orders.c.placed_at, orders.c.id)
Index("ix_orders_customer", orders.c.customer_id, orders.c.placed_at, orders.c.id)
Index("ix_orders_placed", orders.c.placed_at, orders.c.id)
Index("ix_orders_expiry", orders.c.expires_at, postgresql_where=text("status = 'AWAITING_PAYMENT'"))
Index(
    "ix_orders_guest",
    orders.c.channel_id,
    orders.c.contact_phone_hmac,
    postgresql_where=text("customer_id IS NULL AND contact_phone_hmac IS NOT NULL"),
)

order_line = Table(
    "order_line",
    METADATA,
    key(),
    ref("order_id", "orders", index=True),
    Column("position", Integer, nullable=False),
    ref("variant_id", "variant"),
    words("sku"),
    Column("quantity", Integer, nullable=False),
    minor("unit_minor"),
    minor("list_minor"),
    minor("discount_minor", default=0),
    minor("total_minor"),
    minor("cost_minor", nullable=True),
    words("status"),
    words("policy", nullable=True),
    facts("account", nullable=True),
    uuids("path"),
    Column("transfer_minor", ARRAY(BigInteger), nullable=False),
    facts("trace"),
    facts("discounts", nullable=True),
)

fulfilment = Table(
    "fulfilment",
    METADATA,
    key(),
    ref("order_id", "orders", index=True),
    ref("order_line_id", "order_line", index=True),
    ref("variant_id", "variant"),
    words("sku"),
    words("kind"),
    Column("quantity", Integer, nullable=False),
    facts("account", nullable=True),
    ref("pool_id", "channel", nullable=True),
    minor("allocated_minor"),
    minor("refunded_minor", default=0),
    words("status"),
    words("failure", nullable=True),
    born(),
    moment("finished_at"),
    CheckConstraint("refunded_minor BETWEEN 0 AND allocated_minor", name="refunded"),
)

shipment = Table(
    "shipment",
    METADATA,
    key(),
    ref("fulfilment_id", "fulfilment", index=True),
    words("status"),
    words("carrier", nullable=True),
    words("tracking_number", nullable=True),
    Column("quantity", Integer, nullable=False),
    born(),
    moment("shipped_at"),
    moment("delivered_at"),
    Column("sellable", Integer, nullable=False, server_default=text("0")),
    Column("damaged", Integer, nullable=False, server_default=text("0")),
    CheckConstraint("quantity >= 0", name="quantity"),
    CheckConstraint("sellable >= 0 AND damaged >= 0 AND sellable + damaged <= quantity", name="received"),
)

goods_return = Table(
    "goods_return",
    METADATA,
    key(),
    ref("shipment_id", "shipment", index=True),
    Column("quantity", Integer, nullable=False),
    words("condition"),
    words("by_kind"),
    Column("by_id", key().type, nullable=True),
    born("received_at"),
    CheckConstraint("quantity > 0", name="some"),
)

entitlement = Table(
    "entitlement",
    METADATA,
    key(),
    ref("fulfilment_id", "fulfilment", index=True),
    minor("units"),
    minor("used", default=0),
    minor("asked_back", default=0),
    moment("expires_at"),
    born(),
    CheckConstraint("asked_back BETWEEN 0 AND units - used", name="asked_back"),
)

payment = Table(
    "payment",
    METADATA,
    key(),
    ref("order_id", "orders", index=True),
    words("method"),
    words("status"),
    words("currency", default="CNY"),
    minor("amount_minor"),
    facts("next_action", nullable=True),
    words("captured_by_kind"),
    Column("captured_by_id", key().type, nullable=True),
    born(),
    moment("captured_at"),
)
Index(
    "uq_payment_captured",
    payment.c.order_id,
    unique=True,
    postgresql_where=text("status = 'CAPTURED'"),
)

counted = Table(
    "counted",
    METADATA,
    words("name", primary_key=True),
    minor("position", default=0),
)
