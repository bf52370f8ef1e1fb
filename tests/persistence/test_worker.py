"""Jobs run at least once, whatever ends their process, and say nothing of what they were given."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from domain.work import Job
from persistence import jobs
from persistence.bells import LocalBell
from persistence.cards.key_file import KeyFile
from persistence.cards.vault import Vault
from persistence.database import Database
from persistence.jobs import GIVEN_UP, JOBS, Desk, gave_up, job
from persistence.perform import Performer
from persistence.settings import Settings
from persistence.work import Tools
from persistence.worker import Worker

CANARY = "canary-7Q4Z"


@dataclass
class Seen:
    """What the jobs of a test have done."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    runs: int = 0


@pytest.fixture
async def desk(dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    database = await Database.open(dsn, size=6)
    tools = Tools(Vault(KeyFile.create(tmp_path / "keys.json")), Settings(demo=True))
    yield Desk(database, Performer(database, LocalBell(), tools), tools.vault, tools.settings)
    await database.close()


@contextlib.contextmanager
def only(name: str, function: Any) -> Any:
    """A worker of this test knows one job."""
    before = dict(JOBS)
    JOBS.clear()
    job(name)(function)
    try:
        yield
    finally:
        JOBS.clear()
        JOBS.update(before)


async def queue(desk: Desk, name: str) -> None:
    async with desk.database.connection() as connection:
        await jobs.enqueue(connection, Job(name, {"said": CANARY}))


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_worker_that_stops_finishes_the_job_at_hand(desk: Desk) -> None:
    seen = Seen()

    async def work(_facts: dict[str, Any], _desk: Desk) -> None:
        seen.begun.set()
        await asyncio.sleep(0.3)
        seen.done.set()

    with only("test.short", work):
        await queue(desk, "test.short")
        working = asyncio.create_task(Worker(desk).run())
        await asyncio.wait_for(seen.begun.wait(), 20)
        await stop(working)
    assert seen.done.is_set()
    async with desk.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM pgqueuer") == 0


async def test_a_job_too_long_for_a_stopping_worker_is_begun_again_by_the_next(desk: Desk) -> None:
    seen = Seen()

    async def work(_facts: dict[str, Any], _desk: Desk) -> None:
        seen.runs += 1
        seen.begun.set()
        if seen.runs == 1:
            await asyncio.sleep(60)
        seen.done.set()

    with only("test.long", work):
        await queue(desk, "test.long")
        first = asyncio.create_task(Worker(desk, drain_s=0.2).run())
        await asyncio.wait_for(seen.begun.wait(), 20)
        await stop(first)
        assert not seen.done.is_set()
        second = asyncio.create_task(Worker(desk).run())
        await asyncio.wait_for(seen.done.wait(), 20)
        await stop(second)
    assert seen.runs == 2


async def test_a_job_that_fails_leaves_the_kind_of_its_exception_and_not_its_text(
    desk: Desk, dsn: str
) -> None:
    async def work(facts: dict[str, Any], _desk: Desk) -> None:
        raise ValueError(facts["said"])

    with only("test.bad", work):
        await queue(desk, "test.bad")
        working = asyncio.create_task(Worker(desk, retries_s=[0]).run())
        owner = await asyncpg.connect(dsn)
        try:
            async with asyncio.timeout(30):
                while not await owner.fetchval("SELECT count(*) FROM pgqueuer WHERE status = 'failed'"):
                    await asyncio.sleep(0.1)
            await stop(working)
            kept = str(await owner.fetch("SELECT * FROM pgqueuer_log"))
        finally:
            await owner.close()
    assert "ValueError" in kept
    assert CANARY not in kept


async def test_a_job_that_has_failed_for_good_tells_its_subject(desk: Desk) -> None:
    seen = Seen()

    async def work(_facts: dict[str, Any], _desk: Desk) -> None:
        seen.runs += 1
        raise ValueError

    async def told(facts: dict[str, Any], _desk: Desk) -> None:
        assert facts == {"said": CANARY}
        seen.done.set()

    gave_up("test.hopeless")(told)
    with only("test.hopeless", work):
        await queue(desk, "test.hopeless")
        working = asyncio.create_task(Worker(desk, retries_s=[0]).run())
        await asyncio.wait_for(seen.done.wait(), 30)
        await stop(working)
    del GIVEN_UP["test.hopeless"]
    assert seen.runs == 2
