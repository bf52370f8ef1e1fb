"""Minting: cards whose codes are ours, made by a job like those of a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from domain.access.permissions import CARDS_IMPORT
from domain.cards.batches.import_cards import goods_of, queue
from domain.cards.batches.records import BatchDraft
from domain.cards.batches.status import Origin
from domain.commands import IdempotentCommand, handles
from domain.ids import new_id
from domain.refusals import InvalidInput

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.cards.batches.views import CardImportView
    from domain.work import UnitOfWork

MINT_JOB = "cards.mint"

MOST = 1_000_000
"""Cards of one batch."""


@dataclass(frozen=True, slots=True)
class MintCards(IdempotentCommand):
    """Make cards with codes of our own."""

    requires: ClassVar[str | None] = CARDS_IMPORT

    sku: str
    quantity: int
    expires_at: datetime | None = None


@handles(MintCards)
async def mint_cards(command: MintCards, caller: Caller, work: UnitOfWork) -> CardImportView:
    """Answers the queued batch."""
    if not 1 <= command.quantity <= MOST:
        raise InvalidInput(f"Between 1 and {MOST:,} cards are minted at a time.", "quantity")
    if command.expires_at is not None and command.expires_at <= work.now:
        raise InvalidInput("Cards that have expired already are not minted.", "expiresAt")
    draft = BatchDraft(
        new_id(),
        await goods_of(command.sku, work),
        Origin.MINT,
        rows_total=command.quantity,
        expires_at=command.expires_at,
    )
    return await queue(draft, MINT_JOB, caller, work)
