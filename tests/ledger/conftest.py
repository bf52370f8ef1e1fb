"""A bank: a database with a path of channels, and hands that post to its ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from persistence.database import Database
from tests.ledger.bank import Bank


@pytest.fixture
async def bank(dsn: str) -> AsyncIterator[Bank]:
    """Headquarters → P → Q → S and T, without money."""
    database = await Database.open(dsn, size=10)
    yield await Bank.open(database)
    await database.close()
