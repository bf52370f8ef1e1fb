"""What views of quotas and of allocations are made of."""

from __future__ import annotations

from sqlalchemy import FromClause, literal_column

from domain.cards.views import StockQuotaView
from domain.channels.quotas import QuotaPeriod, SalesQuotaView
from persistence.channels.quota_sql import ENDS_AT, STARTS_AT, USED
from persistence.channels.shapes import channel_of
from persistence.selecting.shapes import On, Shape, part
from persistence.tables.catalog import variant
from persistence.tables.channels import channel, sales_quota, stock_quota

CHANNEL, VARIANT = channel.alias("c"), variant.alias("v")
_JOINS: dict[FromClause, On] = {
    CHANNEL: lambda quotas: CHANNEL.c.id == quotas.c.channel_id,
    VARIANT: lambda quotas: VARIANT.c.id == quotas.c.variant_id,
}
CODE = "code"
"""Attached for the cursor: lists are in the order of the channels' codes."""

SALES_QUOTA = Shape(
    SalesQuotaView,
    sales_quota.alias("q"),
    {
        "id": part("id"),
        "sku": part(VARIANT.c.sku),
        "channel_id": part("channel_id"),
        "period": part("period", make=QuotaPeriod),
        "quantity": part("quantity"),
        "handed_on": part("handed_on"),
        "used": part(literal_column(USED)),
        "starts_at": part(literal_column(STARTS_AT)),
        "ends_at": part(literal_column(ENDS_AT)),
    },
    properties={"left": ("quantity", "used")},
    joins=_JOINS,
    attached={CODE: part(CHANNEL.c.code)},
    relations={"channel": channel_of("qch", "channel_id")},
)
STOCK_QUOTA = Shape(
    StockQuotaView,
    stock_quota.alias("q"),
    {
        "id": part("id"),
        "sku": part(VARIANT.c.sku),
        "channel_id": part("channel_id"),
        "granted": part("granted"),
        "used": part("used"),
    },
    properties={"left": ("granted", "used")},
    joins=_JOINS,
    attached={CODE: part(CHANNEL.c.code)},
    relations={"channel": channel_of("qch", "channel_id")},
)
