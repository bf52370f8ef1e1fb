"""The lists of orders and what is read of orders by their ids: a variant for each selection."""

from __future__ import annotations

from sqlalchemy import text

from domain.orders.views import LineView, OrderView
from domain.payments.views import PaymentView
from persistence.orders.scope import VISIBLE
from persistence.orders.shapes import LINE, ORDER, PAYMENT
from persistence.selecting.pages import NewestPages
from persistence.selecting.variants import Chosen, Reading, Variants
from persistence.statements import Statement

_WANTED = """(CAST(:status AS text[]) IS NULL OR o.status = ANY(CAST(:status AS text[])))
   AND (CAST(:placed_after AS timestamptz) IS NULL OR o.placed_at > :placed_after)
   AND (CAST(:placed_before AS timestamptz) IS NULL OR o.placed_at < :placed_before)
   AND (CAST(:external_id AS text) IS NULL OR o.external_id = :external_id)"""
_CHANNELS = """SELECT h.id FROM channel h
 WHERE h.path @> ARRAY[CAST(:scope_channel AS uuid)]
   AND (CAST(:channel AS text) IS NULL OR h.path @> ARRAY[(
        SELECT named.id FROM channel named
         WHERE named.code = :channel AND named.path @> ARRAY[CAST(:scope_channel AS uuid)])])"""
_OWN = f"""o.customer_id = CAST(:scope_customer AS uuid)
   AND (CAST(:channel AS text) IS NULL OR o.channel_id IN ({_CHANNELS}))"""


class OrderList:
    """One list of orders and how long it is; with `each` the condition is about a channel `h`."""

    def __init__(self, condition: str, each: bool = False) -> None:
        self.pages = NewestPages(
            ORDER, f"{condition} AND {_WANTED}", "placed_at", _CHANNELS if each else None
        )
        counted = f"SELECT count(*) AS n FROM orders o WHERE {condition} AND {_WANTED}"
        summed = "SELECT CAST(coalesce(sum(f.n), 0) AS bigint)"
        sums = f"{summed} FROM ({_CHANNELS}) h CROSS JOIN LATERAL ({counted}) f"
        self.count = Statement(sums if each else counted)


OWN = OrderList(_OWN)
BELOW = OrderList("o.channel_id = h.id", each=True)


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
