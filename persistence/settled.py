"""Which ids of the outbox are settled: their rows were moved, and nobody can still commit one among them.

The relay begins its search behind them, for what it has deleted stays in the index until no snapshot can see
it: after minutes of a hot sale beside a long report, a search from the first id would pass over millions of
dead entries. An id is taken before it is committed, and under concurrency a lower one may commit later than
a higher one. But whoever holds an id that is still to come has held a lock on the table since before the id
was taken; so the ids up to the last one that was moved are settled as soon as all who had such a lock then
are gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from persistence.statements import Statement

if TYPE_CHECKING:
    from persistence.statements import Connection

LOOK_S = 1.0
"""How often the locks are looked at, seconds."""

_WRITERS = Statement(
    """SELECT virtualtransaction FROM pg_locks
        WHERE locktype = 'relation' AND relation = 'outbox'::regclass AND mode = 'RowExclusiveLock'
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
)


class Settled:
    """What one relay knows of it; the row of the relay keeps what is certain, for all of them."""

    def __init__(self, look_s: float = LOOK_S) -> None:
        self._look_s, self._looked_at = look_s, float("-inf")
        self._moved = self._mark = 0
        self._writers: frozenset[str] = frozenset()

    def moved(self, last_id: int) -> None:
        """A batch was moved whose last id is this."""
        self._moved = max(self._moved, last_id)

    async def below(self, connection: Connection, now_s: float) -> int:
        """An id below or at which nothing will be committed any more; 0 where none is known.

        Rows that were committed may still lie there: the next search from where the last one began moves
        them. `now_s` is the time of a clock that never goes back, seconds.
        """
        if now_s - self._looked_at < self._look_s:
            return 0
        self._looked_at = now_s
        writers = frozenset([row["virtualtransaction"] for row in await _WRITERS.all(connection)])
        if self._writers & writers:
            self._writers &= writers
            return 0
        settled, self._mark, self._writers = self._mark, self._moved, writers
        return settled
