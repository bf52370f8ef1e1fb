"""Reading the trades of orders: their lines' levels, and what the ledger has of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.orders.trades import Levels, Sold, trade_over
from persistence.sharing.stops import Asked, Turn, stop
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.refusals import Refusal
    from persistence.statements import Connection

_TRADES = Statement(
    """SELECT l.order_id, l.path, l.transfer_minor, l.cost_minor, l.quantity, l.discounts,
              o.total_minor, o.currency,
              EXISTS (SELECT FROM ledger_transfer t
                       WHERE t.type = 'HOLD' AND t.business_id = l.order_id) AS held,
              EXISTS (SELECT FROM ledger_transfer t
                       WHERE t.type IN ('SALE', 'COLLECTED') AND t.business_id = l.order_id) AS posted
         FROM order_line l JOIN orders o ON o.id = l.order_id
        WHERE l.order_id = ANY(CAST(:orders AS uuid[]))
        ORDER BY l.order_id, l.position"""
)


@stop(Turn.ORDERS)
async def sold(on: Connection, asked: Sequence[Asked[Sequence[UUID]]]) -> list[dict[UUID, Sold] | Refusal]:
    """The trades of orders, by order."""
    lines = defaultdict(list)
    for row in await _TRADES.all(on, orders=list({order: None for one in asked for order in one.what})):
        lines[row["order_id"]].append(row)
    found = {}
    for order_id, rows in lines.items():
        levels = (
            Levels(tuple(row["path"]), tuple(row["transfer_minor"]), row["cost_minor"], row["quantity"])
            for row in rows
        )
        first = rows[0]
        trade = trade_over(levels, order_id, first["total_minor"], first["currency"])
        found[order_id] = Sold(trade, _shares(rows), first["held"], first["posted"])
    return [{order: found[order] for order in one.what if order in found} for one in asked]


def _shares(lines: Sequence[Any]) -> Counter[UUID | None]:
    """What each funder pays of the lines' discounts, as `domain.orders.drafts.discounts_of` keeps it."""
    shares: Counter[UUID | None] = Counter()
    for line in lines:
        for given in (line["discounts"] or {}).get("given", ()):
            for funder, minor in given["shares"]:
                shares[UUID(funder) if funder else None] += minor
    return shares
