"""The feed: one reader of the event log for each process, and a follower for all who are shown the same."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Any

import asyncpg
import structlog

from domain.events import RecordedEvent
from persistence.bells import EVENTS, Bell
from persistence.followers import Followers
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.feeds import Interest
    from persistence.database import Database

BATCH = 500
"""Events of one read of the log."""

BACKLOG = 1_000
"""Events that wait for a slow follower in memory; behind that it reads the log again."""

IDLE_S = 0.25
"""How often the log is looked at when no bell rings, seconds."""

_POSITION = Statement("SELECT last_position FROM relay WHERE id = 1")
_COLUMNS = "position, kind, aggregate_id, channel_id, channel_path, customer_id, payload, at"
_NEW = Statement(f"SELECT {_COLUMNS} FROM event WHERE position > :after ORDER BY position LIMIT :batch")
_REPLAY = (
    f"SELECT {_COLUMNS} FROM event WHERE position > :after AND position <= :until"
    " AND kind = ANY(CAST(:kinds AS text[])) {and_} ORDER BY position LIMIT :batch"
)
_NARROWING = {
    "aggregate_id": "AND aggregate_id = :aggregate_id",
    "customer_id": "AND customer_id = :customer_id",
    "within_channel_id": "AND channel_path @> ARRAY[CAST(:within_channel_id AS uuid)]",
}


class _Follower:
    """What waits for one follower."""

    __slots__ = ("backlog", "overrun", "ready", "waiting")

    def __init__(self, backlog: int) -> None:
        self.backlog, self.overrun = backlog, False
        self.waiting: deque[RecordedEvent] = deque()
        self.ready = asyncio.Event()

    def offer(self, event: RecordedEvent) -> None:
        if self.overrun:
            return
        if len(self.waiting) >= self.backlog:
            self.overrun = True
        else:
            self.waiting.append(event)
        self.ready.set()


class LiveFeed:
    """Implements the domain's EventFeed over the log."""

    def __init__(self, database: Database, bell: Bell, backlog: int = BACKLOG) -> None:
        self._database, self._bell, self._backlog = database, bell, backlog
        self._followers = Followers()
        self._position = 0
        self._started = asyncio.Event()

    @property
    def followers(self) -> int:
        """How many follow."""
        return len(self._followers)

    async def run(self) -> None:
        """Read the log as it grows and offer each event to the followers, until cancelled."""
        log = structlog.get_logger()
        while True:
            try:
                if not self._started.is_set():
                    self._position = await self.position()
                    self._started.set()
                read = await self._read()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
                log.warning("feed.retry", problem=type(problem).__name__)
                await asyncio.sleep(1)
                continue
            if read < BATCH:
                await self._bell.wait(EVENTS, IDLE_S)

    @property
    def heard(self) -> int | None:
        """How far this process has read; None before it has begun."""
        return self._position if self._started.is_set() else None

    async def current(self) -> int:
        """How far this process has read; waits until it has begun."""
        await self._started.wait()
        return self._position

    def listen(self, interest: Interest, heed: Callable[[RecordedEvent], None]) -> Callable[[], None]:
        """Call `heed` with covered events as they are read; answers how to stop."""
        return self._followers.add(interest, heed)

    async def position(self) -> int:
        """The position of the newest event."""
        async with self._database.connection() as connection:
            return int(await _POSITION.value(connection))

    async def _read(self) -> int:
        async with self._database.connection() as connection:
            rows = await _NEW.all(connection, after=self._position, batch=BATCH)
        for row in rows:
            event = _event(row)
            self._followers.tell(event)
            self._position = event.position
        return len(rows)

    async def follow(self, interest: Interest, after: int | None = None) -> AsyncGenerator[RecordedEvent]:
        """Covered events behind `after` (now, if None) in order, each once, without end."""
        await self._started.wait()
        position = self._position if after is None else after
        while True:
            follower = _Follower(self._backlog)
            leave = self._followers.add(interest, follower.offer)
            joined_at = self._position  # no await since `add`: everything above comes through the follower
            try:
                async for event in self.replay(interest, position, joined_at):
                    yield event
                position = max(position, joined_at)
                async for event in _drain(follower):
                    if event.position > position:
                        position = event.position
                        yield event
            finally:
                leave()

    async def replay(self, interest: Interest, after: int, until: int) -> AsyncGenerator[RecordedEvent]:
        """Covered events behind `after` and not behind `until`, in order."""
        statement, values = _narrowed(interest)
        while after < until:
            async with self._database.connection() as connection:
                rows = await statement.all(connection, after=after, until=until, batch=BATCH, **values)
            for row in rows:
                yield _event(row)
            if len(rows) < BATCH:
                return
            after = rows[-1]["position"]


async def _drain(follower: _Follower) -> AsyncGenerator[RecordedEvent]:
    """What the follower receives, until it was overrun and has to read the log again."""
    while True:
        while follower.waiting:
            yield follower.waiting.popleft()
        if follower.overrun:
            return
        follower.ready.clear()
        await follower.ready.wait()


_STATEMENTS: dict[tuple[str, ...], Statement] = {}


def _narrowed(interest: Interest) -> tuple[Statement, dict[str, Any]]:
    given = {name: getattr(interest, name) for name in _NARROWING if getattr(interest, name) is not None}
    names = tuple(given)
    if names not in _STATEMENTS:
        _STATEMENTS[names] = Statement(_REPLAY.format(and_=" ".join(_NARROWING[name] for name in names)))
    return _STATEMENTS[names], {"kinds": sorted(interest.kinds), **given}


def _event(row: asyncpg.Record) -> RecordedEvent:
    return RecordedEvent(
        position=row["position"],
        kind=row["kind"],
        aggregate_id=row["aggregate_id"],
        channel_id=row["channel_id"],
        channel_path=tuple(row["channel_path"] or ()),
        customer_id=row["customer_id"],
        payload=row["payload"],
        at=row["at"],
    )
