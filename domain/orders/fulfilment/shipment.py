"""Parcels: counted out of stock when the order was placed, sent by whoever holds the goods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from domain.catalog.fulfilment import Goods, Progress
from domain.orders.refunds.standing import Standing
from domain.orders.status import PartStatus
from domain.orders.views import ShipmentStatus

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.records import PartRecord
    from domain.orders.refunds.records import Claim
    from domain.orders.refunds.standing import PartFacts
    from domain.orders.views import OrderView
    from domain.work import UnitOfWork


@dataclass(frozen=True)
class Shipment:
    """A shipment waits for a carrier and a tracking number; it is fulfilled when it is delivered."""

    async def begin(
        self, order: OrderView, parts: Sequence[PartRecord], caller: Caller, work: UnitOfWork
    ) -> Mapping[UUID, PartStatus]:
        """Open one shipment for each part; what placing took from stock is thereby final."""
        await work.orders.open_shipments([part.id for part in parts])
        return {part.id: PartStatus.PENDING for part in parts}

    def standing(self, part: PartFacts) -> Standing:
        """A part is one parcel: with its carrier, it has to come back first."""
        gone = {ShipmentStatus.SHIPPED, ShipmentStatus.DELIVERED, ShipmentStatus.RETURNED}
        if not gone.intersection(part.shipments):
            return Standing(Progress(part.quantity), unbegun=not part.shipments)
        came_back = part.quantity if ShipmentStatus.RETURNED in part.shipments else 0
        return Standing(Progress(part.quantity, delivered=part.quantity, returned=came_back))

    async def stop(self, claims: Sequence[Claim], caller: Caller, work: UnitOfWork) -> None:
        """A parcel that was not sent is not sent now."""
        await work.refunds.hold_parcels([claim.part_id for claim in claims])

    async def take_back(
        self, claims: Sequence[Claim], caller: Caller, work: UnitOfWork
    ) -> Mapping[UUID, PartStatus]:
        """What was not sent is for sale again; what came back waits for somebody to look at it."""
        unsent = [claim.part_id for claim in claims if claim.goods is Goods.BACK_TO_STOCK]
        if unsent:
            await work.refunds.drop_parcels(unsent)
            await work.cards.release(unsent, caller, "refund")
        return dict.fromkeys(unsent, PartStatus.FAILED)

    async def let_go(
        self, claims: Sequence[Claim], used: Sequence[UUID], caller: Caller, work: UnitOfWork
    ) -> None:
        """It can be sent."""
        await work.refunds.free_parcels([claim.part_id for claim in claims])


METHOD = Shipment()
