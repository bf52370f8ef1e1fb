"""Using up an entitlement, one call at a time and never below nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from domain.access.permissions import CARDS_REDEEM
from domain.commands import IdempotentCommand, handles
from domain.refusals import InvalidInput, NotFound

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.views import EntitlementView
    from domain.work import UnitOfWork

MOST_UNITS = 1_000_000
"""Units of one call at most."""


@dataclass(frozen=True, slots=True)
class ConsumeEntitlement(IdempotentCommand):
    """Use units; it is a redemption, so it takes the right to redeem cards."""

    requires: ClassVar[str | None] = CARDS_REDEEM

    entitlement_id: UUID
    units: int = 1


@handles(ConsumeEntitlement)
async def consume_entitlement(
    command: ConsumeEntitlement, caller: Caller, work: UnitOfWork
) -> EntitlementView:
    """One guarded UPDATE: concurrent calls share what is left."""
    if not 1 <= command.units <= MOST_UNITS:
        raise InvalidInput(f"Between 1 and {MOST_UNITS} units are used at once.", "units")
    found = await work.orders.consume(command.entitlement_id, command.units, caller)
    if found is None:
        raise NotFound("entitlement", "entitlementId")
    return found
