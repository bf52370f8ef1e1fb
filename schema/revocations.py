"""Who is told when a token becomes worthless: one listener for a process, however many connections it has."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import aclosing
from typing import TYPE_CHECKING
from uuid import UUID

from domain.access.events import TokenRevoked
from domain.channels.events import SUSPENDED, ChannelChanged
from domain.feeds import Interest

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.events import RecordedEvent
    from domain.feeds import EventFeed

INTEREST = Interest(frozenset({TokenRevoked.kind, ChannelChanged.kind}))
REMEMBERED = 1_000
"""Revocations kept for callers whose token was found valid before one; what is older is read from the log."""

Then = Callable[[], None]


class Revocations:
    """Calls whoever waits for the end of a token: revoked, or a channel on its path suspended."""

    def __init__(self, feed: EventFeed) -> None:
        self._feed = feed
        self._waiting: dict[UUID, dict[object, Then]] = {}
        self._recent: deque[tuple[int, UUID]] = deque()
        self._complete_after = feed.heard or 0
        feed.listen(INTEREST, self._heed)

    def watch(self, caller: Caller, known_at: int | None, then: Then) -> Callable[[], None]:
        """Call `then` when the token ends that was valid at position `known_at`; answers how to stop."""
        mark, ends = object(), set(_ends(caller))
        for one in ends:
            self._waiting.setdefault(one, {})[mark] = then
        looking: asyncio.Task[None] | None = None
        if known_at is not None and known_at < self._complete_after:
            looking = asyncio.create_task(self._look_back(ends, known_at, self._complete_after, then))
        if known_at is not None and any(at > known_at and one in ends for at, one in self._recent):
            asyncio.get_running_loop().call_soon(then)

        def stop() -> None:
            if looking is not None:
                looking.cancel()
            for one in ends:
                waiting = self._waiting.get(one, {})
                waiting.pop(mark, None)
                if not waiting:
                    self._waiting.pop(one, None)

        return stop

    async def _look_back(self, ends: set[UUID], after: int, until: int, then: Then) -> None:
        async with aclosing(self._feed.replay(INTEREST, after, until)) as events:
            async for event in events:
                if event.aggregate_id in ends and _takes_away(event):
                    then()
                    return

    def _heed(self, event: RecordedEvent) -> None:
        if not _takes_away(event):
            return
        self._recent.append((event.position, event.aggregate_id))
        if len(self._recent) > REMEMBERED:
            self._complete_after = self._recent.popleft()[0]
        for then in tuple(self._waiting.get(event.aggregate_id, {}).values()):
            then()


def _takes_away(event: RecordedEvent) -> bool:
    return event.kind == TokenRevoked.kind or event.payload["change"] == SUSPENDED


def _ends(caller: Caller) -> Iterator[UUID]:
    """What a caller stands or falls with."""
    if caller.token_id is not None:
        yield caller.token_id
    yield from caller.channel_path
