"""Parcels: counted out of stock when the order was placed, sent by whoever holds the goods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from domain.catalog.fulfilment import SEND_BACK, Goods, Progress
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

_GONE = frozenset({ShipmentStatus.SHIPPED, ShipmentStatus.DELIVERED, ShipmentStatus.RETURNED})


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
        """A part is one parcel: with its carrier, what is in it has to come back first."""
        gone = [one for one in part.shipments if one.status in _GONE]
        sent = sum(one.quantity for one in gone)
        came_back = sum(
            one.quantity if one.status is ShipmentStatus.RETURNED else one.received for one in gone
        )
        progress = Progress(part.quantity, delivered=sent, returned=came_back)
        rest = SEND_BACK if came_back < sent else None
        return Standing(progress, unbegun=not part.shipments, rest=rest)

    async def stop(self, claims: Sequence[Claim], caller: Caller, work: UnitOfWork) -> None:
        """A parcel that was not sent is not sent now."""
        await work.refunds.hold_parcels([claim.part_id for claim in claims])

    async def take_back(
        self, claims: Sequence[Claim], caller: Caller, work: UnitOfWork
    ) -> Mapping[UUID, PartStatus]:
        """What was not sent is for sale again; what came back is when it is counted in (`receiveReturn`).

        A parcel of which some stays the buyer's is sent with the rest.
        """
        unsent = [claim for claim in claims if claim.goods is Goods.BACK_TO_STOCK]
        if not unsent:
            return {}
        ended = await work.refunds.unpack_parcels(unsent)
        await work.cards.put_back({claim.part_id: claim.units for claim in unsent})
        return dict.fromkeys(ended, PartStatus.FAILED)

    async def let_go(
        self, claims: Sequence[Claim], used: Sequence[UUID], caller: Caller, work: UnitOfWork
    ) -> None:
        """It can be sent, unless some of it is asked back otherwise."""
        await work.refunds.free_parcels(claims)


METHOD = Shipment()
