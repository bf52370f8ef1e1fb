"""The relay begins behind what is settled, and never behind an id that can still be committed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from domain.ids import new_id
from persistence import outbox
from persistence.bells import LocalBell
from persistence.database import Database, plain_dsn
from persistence.relay import Relay
from persistence.settled import Settled
from tests.subscriptions.machine import Ticked

SETTLED = "SELECT settled_id FROM relay"


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    database = await Database.open(dsn, size=8)
    yield database
    await database.close()


def relay_of(database: Database) -> Relay:
    """One that looks at the locks each time."""
    return Relay(database, LocalBell(), settled=Settled(look_s=0))


async def commit(database: Database, n: int = 0) -> None:
    async with database.transaction() as connection:
        await outbox.write(connection, [Ticked(aggregate_id=new_id(), n=n)])


async def test_what_was_moved_is_settled_once_its_writers_are_gone(database: Database) -> None:
    relay = relay_of(database)
    for _ in range(3):
        await commit(database)
        assert await relay.move() == 1
    # The third move learned that nobody wrote when the first was done.
    assert await database.pool.fetchval(SETTLED) == 1


async def test_an_id_that_is_committed_late_holds_the_beginning_back_and_is_moved(database: Database) -> None:
    relay = relay_of(database)
    async with database.transaction() as slow:
        await outbox.write(slow, [Ticked(aggregate_id=new_id(), n=1)])
        for n in range(2, 9):
            await commit(database, n)
            assert await relay.move() == 1
        assert await database.pool.fetchval(SETTLED) == 0
    assert await relay.move() == 1
    for n in (9, 10, 11):
        await commit(database, n)
        assert await relay.move() == 1
    numbers = await database.pool.fetch("SELECT payload ->> 'n' AS n FROM event ORDER BY position")
    assert [int(row["n"]) for row in numbers] == [2, 3, 4, 5, 6, 7, 8, 1, 9, 10, 11]
    assert await database.pool.fetchval(SETTLED) > 1


async def test_one_that_commits_between_the_look_and_the_search_is_moved_before_its_id_is_settled(
    database: Database,
) -> None:
    """The writer was there at the first look and is gone at the second: its row lies below the mark."""
    relay = relay_of(database)
    await commit(database, 0)
    await relay.move()
    async with database.transaction() as slow:
        await outbox.write(slow, [Ticked(aggregate_id=new_id(), n=1)])
        await commit(database, 2)
        await relay.move()
        await commit(database, 3)
        await relay.move()
    await commit(database, 4)
    assert await relay.move() == 2
    assert await database.pool.fetchval("SELECT count(*) FROM outbox") == 0


async def test_many_writers_of_uneven_length_lose_nothing_while_the_beginning_moves_on(
    database: Database,
) -> None:
    relay, total = relay_of(database), 400

    async def write(writer: int) -> None:
        for n in range(total // 4):
            async with database.transaction() as connection:
                await outbox.write(connection, [Ticked(aggregate_id=new_id(), n=writer * 1000 + n)])
                await asyncio.sleep(0.02 if writer == 0 and n % 10 == 0 else 0)

    writing = asyncio.gather(*(write(writer) for writer in range(4)))
    moved = 0
    async with asyncio.timeout(30):
        while moved < total:
            moved += await relay.move()
    await writing
    assert await database.pool.fetchval("SELECT count(DISTINCT payload ->> 'n') FROM event") == total
    assert await database.pool.fetchval(SETTLED) > 0


async def test_a_search_does_not_pass_over_the_dead_rows_that_an_old_snapshot_keeps(
    database: Database, dsn: str
) -> None:
    old = await asyncpg.connect(plain_dsn(dsn))
    async with old.transaction(isolation="repeatable_read"):
        await old.fetchval("SELECT count(*) FROM outbox")
        async with database.transaction() as connection:
            await outbox.write(connection, [Ticked(aggregate_id=new_id(), n=n) for n in range(3000)])
        relay = relay_of(database)
        while await relay.move():
            pass
        for _ in range(2):
            await commit(database)
            await relay.move()
        await commit(database)
        read = "SELECT idx_tup_read FROM pg_stat_all_indexes WHERE indexrelname = 'pk_outbox'"
        before = await _counted(database, read)
        await relay.move()
        assert await _counted(database, read) - before < 10
    await old.close()


async def _counted(database: Database, sql: str) -> int:
    """A statistic with what all connections have counted until now."""
    await database.let_go()
    for connection in [await database.pool.acquire() for _ in range(8)]:
        await connection.execute("SELECT pg_stat_force_next_flush()")
        await connection.execute("SELECT 1")
        await database.pool.release(connection)
    return int(await database.pool.fetchval(sql))
