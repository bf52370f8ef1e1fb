"""Reading the trades of orders: their lines' levels, and what the ledger has of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.orders.trades import Levels, Sold, trade_over
from persistence.orders.moving import PART_COLUMNS, PARTS
from persistence.orders.rows import part_of
from persistence.sharing.stops import Asked, Turn, stop
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.refusals import Refusal
    from persistence.statements import Connection

_TRADES = Statement(
    f"""SELECT {PART_COLUMNS}, l.path, l.transfer_minor, l.cost_minor, l.discounts,
              l.quantity AS pieces, o.total_minor, o.currency,
              EXISTS (SELECT FROM ledger_transfer t
                       WHERE t.type = 'HOLD' AND t.business_id = l.order_id) AS held,
              EXISTS (SELECT FROM ledger_transfer t
                       WHERE t.type IN ('SALE', 'COLLECTED') AND t.business_id = l.order_id) AS posted
         FROM {PARTS} JOIN orders o ON o.id = f.order_id
        WHERE f.order_id = ANY(CAST(:orders AS uuid[]))
        ORDER BY f.id"""
)


@stop(Turn.ORDERS)
async def sold(on: Connection, asked: Sequence[Asked[Sequence[UUID]]]) -> list[dict[UUID, Sold] | Refusal]:
    """The trades and the parts of orders, by order."""
    by_order: dict[UUID, list[Any]] = defaultdict(list)
    for row in await _TRADES.all(on, orders=list({order: None for one in asked for order in one.what})):
        by_order[row["order_id"]].append(row)
    found = {order: _sold(rows) for order, rows in by_order.items()}
    return [{order: found[order] for order in one.what if order in found} for one in asked]


def _sold(parts: Sequence[Any]) -> Sold:
    lines = list({row["order_line_id"]: row for row in parts}.values())
    levels = (
        Levels(tuple(row["path"]), tuple(row["transfer_minor"]), row["cost_minor"], row["pieces"])
        for row in lines
    )
    first = lines[0]
    trade = trade_over(levels, first["order_id"], first["total_minor"], first["currency"])
    return Sold(trade, _shares(lines), tuple(map(part_of, parts)), held=first["held"], posted=first["posted"])


def _shares(lines: Sequence[Any]) -> Counter[UUID | None]:
    """What each funder pays of the lines' discounts, as `domain.orders.drafts.discounts_of` keeps it."""
    shares: Counter[UUID | None] = Counter()
    for line in lines:
        for given in (line["discounts"] or {}).get("given", ()):
            for funder, minor in given["shares"]:
                shares[UUID(funder) if funder else None] += minor
    return shares
