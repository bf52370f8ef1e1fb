"""The desk at which reads are looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from persistence.database import Database
from tests.engine.desk import Desk
from tests.orders.shop import open_shop


@pytest.fixture
async def desk(dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """One connection is kept ready, so all that is read one after the other goes through it."""
    database = await Database.open(dsn, size=3)
    desk = Desk(await open_shop(database, tmp_path))
    async with database.connection() as connection:
        connection.add_query_logger(lambda query: desk.sent.append(query.query))
    yield desk
    await database.close()
