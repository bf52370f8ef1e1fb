"""The world of these tests, on a database of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from persistence.database import Database
from tests.access.world import World, grow


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[World]:
    database = await Database.open(dsn, size=10)
    yield await grow(database, tmp_path)
    await database.close()
