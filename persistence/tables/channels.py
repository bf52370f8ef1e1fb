"""The tree of channels, and what each channel has decided for those below it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from persistence.tables.columns import METADATA, born, facts, key, minor, moment, ref, uuids, words

channel = Table(
    "channel",
    METADATA,
    key(),
    words("code", unique=True),
    words("name"),
    words("tier"),
    words("sells_as", nullable=True),
    words("territory", nullable=True),
    words("status", default="ACTIVE"),
    ref("parent_id", "channel", nullable=True, index=True),
    uuids("path"),
    facts("settings"),
    minor("version", default=1),
    born(),
    CheckConstraint("path[cardinality(path)] = id", name="path_ends_here"),
    Index("ix_channel_path", "path", postgresql_using="gin"),
)

price_rule = Table(
    "price_rule",
    METADATA,
    key(),
    ref("setter_id", "channel", index=True),
    ref("target_channel_id", "channel", nullable=True),
    words("target_tier", nullable=True),
    ref("variant_id", "variant", nullable=True),
    ref("product_id", "product", nullable=True),
    ref("category_id", "category", nullable=True),
    words("kind"),
    words("mode"),
    words("base"),
    minor("value"),
    words("action", nullable=True),
    Column("min_quantity", Integer, nullable=False, server_default=text("1")),
    moment("valid_from"),
    moment("valid_until"),
    Column("version", Integer, nullable=False, server_default=text("1")),
    ref("set_by", "agent", nullable=True),
    born(),
    born("changed_at"),
    moment("ended_at"),
    CheckConstraint("num_nonnulls(variant_id, product_id, category_id) <= 1", name="one_scope"),
    CheckConstraint("num_nonnulls(target_channel_id, target_tier) <= 1", name="one_target"),
)

price_rule_version = Table(
    "price_rule_version",
    METADATA,
    ref("price_rule_id", "price_rule", primary_key=True),
    Column("version", Integer, primary_key=True),
    facts("rule"),
    born(),
)

visibility = Table(
    "visibility",
    METADATA,
    key(),
    ref("setter_id", "channel"),
    ref("channel_id", "channel", index=True),
    ref("variant_id", "variant", nullable=True),
    ref("product_id", "product", nullable=True),
    ref("category_id", "category", nullable=True),
    Column("visible", Boolean, nullable=False),
    born(),
    UniqueConstraint(
        "setter_id",
        "channel_id",
        "variant_id",
        "product_id",
        "category_id",
        postgresql_nulls_not_distinct=True,
    ),
)

price_epoch = Table(
    "price_epoch",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
)

stock_quota = Table(
    "stock_quota",
    METADATA,
    Column("id", UUID, nullable=False, unique=True, server_default=text("gen_random_uuid()")),
    ref("channel_id", "channel", primary_key=True),
    ref("variant_id", "variant", primary_key=True),
    minor("granted", default=0),
    minor("used", default=0),
    born(),
    CheckConstraint("used >= 0 AND used <= granted", name="within_grant"),
)

sales_quota = Table(
    "sales_quota",
    METADATA,
    Column("id", UUID, nullable=False, unique=True),
    ref("channel_id", "channel", primary_key=True),
    ref("variant_id", "variant", primary_key=True, index=True),
    words("period", primary_key=True),
    words("zone"),
    minor("quantity"),
    minor("handed_on", default=0),
    minor("used", default=0),
    minor("own_used", default=0),
    moment("starts_at", nullable=False),
    moment("ends_at"),
    born(),
    CheckConstraint("period IN ('DAY', 'WEEK', 'MONTH', 'TOTAL')", name="known_period"),
    CheckConstraint("handed_on >= 0 AND handed_on <= quantity", name="carved"),
    CheckConstraint("own_used >= 0 AND used >= 0", name="counts"),
    CheckConstraint("(ends_at IS NULL) = (period = 'TOTAL')", name="total_has_no_end"),
)
