"""What is on offer: categories, products, variants, bundles and the gate of their stock."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Index,
    Integer,
    Table,
    Text,
    text,
)

from persistence.tables.columns import METADATA, born, facts, key, minor, ref, words

category = Table(
    "category",
    METADATA,
    key(),
    words("slug", unique=True),
    words("name"),
    words("name_en", default=""),
    Column("position", Integer, nullable=False, server_default=text("0")),
    born(),
)

product = Table(
    "product",
    METADATA,
    key(),
    words("slug", unique=True),
    words("name"),
    words("name_en", default=""),
    words("description", nullable=True),
    words("brand", nullable=True),
    words("kind"),
    ref("category_id", "category"),
    facts("account_template", nullable=True),
    Column("published", Boolean, nullable=False, server_default=text("true")),
    minor("least_list_minor", default=0),
    minor("sold", default=0),
    born(),
    Column(
        "search",
        Text,
        # The name once more without its spaces: people who look for Q币 mean Q 币.
        Computed(
            "lower(name || ' ' || replace(name, ' ', '') || ' ' || name_en || ' ' || coalesce(brand, '')"
            " || ' ' || slug)",
            persisted=True,
        ),
    ),
    Index("ix_product_search", "search", postgresql_using="gin", postgresql_ops={"search": "gin_trgm_ops"}),
    Index("ix_product_newest", "created_at", "id"),
    Index("ix_product_category", "category_id", "created_at", "id"),
    Index("ix_product_price", "least_list_minor", "id"),
    Index("ix_product_sold", "sold", "id"),
    Index("ix_product_name", "name", "id"),
)

variant = Table(
    "variant",
    METADATA,
    key(),
    ref("product_id", "product", index=True),
    words("sku", unique=True),
    words("name"),
    Column("position", Integer, nullable=False, server_default=text("0")),
    words("currency", default="CNY"),
    minor("list_minor"),
    minor("cost_minor", nullable=True),
    minor("face_minor", nullable=True),
    Column("valid_days", Integer, nullable=True),
    words("secret_pattern", nullable=True),
    Column("published", Boolean, nullable=False, server_default=text("true")),
    facts("settings"),
    born(),
)

component = Table(
    "component",
    METADATA,
    ref("bundle_id", "product", primary_key=True),
    ref("variant_id", "variant", primary_key=True, index=True),
    Column("quantity", Integer, nullable=False, server_default=text("1")),
    Column("position", Integer, nullable=False, server_default=text("0")),
)

stock_level = Table(
    "stock_level",
    METADATA,
    ref("variant_id", "variant", primary_key=True),
    ref("pool_id", "channel", primary_key=True),
    minor("available", default=0),
    Column("head", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("available >= 0", name="never_oversold"),
    postgresql_with={"fillfactor": "50"},
)
