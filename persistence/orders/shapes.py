"""What views of orders and of their parts are made of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, text

from domain.access.callers import Caller, CallerKind
from domain.access.permissions import ORDERS_READ
from domain.money import Money
from domain.orders.refunds.states import RefundState
from domain.orders.refunds.views import RefundView
from domain.orders.status import OrderStatus, PartStatus, RefundStatus
from domain.orders.views import LineView, OrderView
from domain.payments.views import PaymentStatus, PaymentView
from persistence.channels.shapes import channel_of
from persistence.orders.rows import address_of, contact_of
from persistence.orders.scope import VISIBLE, scope
from persistence.selecting.shapes import Relation, Shape, optional, part
from persistence.tables.orders import order_line, orders, payment
from persistence.tables.refunds import refund

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
    attached={
        "contact": part("contact", make=contact_of),
        "shipping_address": part("shipping_address", make=address_of),
    },
    relations={"channel": channel_of("och", "channel_id")},
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

PAYMENT = Shape(
    PaymentView,
    payment.alias("p"),
    {
        "id": part("id"),
        "order_id": part("order_id"),
        "method": part("method"),
        "status": part("status", make=PaymentStatus),
        "amount": part("amount_minor", "currency", make=Money),
        "created_at": part("created_at"),
        "captured_at": part("captured_at"),
        "next_action": part("next_action"),
        "order": part(make=lambda: None),
    },
)


def _order_on(rows: FromClause) -> ColumnElement[bool]:
    return and_(ORDER.base.c.id == rows.c.order_id, text(VISIBLE.replace(":scope_", ":order_scope_")))


def _order_scope(caller: Caller) -> dict[str, Any]:
    """As wherever orders are read by their ids: who may not read orders sees none."""
    seen = caller.may(ORDERS_READ) or caller.kind is CallerKind.SYSTEM
    values = scope(caller) if seen else scope(caller) | {"scope_kind": "NOTHING"}
    return {f"order_{name}": value for name, value in values.items()}


ORDER_OF = Relation(ORDER, _order_on, _order_scope)
"""The order that a row names in its `order_id`, where the caller may see it."""

REFUND = Shape(
    RefundView,
    refund.alias("r"),
    {
        "id": part("id"),
        "order_id": part("order_id"),
        "channel_id": part("channel_id"),
        "status": part("status", make=RefundState),
        "amount": part("amount_minor", "currency", make=Money),
        "review": part("review"),
        "reason": part("reason"),
        "note": part("note"),
        "requested_by": part("requested_by_kind", make=CallerKind),
        "decided_by": part("decided_by_kind", make=optional(CallerKind)),
        "created_at": part("created_at"),
        "decided_at": part("decided_at"),
        "finished_at": part("finished_at"),
    },
    relations={"order": ORDER_OF},
)
