"""Who is told when a token becomes worthless: one listener for a process, however many connections it has."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
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
"""Revocations kept for callers whose token was found valid before, and who begin to listen after one."""

Then = Callable[[], None]


class Revocations:
    """Calls whoever waits for the end of a token: revoked, or a channel on its path suspended."""

    def __init__(self, feed: EventFeed) -> None:
        self._waiting: dict[UUID, dict[object, Then]] = {}
        self._recent: deque[tuple[int, UUID]] = deque()
        self._complete_after = feed.heard or 0
        feed.listen(INTEREST, self._heed)

    def watch(self, caller: Caller, known_at: int | None, then: Then) -> Callable[[], None]:
        """Call `then` once when the token ends that was valid at position `known_at`; answers how to stop.

        It is called, too, when so much was revoked since that nobody knows any more: asking again is safe.
        """
        mark, ends = object(), set(_ends(caller))
        for one in ends:
            self._waiting.setdefault(one, {})[mark] = then
        if known_at is not None and (
            known_at < self._complete_after
            or any(position > known_at and one in ends for position, one in self._recent)
        ):
            asyncio.get_running_loop().call_soon(then)

        def stop() -> None:
            for one in ends:
                waiting = self._waiting.get(one, {})
                waiting.pop(mark, None)
                if not waiting:
                    self._waiting.pop(one, None)

        return stop

    def _heed(self, event: RecordedEvent) -> None:
        if event.kind == ChannelChanged.kind and event.payload["change"] != SUSPENDED:
            return
        self._recent.append((event.position, event.aggregate_id))
        if len(self._recent) > REMEMBERED:
            self._complete_after = self._recent.popleft()[0]
        for then in tuple(self._waiting.get(event.aggregate_id, {}).values()):
            then()


def _ends(caller: Caller) -> Iterator[UUID]:
    """What a caller stands or falls with."""
    if caller.token_id is not None:
        yield caller.token_id
    yield from caller.channel_path
