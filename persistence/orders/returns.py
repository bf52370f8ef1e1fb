"""Items of parcels that came back, each time a row; what a parcel has of them stands on its own row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.orders.views import Condition
from persistence.orders.refund_money import LINE_SALE, sale_of
from persistence.orders.rows import SHIPMENT_COLUMNS, shipment_of
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.records import ReturnDraft
    from domain.orders.refunds.money import PartSale
    from domain.orders.views import ShipmentView
    from persistence.work import Work

_ADD = Statement(
    f"""WITH added AS (
            INSERT INTO goods_return (id, shipment_id, quantity, condition, by_kind, by_id)
            VALUES (:id, CAST(:shipment_id AS uuid), :quantity, :condition,
                    :by_kind, :by_id))
        UPDATE shipment s
           SET sellable = s.sellable + CAST(:sellable AS integer),
               damaged = s.damaged + CAST(:damaged AS integer)
          FROM fulfilment f
         WHERE f.id = s.fulfilment_id AND s.id = CAST(:shipment_id AS uuid)
        RETURNING {SHIPMENT_COLUMNS}"""
)
_BEFORE = "s.damaged - CAST(:quantity AS integer)"
_LOST = Statement(
    f"""SELECT {LINE_SALE}, f.quantity AS whole, 0 AS lost, least({_BEFORE}, back.units) AS before,
               least(s.damaged, back.units) - least({_BEFORE}, back.units) AS units
          FROM shipment s
          JOIN fulfilment f ON f.id = s.fulfilment_id
          JOIN order_line l ON l.id = f.order_line_id
         CROSS JOIN LATERAL (
               SELECT CAST(coalesce(sum(n.units), 0) AS bigint) AS units
                 FROM refund_line n JOIN refund r ON r.id = n.refund_id
                WHERE n.fulfilment_id = f.id AND n.goods = 'RETURNED' AND r.status = 'SUCCEEDED') back
         WHERE s.id = :shipment"""
)
"""Damaged items and items paid back as come back meet each other, whichever was first: the n-th of one is the
n-th of the other.
"""


class StoredReturns:
    """Fills `domain.orders.refunds.ports.Returns`."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def add(self, draft: ReturnDraft, caller: Caller) -> ShipmentView:
        """A row, and the sums on the parcel's own."""
        row = await _ADD.one(
            self._work.connection,
            id=draft.id,
            shipment_id=draft.shipment_id,
            quantity=draft.quantity,
            condition=draft.condition.value,
            sellable=draft.quantity if draft.condition is Condition.SELLABLE else 0,
            damaged=draft.quantity if draft.condition is Condition.DAMAGED else 0,
            by_kind=caller.kind.value,
            by_id=caller.subject_id,
        )
        return shipment_of(row)

    async def lost_by(self, draft: ReturnDraft) -> PartSale:
        """Of a return that is written."""
        row = await _LOST.one(self._work.connection, shipment=draft.shipment_id, quantity=draft.quantity)
        return sale_of(row)
