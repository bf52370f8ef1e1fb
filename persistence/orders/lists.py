"""The lists of orders and what is read of orders by their ids: a variant for each selection."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, column, select, text, true

from domain.orders.views import LineView, OrderView
from persistence.orders.scope import VISIBLE
from persistence.orders.shapes import LINE, ORDER
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
_BEYOND = "(CAST(:at AS timestamptz) IS NULL OR (o.placed_at, o.id) {} (:at, :id))"
_LIMIT = bindparam("limit", type_=BigInteger)


@dataclass(frozen=True, slots=True)
class BothWays:
    """The statements of a list for one selection: the newest first, and back again."""

    forwards: Reading[OrderView]
    backwards: Reading[OrderView]


class OrderList:
    """One list of orders and how long it is.

    With `each` the condition is asked once for each channel `h` of the caller, in that channel's own index:
    otherwise a shop with few orders would walk over everybody else's to fill its page.
    """

    def __init__(self, condition: str, each: bool = False) -> None:
        self._condition, self._each = condition, each
        self.pages = Variants(ORDER, self._pages, always=("id", "placed_at"))
        counted = f"SELECT count(*) AS n FROM orders o WHERE {condition} AND {_WANTED}"
        summed = "SELECT CAST(coalesce(sum(f.n), 0) AS bigint)"
        sums = f"{summed} FROM ({_CHANNELS}) h CROSS JOIN LATERAL ({counted}) f"
        self.count = Statement(sums if each else counted)

    def _pages(self, chosen: Chosen[OrderView]) -> BothWays:
        return BothWays(
            Reading(chosen, self._page(chosen, "<", True)), Reading(chosen, self._page(chosen, ">", False))
        )

    def _page(self, chosen: Chosen[OrderView], sign: str, newest: bool) -> Select[tuple[object, ...]]:
        """What is joined is joined to the page, not to what lies behind it."""
        base = ORDER.base
        page = chosen.rows().where(text(self._condition), text(_WANTED), text(_BEYOND.format(sign)))
        page = page.order_by(*_order(base.c.placed_at, base.c.id, newest)).limit(_LIMIT)
        if self._each:
            channels = text(_CHANNELS).columns(column("id")).subquery("h")
            found = page.lateral("o")
            both = select(found).select_from(channels.join(found, true()))
            page = both.order_by(*_order(found.c.placed_at, found.c.id, newest)).limit(_LIMIT)
        rows = page.subquery("o")
        return chosen.select(rows).order_by(*_order(rows.c.placed_at, rows.c.id, newest))


def _order(
    at: ColumnElement[object], own: ColumnElement[object], newest: bool
) -> list[ColumnElement[object]]:
    return [at.desc(), own.desc()] if newest else [at.asc(), own.asc()]


OWN = OrderList(_OWN)
BELOW = OrderList("o.channel_id = h.id", each=True)


def _by_ids(chosen: Chosen[OrderView]) -> Reading[OrderView]:
    return Reading(chosen, chosen.select().where(text(f"o.id = ANY(CAST(:ids AS uuid[])) AND {VISIBLE}")))


def _of_orders(chosen: Chosen[LineView]) -> Reading[LineView]:
    lines = chosen.select().where(text("l.order_id = ANY(CAST(:orders AS uuid[]))"))
    return Reading(chosen, lines.order_by(LINE.base.c.order_id, LINE.base.c.position))


BY_IDS = Variants(ORDER, _by_ids)
LINES = Variants(LINE, _of_orders, always=("id", "order_id"))
