"""Jobs of batches: fill them from their file or the mint, and withdraw large ones."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from domain.access.callers import SYSTEM
from domain.cards.batches.fill import BeginBatch, EndBatch, StoreBlock
from domain.cards.batches.import_cards import IMPORT_JOB
from domain.cards.batches.mint_cards import MINT_JOB
from domain.cards.batches.status import Origin
from domain.cards.batches.withdraw import WITHDRAW_JOB, ContinueWithdrawal
from domain.refusals import Refusal
from persistence.cards import data_keys
from persistence.cards.filling import Filling
from persistence.cards.uploads import PIECE_BYTES, PieceFetcher, UploadedBytes, UploadLost
from persistence.cards.vault import CannotOpen
from persistence.jobs import Desk, gave_up, job

if TYPE_CHECKING:
    from domain.cards.batches.records import Assignment, Block

_TRIES = 5


@job(IMPORT_JOB)
@job(MINT_JOB)
async def fill(facts: dict[str, Any], desk: Desk) -> None:
    """Store the rest of a batch, block by block; another process that does the same is let go first."""
    batch_id = UUID(facts["batch"])
    assignment: Assignment | None = await desk.perform(BeginBatch(batch_id), SYSTEM)
    if assignment is None:
        return
    failure = None
    try:
        if not await _store_all(await _blocks(assignment, desk), batch_id, desk):
            return
    except Refusal as refusal:
        failure = refusal.message
    except UploadLost:
        failure = "The uploaded file is not there any more; import it again."
    except CannotOpen:
        failure = "The keys at hand do not open what was uploaded; import it again."
    await desk.perform(EndBatch(batch_id, failure), SYSTEM)


@gave_up(IMPORT_JOB)
@gave_up(MINT_JOB)
async def fail(facts: dict[str, Any], desk: Desk) -> None:
    """Say that a batch ended early, so that nobody waits for it; what was stored of it can be withdrawn."""
    failure = (
        "Something failed on our side; the rows stored so far can be sold, or withdrawn and imported again."
    )
    await desk.perform(EndBatch(UUID(facts["batch"]), failure), SYSTEM)


@job(WITHDRAW_JOB)
async def withdraw(facts: dict[str, Any], desk: Desk) -> None:
    """Withdraw a large batch in short transactions."""
    step: ContinueWithdrawal | None = ContinueWithdrawal(UUID(facts["batch"]))
    while step is not None:
        step = await desk.perform(step, SYSTEM)


async def _blocks(assignment: Assignment, desk: Desk) -> Generator[Block]:
    async with desk.database.connection() as connection:
        keys = await data_keys.read(connection, [assignment.key_id])
    if assignment.key_id not in keys:
        raise CannotOpen
    key = keys[assignment.key_id]
    filling = Filling(assignment, desk.vault, key, desk.settings.minted_link)
    if assignment.origin is Origin.MINT:
        return filling.from_mint()
    fetch = PieceFetcher(desk.database, desk.vault, key, assignment.batch_id)
    source = UploadedBytes(fetch, assignment.bytes_total)
    return filling.from_file(io.BufferedReader(source, PIECE_BYTES))


async def _store_all(blocks: Generator[Block], batch_id: UUID, desk: Desk) -> bool:
    """Store blocks while the thread makes the next one; False when somebody else has taken over."""
    loop = asyncio.get_running_loop()
    thread = ThreadPoolExecutor(1, thread_name_prefix="cards")
    try:
        upcoming = loop.run_in_executor(thread, next, blocks, None)
        while (block := await upcoming) is not None:
            upcoming = loop.run_in_executor(thread, next, blocks, None)
            try:
                if not await _store(block, batch_id, desk):
                    return False
            finally:
                # What the thread raises while this is left is of no interest any more.
                upcoming.add_done_callback(lambda done: done.cancelled() or done.exception())
        return True
    finally:
        thread.submit(blocks.close)
        thread.shutdown(wait=False)


async def _store(block: Block, batch_id: UUID, desk: Desk) -> bool:
    """Store a block; a card that another import stored at this very moment is found by the next try."""
    for attempt in range(_TRIES):
        try:
            return bool(await desk.perform(StoreBlock(batch_id, block), SYSTEM))
        except asyncpg.UniqueViolationError:
            if attempt + 1 == _TRIES:
                raise BlockRefused from None
    raise AssertionError("unreachable")


class BlockRefused(Exception):
    """The database refused a block time and again; its own words are kept back, for they quote rows."""
