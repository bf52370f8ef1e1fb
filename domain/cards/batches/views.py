"""What the API shows of batches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.cards.batches.status import BatchStatus, Origin
from domain.cards.importing.rows import Reason


@dataclass(frozen=True, slots=True)
class CardImportView:
    """A batch of cards; counts are of rows, blank ones left out."""

    id: UUID
    variant_id: UUID
    sku: str
    origin: Origin
    status: BatchStatus
    dry_run: bool
    file_name: str | None
    rows_read: int
    accepted: int
    rejected: int
    percent: int
    """0 to 100; 100 only when all of it is done."""
    failure: str | None
    """Why it ended early, in a sentence."""
    reason: str | None
    """Why it was withdrawn."""
    expires_at: datetime | None
    """When minted cards expire."""
    created_at: datetime
    finished_at: datetime | None
    version: int
    """Counts its changes; followers tell by it what they have seen."""


@dataclass(frozen=True, slots=True)
class RejectionView:
    """A refused row of a file: where it stands in the spreadsheet, and why."""

    row: int
    reason: Reason
