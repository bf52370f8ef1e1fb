"""What views of cards are made of."""

from __future__ import annotations

from domain.cards.states import CardState
from domain.cards.views import CardView
from persistence.channels.shapes import channel_of
from persistence.orders.shapes import ORDER_OF
from persistence.selecting.shapes import Shape, part
from persistence.tables.cards import card
from persistence.tables.catalog import variant

_VARIANT = variant.alias("v")
CARD = Shape(
    CardView,
    card.alias("c"),
    {
        "id": part("id"),
        "sku": part(_VARIANT.c.sku),
        "status": part("state", make=CardState),
        "masked": part("masked"),
        "expires_at": part("expires_at"),
        "channel_id": part("channel_id", "pool_id", make=lambda sold_in, stock_of: sold_in or stock_of),
        "order_id": part("order_id"),
        "order_line_id": part("order_line_id"),
        "changed_at": part("changed_at"),
    },
    joins={_VARIANT: lambda cards: _VARIANT.c.id == cards.c.variant_id},
    relations={"channel": channel_of("cch", "channel_id", "pool_id"), "order": ORDER_OF},
)
