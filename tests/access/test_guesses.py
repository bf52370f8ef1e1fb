"""Counting failures while somebody else succeeds: what is forgotten meanwhile counts from the beginning."""

from __future__ import annotations

import asyncio

from domain.access.limits import Guessed
from persistence.work import Work
from tests.orders.shop import Shop


async def test_a_failure_counts_though_a_success_forgets_its_row_at_that_moment(shop: Shop) -> None:
    await shop.run("INSERT INTO guess (subject, failures, last_at) VALUES ('a', 3, now())")

    async def fail() -> int:
        async with shop.database.transaction() as connection:
            work = Work(connection, shop.tools, "test")
            return await work.credentials.guesses.fail([Guessed("a", 5), Guessed("b", 5)])

    async with shop.database.transaction() as connection:
        await connection.execute("SELECT 1 FROM guess FOR UPDATE")
        failing = asyncio.ensure_future(fail())
        while not await shop.value("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
            await asyncio.sleep(0.01)
        await connection.execute("DELETE FROM guess WHERE subject = 'a'")
    assert await failing == 0
    rows = await shop.rows("SELECT subject, failures FROM guess ORDER BY 1")
    assert [tuple(row) for row in rows] == [("a", 1), ("b", 1)]
