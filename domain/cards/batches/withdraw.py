"""Withdrawing a whole batch while none of it is sold: out of stock first, void afterwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from domain.access.permissions import CARDS_IMPORT
from domain.cards.batches.import_cards import announce
from domain.cards.batches.ports import Progress
from domain.cards.batches.refusals import ImportInUse
from domain.cards.batches.status import BatchStatus, Step, after
from domain.commands import Command, handles
from domain.refusals import InvalidInput, NotFound
from domain.work import Job

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.cards.batches.views import CardImportView
    from domain.work import UnitOfWork

WITHDRAW_JOB = "cards.withdraw"

AT_ONCE = 10_000
"""Cards that the request itself withdraws; a job does the rest of a larger batch."""

CHUNK = 500
"""Cards that one statement moves: its joins cost the square of them. In the job, sales wait for one chunk."""

_LONGEST_REASON = 500

CardStep = Callable[["CardImportView", UUID | None, int, "Caller"], Awaitable[UUID | None]]


@dataclass(frozen=True, slots=True)
class WithdrawCardImport(Command):
    """Take all cards of a batch back."""

    requires: ClassVar[str | None] = CARDS_IMPORT

    batch_id: UUID
    reason: str


class Phase(StrEnum):
    """What a withdrawal is at; each begins anew with the first card after a crash, and skips what is done."""

    ASIDE = "ASIDE"
    """Cards leave the stock; they can still go back."""
    VOID = "VOID"
    BACK = "BACK"
    """A card was sold while others were put aside, so all go back."""


@dataclass(frozen=True, slots=True)
class ContinueWithdrawal(Command):
    """Withdraw the next cards behind one."""

    batch_id: UUID
    phase: Phase = Phase.ASIDE
    behind: UUID | None = None


@handles(WithdrawCardImport)
async def withdraw(command: WithdrawCardImport, caller: Caller, work: UnitOfWork) -> CardImportView:
    """Answers the batch, WITHDRAWN, or WITHDRAWING where a job goes on; repeating it changes nothing."""
    reason = command.reason.strip()
    if not 0 < len(reason) <= _LONGEST_REASON:
        raise InvalidInput(f"Say in 1 to {_LONGEST_REASON} characters why.", "reason")
    batch = await work.imports.lock(command.batch_id)
    if batch is None:
        raise NotFound("import", "id")
    if batch.status in (BatchStatus.WITHDRAWING, BatchStatus.WITHDRAWN):
        return batch
    if batch.dry_run:
        raise InvalidInput("A dry run has put nothing into stock.", "id")
    batch = await _moved(batch, Step.WITHDRAW, Progress(reason=reason), work)
    await work.imports.drop_upload(batch.id)
    await _all(batch, work.imports.put_aside, caller)
    # Counted after cards were taken out of stock under its lock, so no sale can come between.
    sold = await work.imports.in_use(batch.id)
    if sold:
        raise ImportInUse(sold)
    if batch.accepted <= AT_ONCE:
        await _all(batch, work.imports.void, caller)
        return await _moved(batch, Step.EMPTY, Progress(), work)
    await work.enqueue(Job(WITHDRAW_JOB, {"batch": str(batch.id)}, dedupe_key=f"{WITHDRAW_JOB}:{batch.id}"))
    return batch


@handles(ContinueWithdrawal)
async def carry_on(
    command: ContinueWithdrawal, caller: Caller, work: UnitOfWork
) -> ContinueWithdrawal | None:
    """One chunk; what to do next, None when all is done."""
    batch = await work.imports.lock(command.batch_id)
    if batch is None or batch.status is not BatchStatus.WITHDRAWING:
        return None
    steps: dict[Phase, CardStep] = {
        Phase.ASIDE: work.imports.put_aside,
        Phase.VOID: work.imports.void,
        Phase.BACK: work.imports.put_back,
    }
    last = await steps[command.phase](batch, command.behind, CHUNK, caller)
    if last is not None:
        return replace(command, behind=last)
    sold = await work.imports.in_use(batch.id)
    if command.phase is Phase.ASIDE:
        return ContinueWithdrawal(batch.id, Phase.BACK if sold else Phase.VOID)
    if command.phase is Phase.VOID:
        await _moved(batch, Step.EMPTY, Progress(), work)
    else:
        step = Step.KEEP_PART if batch.failure or batch.percent < 100 else Step.KEEP_WHOLE
        await _moved(batch, step, Progress(failure=ImportInUse(sold).message), work)
    return None


async def _all(batch: CardImportView, step: CardStep, caller: Caller) -> None:
    behind: UUID | None = None
    for _ in range(AT_ONCE // CHUNK):
        behind = await step(batch, behind, CHUNK, caller)
        if behind is None:
            return


async def _moved(batch: CardImportView, step: Step, progress: Progress, work: UnitOfWork) -> CardImportView:
    status = after(batch.status, step)
    if status is None:
        raise InvalidInput(f"An import that is {batch.status} cannot be withdrawn.", "id")
    moved = await work.imports.move(batch, status, progress)
    await announce(moved, batch, work)
    return moved
