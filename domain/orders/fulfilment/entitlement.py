"""Entitlements: units that exist as soon as they are paid for, and are used up one call at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from domain.catalog.fulfilment import Progress
from domain.orders.refunds.standing import Standing
from domain.orders.status import PartStatus

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.records import PartRecord
    from domain.orders.refunds.records import Claim
    from domain.orders.refunds.standing import PartFacts
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

    def standing(self, part: PartFacts) -> Standing:
        """In units of the right; one whose time is over is used up."""
        units = sum(one.units for one in part.entitlements)
        over = [
            one for one in part.entitlements
            if one.expires_at is not None and part.now is not None and one.expires_at <= part.now
        ]  # fmt: skip
        used = sum(one.units if one in over else one.used for one in part.entitlements)
        progress = Progress(units or part.quantity, delivered=units, used=used)
        return Standing(progress, unbegun=not part.entitlements)

    async def stop(self, claims: Sequence[Claim], caller: Caller, work: UnitOfWork) -> None:
        """The units that are asked back cannot be used."""
        await work.refunds.hold_units({claim.part_id: claim.units for claim in claims})

    async def take_back(
        self, claims: Sequence[Claim], caller: Caller, work: UnitOfWork
    ) -> Mapping[UUID, PartStatus]:
        """They stay unusable."""
        return {}

    async def let_go(
        self, claims: Sequence[Claim], used: Sequence[UUID], caller: Caller, work: UnitOfWork
    ) -> None:
        """They can be used."""
        await work.refunds.hold_units({claim.part_id: -claim.units for claim in claims})


METHOD = Entitlement()
