"""A database with a relay and a feed, as one process has them, and an event that says a number."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from domain.events import Event
from persistence import outbox
from persistence.bells import LocalBell
from persistence.database import Database
from persistence.feed import LiveFeed
from persistence.relay import Relay


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked(Event):
    """An event of the test."""

    kind = "test.ticked"
    n: int = 0

    def payload(self) -> dict[str, Any]:
        return {"n": self.n}


class Machine:
    """A database with a relay and a feed, as one process has them."""

    def __init__(self, database: Database) -> None:
        self.database, self.bell = database, LocalBell()
        self.feed = LiveFeed(database, self.bell, backlog=10)
        self.relay = Relay(database, self.bell)

    async def commit(self, *events: Event, pause_s: float = 0) -> None:
        async with self.database.transaction() as connection:
            await outbox.write(connection, events)
            await asyncio.sleep(pause_s)

    async def followed(self, count: int = 1) -> None:
        """Wait until so many follow."""
        async with asyncio.timeout(20):
            while self.feed.followers < count:
                await asyncio.sleep(0.001)
