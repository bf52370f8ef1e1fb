"""Statistics are taken when a table, or one of its indexes, has doubled: kept plans are made anew."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from persistence.database import Database, plain_dsn
from persistence.growth import Growth
from persistence.statements import Connection

FILL = """INSERT INTO idempotency (scope, key, operation, body_hash)
          SELECT 'test', $1 || n, 'placeOrder', '\\x00' FROM generate_series(1, CAST($2 AS integer)) n"""
KEPT = "PREPARE kept AS SELECT FROM idempotency WHERE scope = $1 AND key = $2"


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    owner = await asyncpg.connect(plain_dsn(dsn))
    await owner.execute("ALTER TABLE idempotency SET (autovacuum_enabled = off)")
    await owner.close()
    database = await Database.open(dsn, size=4)
    yield database
    await database.close()


async def test_a_plan_that_was_kept_from_a_small_table_is_made_anew_when_it_has_grown(
    database: Database, dsn: str
) -> None:
    growth = Growth(database)
    owner = await asyncpg.connect(plain_dsn(dsn))
    async with database.connection() as connection:
        await connection.execute(FILL, "few", 5)
        await owner.execute("ANALYZE idempotency")
        await connection.execute(f"SET plan_cache_mode = force_generic_plan; {KEPT}")
        assert await _plan(connection) == "Seq Scan"
        await connection.execute(FILL, "many", 5000)
        assert await _plan(connection) == "Seq Scan"
        assert "idempotency" in await growth.look()
        assert await _plan(connection) == "Index Only Scan"
        await connection.execute("RESET plan_cache_mode; DEALLOCATE kept")
    await owner.close()


async def _plan(connection: Connection) -> str:
    rows = await connection.fetch("EXPLAIN (COSTS off) EXECUTE kept ('test', 'many7')")
    return str(rows[0][0]).partition(" using ")[0].partition(" on ")[0]


async def test_what_has_not_doubled_is_left_alone(database: Database) -> None:
    growth = Growth(database)
    async with database.connection() as connection:
        await connection.execute(FILL, "a", 5000)
        assert "idempotency" in await growth.look()
        assert await growth.look() == []
        await connection.execute(FILL, "b", 4000)
        assert "idempotency" not in await growth.look()
        await connection.execute(FILL, "c", 2000)
        assert "idempotency" in await growth.look()


async def test_a_partial_index_that_fills_up_says_that_its_table_is_another_now(dsn: str) -> None:
    """As with cards: imported once, then sold one by one, while the table itself does not grow."""
    owner = await asyncpg.connect(plain_dsn(dsn))
    await owner.execute(
        """CREATE TABLE thing (id integer PRIMARY KEY, sold integer)
             WITH (fillfactor = 30, autovacuum_enabled = off);
           CREATE INDEX ix_thing_sold ON thing (sold) WHERE sold IS NOT NULL;
           INSERT INTO thing SELECT n, NULL FROM generate_series(1, 20000) n"""
    )
    database = await Database.open(dsn, size=4)
    assert "thing" in await Growth(database).look()
    await owner.execute("UPDATE thing SET sold = id WHERE id % 10 = 0")
    assert await Growth(database).look() == ["thing"]
    await database.close()
    await owner.close()


async def test_a_locked_table_is_passed_over_and_taken_another_time(database: Database, dsn: str) -> None:
    growth = Growth(database)
    async with database.connection() as connection:
        await connection.execute(FILL, "a", 5000)
    owner = await asyncpg.connect(plain_dsn(dsn))
    pages = "SELECT relpages > 0 FROM pg_class WHERE oid = 'idempotency'::regclass"
    async with owner.transaction():
        await owner.execute("LOCK TABLE idempotency IN SHARE UPDATE EXCLUSIVE MODE")
        await growth.look()
        assert not await owner.fetchval(pages)
    await growth.look()
    assert await owner.fetchval(pages)
    await owner.close()
