"""The relay: gives committed events their place in the one order of all events.

Rows become visible in the order of their commits, not of their ids, so only this single writer, after the
commit, can number them such that a reader who saw position n has seen everything below n.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import asyncpg
import structlog

from persistence.bells import EVENTS, OUTBOX, Bell
from persistence.settled import Settled
from persistence.statements import Statement

if TYPE_CHECKING:
    from persistence.database import Database

BATCH = 500
"""Events that one transaction moves at most."""

IDLE_S = 0.1
"""How long the outbox may lie unseen when a bell was lost, seconds."""

_WAITING = Statement("SELECT outbox_waits(settled_id) FROM relay WHERE id = 1")
_LOCK = Statement(
    """SELECT settled_id, set_config('enable_seqscan', 'off', true)
         FROM relay WHERE id = 1 FOR UPDATE"""
)
"""Without sequential scans, for the rest of the transaction: most rows of the outbox are dead ones."""

_MOVE = Statement(
    """WITH moved AS (
           DELETE FROM outbox
            WHERE id > :behind AND id <= (
                  SELECT max(id)
                    FROM (SELECT id FROM outbox WHERE id > :behind ORDER BY id LIMIT :batch) batch)
           RETURNING *
       ), placed AS (
           INSERT INTO event
                  (position, kind, aggregate_id, channel_id, channel_path, customer_id, payload, at)
           SELECT r.last_position + row_number() OVER (ORDER BY m.id), m.kind, m.aggregate_id, m.channel_id,
                  m.channel_path, m.customer_id, m.payload, m.at
             FROM moved m, relay r WHERE r.id = 1
       ), told AS (
           SELECT count(*) AS count, max(id) AS last FROM moved
       )
       UPDATE relay
          SET last_position = last_position + told.count,
              settled_id = CASE WHEN told.count < :batch OR told.last >= :settled
                                THEN greatest(settled_id, :settled) ELSE settled_id END
         FROM told
        WHERE relay.id = 1 AND (told.count > 0 OR settled_id < :settled)
       RETURNING told.count, told.last"""
)
_NOTIFY = Statement("SELECT pg_notify(:topic, '')")


class Relay:
    """Moves events from the outbox to the log; any number may run, a row lock lets one move at a time."""

    def __init__(
        self, database: Database, bell: Bell, notify: bool = True, settled: Settled | None = None
    ) -> None:
        self._database, self._bell, self._notify = database, bell, notify
        self._settled = settled or Settled()

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
            settled = await self._settled.below(connection, time.monotonic())
            async with connection.transaction():
                behind = await _LOCK.value(connection)
                row = await _MOVE.one(connection, batch=BATCH, behind=behind, settled=settled)
                if row and row["count"] and self._notify:
                    await _NOTIFY.value(connection, topic=EVENTS)
        if row is None or not row["count"]:
            return 0
        self._settled.moved(row["last"])
        self._bell.ring(EVENTS)
        return int(row["count"])
