"""What an operator asks a running server: is it ready, and how much lies in its queues."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg

from persistence.migrations.state import is_current
from persistence.statements import Statement

if TYPE_CHECKING:
    from persistence.database import Database
    from persistence.feed import LiveFeed

PATIENCE_S = 2.0
"""How long the database may take to answer a probe, seconds."""

BEHIND_S = 10
"""An outbox whose oldest event is older than this is not relayed, seconds."""

_BACKLOG = Statement(
    """SELECT count(*) AS events,
              COALESCE(extract(epoch FROM clock_timestamp() - min(at)), 0)::bigint AS age_s
         FROM (SELECT at FROM outbox ORDER BY id LIMIT 10000) AS waiting"""
)
_JOBS = Statement(
    """SELECT count(*) FILTER (WHERE status = 'queued') AS waiting,
              count(*) FILTER (WHERE status = 'picked') AS running,
              count(*) FILTER (WHERE status = 'failed') AS held
         FROM pgqueuer"""
)
_GUESSING = Statement("SELECT count(*) FROM guess WHERE failures > :free")


class Health:
    """Asks the database and this process; every answer is bounded in time."""

    def __init__(self, database: Database, feed: LiveFeed, free_tries: int) -> None:
        self._database, self._feed, self._free_tries = database, feed, free_tries

    async def problems(self) -> list[str]:
        """Why requests should go elsewhere, a word each; empty when this process is ready."""
        try:
            async with asyncio.timeout(PATIENCE_S), self._database.connection() as connection:
                found = [] if await is_current(connection) else ["MIGRATIONS"]
                backlog = await _BACKLOG.one(connection)
                if backlog is not None and backlog["age_s"] > BEHIND_S:
                    found.append("RELAY")
                return found
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return ["DATABASE"]

    async def shared(self) -> dict[str, int]:
        """Numbers that are the same whichever process answers; empty while the database is away."""
        try:
            async with asyncio.timeout(PATIENCE_S), self._database.connection() as connection:
                backlog, jobs = await _BACKLOG.one(connection), await _JOBS.one(connection)
                guessing = await _GUESSING.value(connection, free=self._free_tries)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return {}
        assert backlog is not None
        assert jobs is not None
        return {
            "outbox_events": backlog["events"],
            "outbox_age_seconds": backlog["age_s"],
            "jobs_waiting": jobs["waiting"],
            "jobs_running": jobs["running"],
            "jobs_held": jobs["held"],
            "guessing_subjects": guessing,
        }

    def own(self) -> dict[str, int]:
        """Numbers of this process alone."""
        pool = self._database.pool
        return {
            "pool_connections": pool.get_size(),
            "pool_in_use": pool.get_size() - pool.get_idle_size() - self._database.kept,
            "feed_followers": self._feed.followers,
        }
