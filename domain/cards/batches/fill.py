"""Filling a batch, block by block: each block is one short transaction, and is stored exactly once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from domain.cards.batches.import_cards import announce
from domain.cards.batches.ports import Progress
from domain.cards.batches.records import Assignment, Block
from domain.cards.batches.status import Origin, Step, after
from domain.cards.importing.rows import Reason, Rejected
from domain.commands import Command, handles

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.cards.batches.views import CardImportView
    from domain.work import UnitOfWork

_UNFINISHED_PERCENT = 99


class CodesRepeat(Exception):
    """A minted code is in stock already, which chance brings once in ages: mint the block again."""


@dataclass(frozen=True, slots=True)
class BeginBatch(Command):
    """Take up a batch."""

    batch_id: UUID


@dataclass(frozen=True, slots=True)
class StoreBlock(Command):
    """Store the next rows of a batch."""

    batch_id: UUID
    block: Block


@dataclass(frozen=True, slots=True)
class EndBatch(Command):
    """All rows are stored, or it cannot go on for this reason."""

    batch_id: UUID
    failure: str | None = None


@handles(BeginBatch)
async def begin(command: BeginBatch, caller: Caller, work: UnitOfWork) -> Assignment | None:
    """What is to be done; None where nothing is."""
    batch = await work.imports.lock(command.batch_id)
    if batch is None or await _moved(batch, Step.BEGIN, Progress(), work) is None:
        return None
    return await work.imports.assignment(batch.id)


@handles(StoreBlock)
async def store(command: StoreBlock, caller: Caller, work: UnitOfWork) -> bool:
    """Whether to go on; False where somebody else has stored these rows, or withdrawn the batch.

    Raises CodesRepeat, having stored nothing.
    """
    block, batch = command.block, await work.imports.lock(command.batch_id)
    if batch is None or after(batch.status, Step.STORE) is None or batch.rows_read != block.begins_at:
        return False
    taken = await work.imports.taken(batch, block.cards)
    if taken and batch.origin is Origin.MINT:
        raise CodesRepeat
    fresh = [card for card in block.cards if card.id not in taken]
    repeated = [Rejected(card.row, Reason.DUPLICATE_IN_STOCK) for card in block.cards if card.id in taken]
    await work.imports.reject(batch, [*block.rejected, *repeated])
    if not batch.dry_run:
        await work.imports.stock(batch, fresh)
    progress = Progress(
        accepted=len(fresh),
        rejected=len(block.rejected) + len(repeated),
        percent=min(block.percent, _UNFINISHED_PERCENT),
    )
    return await _moved(batch, Step.STORE, progress, work) is not None


@handles(EndBatch)
async def end(command: EndBatch, caller: Caller, work: UnitOfWork) -> None:
    """Settle the status, and forget the file."""
    batch = await work.imports.lock(command.batch_id)
    if batch is None:
        return
    if command.failure is None:
        progress = Progress(percent=100, finished_at=work.now)
        moved = await _moved(batch, Step.FINISH, progress, work)
    else:
        moved = await _moved(batch, Step.FAIL, Progress(failure=command.failure, finished_at=work.now), work)
    if moved is not None:
        await work.imports.drop_upload(batch.id)


async def _moved(
    batch: CardImportView, step: Step, progress: Progress, work: UnitOfWork
) -> CardImportView | None:
    status = after(batch.status, step)
    if status is None:
        return None
    moved = await work.imports.move(batch, status, progress)
    await announce(moved, batch, work)
    return moved
