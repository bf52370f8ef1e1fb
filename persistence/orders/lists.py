"""The lists of orders and what is read of orders by their ids: a variant for each selection."""

from __future__ import annotations

from sqlalchemy import text

from domain.orders.views import LineView, OrderView
from domain.payments.views import PaymentView
from persistence.orders.scope import CHANNELS, VISIBLE
from persistence.orders.shapes import LINE, ORDER, PAYMENT
from persistence.selecting.pages import NewestPages
from persistence.selecting.variants import Chosen, Reading, Variants

_WANTED = """(CAST(:status AS text[]) IS NULL OR o.status = ANY(CAST(:status AS text[])))
   AND (CAST(:placed_after AS timestamptz) IS NULL OR o.placed_at > :placed_after)
   AND (CAST(:placed_before AS timestamptz) IS NULL OR o.placed_at < :placed_before)
   AND (CAST(:external_id AS text) IS NULL OR o.external_id = :external_id)"""
_OWN = f"""o.customer_id = CAST(:scope_customer AS uuid)
   AND (CAST(:channel AS text) IS NULL OR o.channel_id IN ({CHANNELS})) AND {_WANTED}"""

OWN = NewestPages(ORDER, _OWN, "placed_at")
BELOW = NewestPages(ORDER, f"o.channel_id = h.id AND {_WANTED}", "placed_at", CHANNELS)


def _by_ids(chosen: Chosen[OrderView]) -> Reading[OrderView]:
    return Reading(chosen, chosen.select().where(text(f"o.id = ANY(CAST(:ids AS uuid[])) AND {VISIBLE}")))


def _of_orders(chosen: Chosen[LineView]) -> Reading[LineView]:
    lines = chosen.select().where(text("l.order_id = ANY(CAST(:orders AS uuid[]))"))
    return Reading(chosen, lines.order_by(LINE.base.c.order_id, LINE.base.c.position))


def _payments(chosen: Chosen[PaymentView]) -> Reading[PaymentView]:
    payments = chosen.select().where(text("p.order_id = ANY(CAST(:orders AS uuid[]))"))
    return Reading(chosen, payments.order_by(PAYMENT.base.c.created_at, PAYMENT.base.c.id))


BY_IDS = Variants(ORDER, _by_ids)
LINES = Variants(LINE, _of_orders, always=("id", "order_id"))
PAYMENTS = Variants(PAYMENT, _payments, always=("id", "order_id"))
