"""Parcels: counted out of stock when the order was placed, sent by whoever holds the goods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from domain.orders.status import PartStatus

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.records import PartRecord
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


METHOD = Shipment()
