"""What the tests of feeds share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from persistence.database import Database
from tests.subscriptions.machine import Machine


@pytest.fixture
async def machine(dsn: str) -> AsyncIterator[Machine]:
    database = await Database.open(dsn, size=8)
    machine = Machine(database)
    tasks = [asyncio.create_task(machine.relay.run()), asyncio.create_task(machine.feed.run())]
    yield machine
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await database.close()
