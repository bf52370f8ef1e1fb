"""What the sale of each part of a refund was, at every level, with what was paid back of it before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from domain.orders.refunds.money import PartSale
from domain.orders.trades import Levels
from persistence.statements import Connection, Statement

LINE_SALE = """f.id AS part_id, l.path, l.transfer_minor, l.cost_minor, l.quantity, l.discounts,
              (SELECT array_agg(s.id ORDER BY s.id) FROM fulfilment s WHERE s.order_line_id = l.id) AS parts,
              (SELECT array_agg(s.allocated_minor ORDER BY s.id) FROM fulfilment s
                WHERE s.order_line_id = l.id) AS weights"""
"""Of a part `f` and its line `l` what `sale_of` reads."""

_DAMAGED = """(SELECT coalesce(sum(least(s.damaged, b.units + n.units) - least(s.damaged, b.units)), 0)
                 FROM shipment s CROSS JOIN LATERAL (
                      SELECT CAST(coalesce(sum(p.units), 0) AS bigint) AS units
                        FROM refund_line p JOIN refund q ON q.id = p.refund_id
                       WHERE p.fulfilment_id = f.id AND p.goods = 'RETURNED' AND q.status = 'SUCCEEDED') b
                WHERE s.fulfilment_id = f.id AND n.goods = 'RETURNED')"""
"""Units of a line that were counted in as damaged (`persistence.orders.returns`)."""

_SALES = Statement(
    f"""SELECT n.units, n.whole, {LINE_SALE},
              (SELECT CAST(coalesce(sum(p.units), 0) AS bigint)
                 FROM refund_line p JOIN refund q ON q.id = p.refund_id
                WHERE p.fulfilment_id = f.id AND q.status = 'SUCCEEDED') AS before,
              CAST({_DAMAGED} AS bigint) +
              (SELECT count(*) FROM refund_card c JOIN card k ON k.id = c.card_id
                 JOIN card_batch b ON b.id = k.batch_id
                WHERE c.refund_id = r.id AND c.fulfilment_id = f.id AND c.seen AND b.origin <> 'MINT'
                  AND NOT r.issuer_pays_back) AS lost
         FROM refund r
         JOIN refund_line n ON n.refund_id = r.id
         JOIN fulfilment f ON f.id = n.fulfilment_id
         JOIN order_line l ON l.id = n.order_line_id
        WHERE r.id = :refund ORDER BY n.id"""
)
_COMPLETES = Statement(
    """SELECT bool_and(coalesce(p.back, false)) FROM fulfilment f
         LEFT JOIN (SELECT n.fulfilment_id, sum(n.units) >= max(n.whole) AS back
                      FROM refund_line n JOIN refund r ON r.id = n.refund_id
                     WHERE r.order_id = :order AND (r.status = 'SUCCEEDED' OR r.id = :refund)
                     GROUP BY 1) p ON p.fulfilment_id = f.id
        WHERE f.order_id = :order"""
)


async def sales_of(on: Connection, refund_id: UUID) -> list[PartSale]:
    """The parts of a refund that has not succeeded yet."""
    return [sale_of(row) for row in await _SALES.all(on, refund=refund_id)]


async def completes(on: Connection, refund_id: UUID, order_id: UUID) -> bool:
    """Whether with this refund all of every part of its order is paid back."""
    return bool(await _COMPLETES.value(on, refund=refund_id, order=order_id))


def sale_of(row: Any) -> PartSale:
    """From a row with the columns of LINE_SALE, `units`, `whole`, `before` and `lost`."""
    return PartSale(
        levels=Levels(tuple(row["path"]), tuple(row["transfer_minor"]), row["cost_minor"], row["quantity"]),
        given=_given(row["discounts"]),
        weights=tuple(row["weights"]),
        place=row["parts"].index(row["part_id"]),
        before=row["before"],
        units=row["units"],
        whole=row["whole"],
        lost=row["lost"],
    )


def _given(discounts: Mapping[str, Any] | None) -> dict[UUID, dict[UUID, int]]:
    found: dict[UUID, dict[UUID, int]] = {}
    for one in (discounts or {}).get("given", ()):
        of_promotion = found.setdefault(UUID(one["promotion"]), {})
        for funder, minor in one["shares"]:
            of_promotion[UUID(funder)] = of_promotion.get(UUID(funder), 0) + minor
    return found
