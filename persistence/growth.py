"""Growth: PostgreSQL's plans follow the size of the tables, also in the first minute of a hot sale.

A prepared statement keeps the plan of its first executions until the statistics of one of its tables change.
On a fresh shop that plan is made for tables of a page, where reading all of it is right; autovacuum looks
once a minute only, and a sale writes ten thousands of rows until then. Likewise a partial index of what is
sold is read whole as long as the statistics say that nothing is. So the statistics of a table are taken
whenever it, or one of its indexes, has doubled and is still small, which makes new plans in every session of
every process.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg
import structlog

from persistence.statements import Statement

if TYPE_CHECKING:
    from persistence.database import Database

LOOK_S = 1.0
"""How often the sizes are looked at, seconds."""

LEAST_PAGES = 4
"""Pages of a table or index below which any plan will do."""

MOST_PAGES = 2048
"""Pages with which it is autovacuum's alone: it does not double in a minute any more."""

_ANALYZE = Statement("SELECT analyze_grown(:least, :most)")


class Growth:
    """Looks after the statistics; any number may run, one at a time takes them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Look again and again, until cancelled; a lost connection is tried again."""
        log = structlog.get_logger()
        while True:
            try:
                await self.look()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
                log.warning("growth.retry", problem=type(problem).__name__)
            await asyncio.sleep(LOOK_S)

    async def look(self) -> list[str]:
        """Take the statistics of what has doubled since they were last taken; the names of those tables."""
        async with self._database.connection() as connection:
            return list(await _ANALYZE.value(connection, least=LEAST_PAGES, most=MOST_PAGES))
