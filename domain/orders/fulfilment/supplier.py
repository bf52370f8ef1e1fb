"""Top-ups: one attempt for each unit, submitted by a job after the commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from domain.catalog.fulfilment import Progress
from domain.orders.refunds.standing import Standing
from domain.orders.status import PartStatus
from domain.supply.attempts import first_attempts, submission
from domain.supply.states import AttemptState

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.records import PartRecord
    from domain.orders.refunds.records import Claim
    from domain.orders.refunds.standing import PartFacts
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

    def standing(self, part: PartFacts) -> Standing:
        """In face value, where each unit has one, else in units; what has no final answer is open.

        Of a part that was paid and not begun nothing is at a supplier.
        """
        by_face = bool(part.attempts) and all(attempt.face_minor for attempt in part.attempts)
        charged = undecided = whole = 0
        for attempt in part.attempts:
            face = attempt.face_minor if by_face and attempt.face_minor else 1
            whole += face
            if attempt.state is AttemptState.SUCCEEDED:
                charged += face
            elif attempt.state is AttemptState.PARTIAL and by_face and attempt.charged_minor is not None:
                charged += min(attempt.charged_minor, face)
            elif attempt.state not in (AttemptState.FAILED, AttemptState.REVERSED):
                undecided += face
        if not part.attempts:
            return Standing(Progress(part.quantity), unbegun=True)
        return Standing(Progress(whole, delivered=charged), undecided)

    async def stop(self, claims: Sequence[Claim], caller: Caller, work: UnitOfWork) -> None:
        """There is nothing to stop: only what was answered for certain is asked back."""

    async def take_back(
        self, claims: Sequence[Claim], caller: Caller, work: UnitOfWork
    ) -> Mapping[UUID, PartStatus]:
        """Nothing was credited for what is paid back."""
        return {}

    async def let_go(
        self, claims: Sequence[Claim], used: Sequence[UUID], caller: Caller, work: UnitOfWork
    ) -> None:
        """Nothing was taken."""


METHOD = Supplier()
