"""An import whose process is killed goes on where it was, and stores nothing twice."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from domain.access.callers import SYSTEM
from domain.cards.batches.fill import BeginBatch, StoreBlock
from domain.cards.batches.mint_cards import MintCards
from domain.cards.batches.records import Block
from domain.cards.batches.status import BatchStatus
from domain.cards.batches.views import CardImportView
from domain.cards.importing.rows import Reason, Rejected
from persistence.cards import batch_jobs
from persistence.cards.key_file import KeyFile
from persistence.database import Database
from tests.cards.intake import Intake, csv_of, furnish

ROWS = 60_000
REPEATED = range(1_000, ROWS, 10_000)
CONNECTED = """SELECT EXISTS (SELECT FROM pg_stat_activity
                               WHERE datname = current_database() AND pid <> pg_backend_pid()
                                 AND backend_type = 'client backend' AND backend_start > $1)"""
"""Rows, from 0, that hold the card of the row before the thousandth before them."""


@pytest.fixture
async def intake(dsn: str, tmp_path: Path) -> AsyncIterator[Intake]:
    database = await Database.open(dsn)
    yield await furnish(database, KeyFile.create(tmp_path / "keys.json"))
    await database.close()


async def spawn(dsn: str, tmp_path: Path, *what: str) -> asyncio.subprocess.Process:
    """A process that imports."""
    program = (sys.executable, "-m", "tests.cards.import_process", dsn, str(tmp_path / "keys.json"))
    root = Path(__file__).parents[2]
    return await asyncio.create_subprocess_exec(*program, *what, stdout=asyncio.subprocess.PIPE, cwd=root)


async def kill_midway(intake: Intake, process: asyncio.subprocess.Process, least: int) -> CardImportView:
    """Kill the process once it has stored so many rows; the batch as it left it."""
    assert process.stdout is not None
    since = await intake.value("SELECT clock_timestamp()")
    batch_id = json.loads(await process.stdout.readline())["batch"]
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        rows: int = await intake.value("SELECT rows_read FROM card_batch WHERE id = $1::text::uuid", batch_id)
        if rows >= least:
            break
        await asyncio.sleep(0.005)
    process.kill()
    await process.wait()
    # What the killed process had begun is rolled back once PostgreSQL notices that it is gone.
    async with asyncio.timeout(60):
        while await intake.value(CONNECTED, since):
            await asyncio.sleep(0.02)
    (row,) = await intake.fetch("SELECT id FROM card_batch")
    found = await intake.reads.imports.by_id(intake.caller, row["id"])
    assert found is not None
    return found


async def test_a_killed_import_goes_on_and_stores_every_row_once(
    intake: Intake, dsn: str, tmp_path: Path
) -> None:
    codes = [f"KILL{number:08}" for number in range(ROWS)]
    for row in REPEATED:
        codes[row] = codes[row - 1_000]
    file = tmp_path / "cards.csv"
    await asyncio.to_thread(file.write_text, csv_of([[code] for code in codes]))
    killed = await kill_midway(intake, await spawn(dsn, tmp_path, "KEY", str(file)), 8_000)
    assert killed.status is BatchStatus.RUNNING
    assert 8_000 <= killed.rows_read < ROWS
    assert await intake.available("KEY") == killed.accepted
    again = await kill_midway(intake, await spawn(dsn, tmp_path, "--resume", str(killed.id)), 30_000)
    assert killed.rows_read < again.rows_read < ROWS
    done = await intake.run(again)
    assert (done.status, done.rows_read, done.percent) == (BatchStatus.SUCCEEDED, ROWS, 100)
    expected = [[row + 2, Reason.DUPLICATE_IN_FILE.value] for row in REPEATED]
    assert await intake.rejections(done) == expected
    assert done.accepted == await intake.available("KEY") == ROWS - len(expected)
    assert await intake.value("SELECT count(*) FROM card_event") == done.accepted
    assert await intake.value("SELECT count(DISTINCT seq) FROM card") == done.accepted


async def test_a_killed_mint_makes_up_for_the_rest(intake: Intake, dsn: str, tmp_path: Path) -> None:
    batch: Any = await intake.perform(MintCards("k", "KEY", 40_000), intake.caller)
    killed = await kill_midway(intake, await spawn(dsn, tmp_path, "--resume", str(batch.id)), 8_000)
    assert killed.rows_read < 40_000
    done = await intake.run(killed)
    assert done.accepted == await intake.available("KEY") == 40_000


async def test_a_block_is_stored_by_whoever_comes_first(intake: Intake) -> None:
    batch = await intake.send("KEY", csv_of([["AAAA00000001"]]))
    assignment = await intake.perform(BeginBatch(batch.id), SYSTEM)
    block = Block(assignment.rows_read, (), [Rejected(2, Reason.EXPIRED)], 50)
    assert await intake.perform(StoreBlock(batch.id, block), SYSTEM) is True
    assert await intake.perform(StoreBlock(batch.id, block), SYSTEM) is False
    assert await intake.rejections(batch) == [[2, "EXPIRED"]]


async def test_a_batch_that_was_withdrawn_meanwhile_is_let_go(intake: Intake) -> None:
    batch = await intake.send("KEY", csv_of([["AAAA00000001"]]))
    withdrawn = await intake.withdraw(batch)
    assert withdrawn.status is BatchStatus.WITHDRAWN
    await batch_jobs.fill({"batch": str(batch.id)}, intake.desk)
    assert await intake.see(batch) == withdrawn
    assert await intake.available("KEY") == 0
