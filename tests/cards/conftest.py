"""Fixtures of the tests on cards."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.cards.stockroom import Stockroom


@pytest.fixture
async def room(dsn: str) -> AsyncIterator[Stockroom]:
    """A tree of channels with an empty stock."""
    room = await Stockroom.open(dsn)
    yield room
    await room.database.close()
