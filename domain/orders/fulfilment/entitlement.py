"""Entitlements: units that exist as soon as they are paid for, and are used up one call at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from domain.orders.status import PartStatus

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.records import PartRecord
    from domain.orders.views import OrderView
    from domain.work import UnitOfWork


@dataclass(frozen=True)
class Entitlement:
    """The variant's units, times the quantity, valid for the variant's days."""

    async def begin(
        self, order: OrderView, parts: Sequence[PartRecord], caller: Caller, work: UnitOfWork
    ) -> Mapping[UUID, PartStatus]:
        """Grant the units."""
        for part in parts:
            units = int(part.settings.get("units", 1)) * part.quantity
            days = part.valid_days
            await work.orders.grant(part.id, units, None if days is None else work.now + timedelta(days=days))
        return {part.id: PartStatus.FULFILLED for part in parts}


METHOD = Entitlement()
