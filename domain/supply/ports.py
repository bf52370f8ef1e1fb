"""What talking to suppliers writes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from domain.supply.answers import Answer
    from domain.supply.attempts import Attempt, AttemptDraft
    from domain.supply.states import AttemptState


class Attempts(Protocol):
    """Attempts in one transaction; the order's row is locked before an attempt's."""

    async def add(self, drafts: Sequence[AttemptDraft]) -> None:
        """Write new attempts, CREATED."""

    async def order_of(self, attempt_id: UUID) -> UUID | None:
        """The order that an attempt belongs to."""

    async def id_of(self, supplier: str, outgoing_number: str) -> UUID | None:
        """The attempt that a supplier speaks of."""

    async def lock(self, attempt_id: UUID) -> Attempt | None:
        """An attempt, locked until the commit."""

    async def mark_sent(self, attempt_id: UUID, next_poll_at: datetime) -> None:
        """CREATED → SENT; it is asked about at `next_poll_at` if nothing is heard before."""

    async def move(self, attempt_id: UUID, before: AttemptState, answer: Answer) -> None:
        """Write what a supplier answered."""

    async def schedule(self, attempt_id: UUID, polls: int, next_poll_at: datetime | None) -> None:
        """Say when it is asked about next; None when a person has to."""

    async def states_of(self, fulfilment_id: UUID) -> list[AttemptState]:
        """The state of the newest attempt of each unit."""

    async def open_case(self, attempt_id: UUID, reason: str, facts: dict[str, Any]) -> None:
        """Put something before a person, once for each reason and the same facts."""
