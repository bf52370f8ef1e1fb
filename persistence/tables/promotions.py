"""Promotions: what is offered, who pays for it, how much of it was used, and the coupons that give it."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from persistence.tables.columns import METADATA, born, facts, key, minor, moment, ref, words

promotion = Table(
    "promotion",
    METADATA,
    key(),
    ref("owner_id", "channel", index=True),
    words("name"),
    words("kind"),
    words("status"),
    words("currency", default="CNY"),
    facts("settings"),
    facts("scope"),
    Column("priority", Integer, nullable=False, server_default=text("0")),
    Column("exclusive", Boolean, nullable=False, server_default=text("false")),
    words("stack_group", nullable=True),
    moment("starts_at"),
    moment("ends_at"),
    minor("budget_minor", nullable=True),
    minor("most_orders", nullable=True),
    minor("per_customer", nullable=True),
    minor("per_device", nullable=True),
    Column("made_by", UUID, nullable=True),
    born(),
    moment("stopped_at"),
    words("told", nullable=True),
)
"""`told` is what was told last of a flash sale."""

promotion_funder = Table(
    "promotion_funder",
    METADATA,
    ref("promotion_id", "promotion", primary_key=True),
    ref("channel_id", "channel", primary_key=True, index=True),
    Column("position", Integer, nullable=False),
    Column("share_bp", Integer, nullable=False),
    words("answer", nullable=True),
    Column("answered_by", UUID, nullable=True),
    moment("answered_at"),
    CheckConstraint("share_bp > 0 AND share_bp <= 10000", name="a_share"),
)

promotion_use = Table(
    "promotion_use",
    METADATA,
    ref("promotion_id", "promotion", primary_key=True),
    words("subject", primary_key=True),
    minor("used", default=0),
    CheckConstraint("used >= 0", name="not_negative"),
)

coupon_batch = Table(
    "coupon_batch",
    METADATA,
    key(),
    ref("promotion_id", "promotion", index=True),
    ref("key_id", "data_key"),
    Column("quantity", Integer, nullable=False),
    words("prefix", default=""),
    words("alphabet"),
    Column("length", Integer, nullable=False),
    Column("uses", Integer, nullable=False, server_default=text("1")),
    moment("valid_from"),
    moment("valid_until"),
    Column("made_by", UUID, nullable=True),
    born(),
    moment("exported_at"),
)

coupon = Table(
    "coupon",
    METADATA,
    key(),
    ref("batch_id", "coupon_batch", index=True),
    ref("promotion_id", "promotion"),
    Column("code_hmac", LargeBinary, nullable=False, unique=True),
    Column("code_ciphertext", LargeBinary, nullable=False),
    words("masked"),
    Column("uses", Integer, nullable=False, server_default=text("1")),
    Column("used", Integer, nullable=False, server_default=text("0")),
    ref("customer_id", "customer", nullable=True),
    moment("claimed_at"),
    CheckConstraint("used >= 0 AND used <= uses", name="within_uses"),
)
Index("ix_coupon_customer", coupon.c.customer_id, postgresql_where=text("customer_id IS NOT NULL"))

promotion_claim = Table(
    "promotion_claim",
    METADATA,
    key(),
    ref("order_id", "orders", index=True),
    ref("promotion_id", "promotion", index=True),
    ref("coupon_id", "coupon", nullable=True),
    words("state"),
    minor("minor"),
    minor("returned_minor", default=0),
    facts("counts"),
    born(),
    moment("ended_at"),
    CheckConstraint("returned_minor >= 0 AND returned_minor <= minor", name="within_claim"),
)

buying_group = Table(
    "buying_group",
    METADATA,
    key(),
    ref("promotion_id", "promotion", index=True),
    ref("channel_id", "channel", index=True),
    words("state"),
    Column("seats", Integer, nullable=False),
    Column("taken", Integer, nullable=False, server_default=text("0")),
    Column("paid", Integer, nullable=False, server_default=text("0")),
    moment("expires_at", nullable=False),
    born(),
    moment("ended_at"),
    CheckConstraint("paid >= 0 AND paid <= taken AND taken <= seats", name="within_seats"),
)
Index("ix_buying_group_expiry", buying_group.c.expires_at, postgresql_where=text("state = 'OPEN'"))

group_seat = Table(
    "group_seat",
    METADATA,
    key(),
    ref("group_id", "buying_group", index=True),
    ref("order_id", "orders"),
    ref("customer_id", "customer"),
    words("state"),
    born(),
    moment("ended_at"),
    UniqueConstraint("order_id"),
)
Index("ix_group_seat_paid", group_seat.c.group_id, postgresql_where=text("state = 'PAID'"))
Index(
    "uq_group_seat_live",
    group_seat.c.group_id,
    group_seat.c.customer_id,
    unique=True,
    postgresql_where=text("state IN ('RESERVED', 'PAID', 'CONFIRMED')"),
)
