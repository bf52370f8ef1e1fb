"""What happens to batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self
from uuid import UUID

from domain.cards.batches.status import BatchStatus
from domain.cards.batches.views import CardImportView
from domain.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CardImportChanged(Event):
    """A batch moved on: rows were stored, or its status is another (`before` None: it is new)."""

    kind: ClassVar[str] = "card.import"

    batch: CardImportView
    before: BatchStatus | None

    @classmethod
    def of(cls, batch: CardImportView, before: BatchStatus | None, channel_id: UUID) -> Self:
        """The event of a batch as it is now, for the back office of `channel_id` (headquarters)."""
        return cls(aggregate_id=batch.id, channel_id=channel_id, batch=batch, before=before)

    def payload(self) -> dict[str, Any]:
        """Statuses and counts."""
        batch = self.batch
        return {
            "from": self.before.value if self.before else None,
            "to": batch.status.value,
            "status": batch.status.value,
            "rowsRead": batch.rows_read,
            "accepted": batch.accepted,
            "rejected": batch.rejected,
            "percent": batch.percent,
            "version": batch.version,
        }
