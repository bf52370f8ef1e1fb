"""Top-ups: one attempt for each unit, submitted by a job after the commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from domain.orders.status import PartStatus
from domain.supply.attempts import first_attempts, submission

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.records import PartRecord
    from domain.orders.views import OrderView
    from domain.work import UnitOfWork


@dataclass(frozen=True)
class Supplier:
    """A supplier credits the account of the line; nothing is sent before the payment is committed."""

    async def begin(
        self, order: OrderView, parts: Sequence[PartRecord], caller: Caller, work: UnitOfWork
    ) -> Mapping[UUID, PartStatus]:
        """Write the attempts and queue their submission."""
        drafts = [draft for part in parts for draft in first_attempts(part)]
        await work.attempts.add(drafts)
        for draft in drafts:
            await work.enqueue(submission(draft.id))
        return {part.id: PartStatus.FULFILLING for part in parts}


METHOD = Supplier()
