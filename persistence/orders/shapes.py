"""What views of orders and of their parts are made of."""

from __future__ import annotations

from domain.money import Money
from domain.orders.status import OrderStatus, PartStatus, RefundStatus
from domain.orders.views import LineView, OrderView
from persistence.channels.shapes import channel_of
from persistence.selecting.shapes import Shape, part
from persistence.tables.orders import order_line, orders

ORDER = Shape(
    OrderView,
    orders.alias("o"),
    {
        "id": part("id"),
        "number": part("number"),
        "channel_id": part("channel_id"),
        "customer_id": part("customer_id"),
        "external_id": part("external_id"),
        "status": part("status", make=OrderStatus),
        "refund_status": part("refund_status", make=RefundStatus),
        "subtotal": part("subtotal_minor", "currency", make=Money),
        "discount": part("discount_minor", "currency", make=Money),
        "total": part("total_minor", "currency", make=Money),
        "due": part("due_minor", "currency", make=Money),
        "placed_by_kind": part("placed_by_kind"),
        "placed_at": part("placed_at"),
        "expires_at": part("expires_at"),
        "paid_at": part("paid_at"),
        "closed_at": part("closed_at"),
        "group_id": part("group_id"),
    },
    relations={"channel": channel_of("och")},
)

_OF_LINE = orders.alias("o")
LINE = Shape(
    LineView,
    order_line.alias("l"),
    {
        "id": part("id"),
        "order_id": part("order_id"),
        "channel_id": part(_OF_LINE.c.channel_id),
        "variant_id": part("variant_id"),
        "sku": part("sku"),
        "quantity": part("quantity"),
        "status": part("status", make=PartStatus),
        "unit_price": part("unit_minor", _OF_LINE.c.currency, make=Money),
        "list_price": part("list_minor", _OF_LINE.c.currency, make=Money),
        "discount": part("discount_minor", _OF_LINE.c.currency, make=Money),
        "total": part("total_minor", _OF_LINE.c.currency, make=Money),
    },
    joins={_OF_LINE: lambda lines: _OF_LINE.c.id == lines.c.order_id},
)
