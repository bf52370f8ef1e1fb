"""The relay: gives committed events their place in the one order of all events.

Rows become visible in the order of their commits, not of their ids, so only this single writer, after the
commit, can number them such that a reader who saw position n has seen everything below n.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg
import structlog

from persistence.bells import EVENTS, OUTBOX, Bell
from persistence.statements import Statement

if TYPE_CHECKING:
    from persistence.database import Database

BATCH = 500
"""Events that one transaction moves at most."""

IDLE_S = 0.1
"""How long the outbox may lie unseen when a bell was lost, seconds."""

_WAITING = Statement("SELECT EXISTS (SELECT FROM outbox)")
_LOCK = Statement("SELECT last_position FROM relay WHERE id = 1 FOR UPDATE")
_MOVE = Statement(
    """WITH moved AS (
           DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT :batch) RETURNING *
       ), placed AS (
           INSERT INTO event
                  (position, kind, aggregate_id, channel_id, channel_path, customer_id, payload, at)
           SELECT r.last_position + row_number() OVER (ORDER BY m.id), m.kind, m.aggregate_id, m.channel_id,
                  m.channel_path, m.customer_id, m.payload, m.at
             FROM moved m, relay r WHERE r.id = 1
           RETURNING 1
       )
       UPDATE relay SET last_position = last_position + (SELECT count(*) FROM placed)
        WHERE id = 1 RETURNING (SELECT count(*) FROM placed)"""
)
_NOTIFY = Statement("SELECT pg_notify(:topic, '')")


class Relay:
    """Moves events from the outbox to the log; any number may run, a row lock lets one move at a time."""

    def __init__(self, database: Database, bell: Bell, notify: bool = True) -> None:
        self._database, self._bell, self._notify = database, bell, notify

    async def run(self) -> None:
        """Move events as they come, until cancelled; a lost connection is tried again."""
        log = structlog.get_logger()
        while True:
            try:
                moved = await self.move()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
                log.warning("relay.retry", problem=type(problem).__name__)
                await asyncio.sleep(1)
                continue
            if moved < BATCH:
                await self._bell.wait(OUTBOX, IDLE_S)

    async def move(self) -> int:
        """Move one batch; answers how many events it had."""
        async with self._database.connection() as connection:
            if not await _WAITING.value(connection):
                return 0
            async with connection.transaction():
                await _LOCK.value(connection)
                moved = int(await _MOVE.value(connection, batch=BATCH) or 0)
                if moved and self._notify:
                    await _NOTIFY.value(connection, topic=EVENTS)
        if moved:
            self._bell.ring(EVENTS)
        return moved
