"""What batches need of the store, and what the API reads of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.cards.batches.records import Assignment, BatchDraft, CardGoods, SealedCard
    from domain.cards.batches.status import BatchStatus
    from domain.cards.batches.uploads import CardFile
    from domain.cards.batches.views import CardImportView, RejectionView
    from domain.cards.importing.formats import ImportFormat
    from domain.cards.importing.rows import Rejected
    from domain.paging import Page, PageRequest


@dataclass(frozen=True, slots=True)
class Progress:
    """What a step adds to a batch's counts; None leaves as it is."""

    accepted: int = 0
    rejected: int = 0
    percent: int | None = None
    failure: str | None = None
    reason: str | None = None
    finished_at: datetime | None = None


class CardImports(Protocol):
    """Batches in one transaction. Whoever changes a batch locks its row first, and stock after it."""

    async def goods(self, sku: str) -> CardGoods | None:
        """The SKU, of whatever kind."""

    async def root_id(self) -> UUID:
        """Headquarters, in whose pool new cards lie."""

    async def check_file(self, file: CardFile, format: ImportFormat, columns: Mapping[str, str]) -> None:
        """Raise UnreadableFile or ColumnsNotFound where a small file shows it at once."""

    async def add(self, draft: BatchDraft, caller: Caller) -> CardImportView:
        """Write a batch, QUEUED, with a data key of its own."""

    async def keep_upload(self, batch_id: UUID, file: CardFile) -> None:
        """Keep the file's content, encrypted, until the batch is filled."""

    async def drop_upload(self, batch_id: UUID) -> None:
        """Forget the file's content."""

    async def lock(self, batch_id: UUID) -> CardImportView | None:
        """A batch, locked until the commit."""

    async def assignment(self, batch_id: UUID) -> Assignment:
        """What is to be done for a locked batch."""

    async def move(self, batch: CardImportView, status: BatchStatus, progress: Progress) -> CardImportView:
        """Write a locked batch's new status and counts."""

    async def taken(self, batch: CardImportView, cards: Sequence[SealedCard]) -> set[UUID]:
        """Those of the new cards that are in stock already: the secret of any SKU, the number of this one."""

    async def reject(self, batch: CardImportView, rows: Sequence[Rejected]) -> None:
        """Keep row and reason of refused rows."""

    async def stock(self, batch: CardImportView, cards: Sequence[SealedCard]) -> None:
        """Write cards with the first event of each, and raise what is available."""

    async def in_use(self, batch_id: UUID) -> int:
        """How many of the batch's cards somebody has: sold, reserved, or frozen on the way there."""

    async def put_aside(
        self, batch: CardImportView, behind: UUID | None, limit: int, caller: Caller
    ) -> UUID | None:
        """Take the next `limit` free cards behind one out of stock (QUARANTINED); the last of them, or None.

        The batch's `reason` goes into the trace of each, here and in the two below.
        """

    async def put_back(
        self, batch: CardImportView, behind: UUID | None, limit: int, caller: Caller
    ) -> UUID | None:
        """The way back for cards that were put aside."""

    async def void(
        self, batch: CardImportView, behind: UUID | None, limit: int, caller: Caller
    ) -> UUID | None:
        """Make cards that were put aside VOIDED, and free their secrets for another import."""


@dataclass(frozen=True, slots=True)
class ImportFilter:
    """Which batches; None does not narrow."""

    sku: str | None = None
    status: tuple[BatchStatus, ...] | None = None


class ImportReads(Protocol):
    """Batches for callers who may import cards; for all others there are none."""

    async def by_id(self, caller: Caller, batch_id: UUID) -> CardImportView | None:
        """A batch."""

    async def page(self, caller: Caller, wanted: ImportFilter, request: PageRequest) -> Page[CardImportView]:
        """Batches, the newest first."""

    async def rejections_of(
        self, batches: Sequence[CardImportView], request: PageRequest
    ) -> list[Page[RejectionView]]:
        """A page of each batch's refused rows, in the order of the file."""

    async def node(self, caller: Caller, type_name: str, id: UUID) -> CardImportView | None:
        """A batch by its id."""
