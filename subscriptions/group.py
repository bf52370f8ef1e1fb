"""A group of subscribers who are shown the same: an event is told, executed and encoded once for all of them.

Whoever joins says behind which position. The group knows how far it is: a member replays what lies between
from the log, for itself and as fast as its client reads, and is given the rest with all others.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import aclosing
from contextvars import Context
from typing import TYPE_CHECKING

from schema.engine.refused import RequestRefused
from subscriptions.meters import DELIVERED, TOLD_TO_RESUME

if TYPE_CHECKING:
    from domain.events import RecordedEvent
    from subscriptions.payloads import Outlet, Payload
    from subscriptions.telling import Telling

SLICE = 100
"""Members that are served in one step of the event loop: others wait no longer than that takes."""

HELD = 256
"""Events kept for a member that still replays; behind that it reads the log again."""

SLOW = "SLOW_CONSUMER"
"""The code that tells a client to subscribe again, behind its position."""


class Member:
    """One subscription in a group. `position` is that of the last event that is on its way to the client."""

    __slots__ = ("_news", "_outlet", "done", "held", "lost", "position", "telling")

    def __init__(self, outlet: Outlet, telling: Telling, position: int) -> None:
        self._outlet, self.telling, self.position = outlet, telling, position
        self._news = telling.following.news
        self.held: deque[tuple[int, Payload]] | None = None
        """What came while it replays; None once it has caught up."""
        self.lost = False
        """Whether more came than is held."""
        self.done: asyncio.Future[RequestRefused | None] = asyncio.get_running_loop().create_future()

    def take(self, event: RecordedEvent, payload: Payload) -> bool:
        """Hand on an event of the group; whether it is on its way to the client."""
        position = event.position
        if position <= self.position or self.done.done() or (self._news and not self._news(event)):
            return False
        if self.held is not None:
            self.lost = self.lost or len(self.held) >= HELD
            if not self.lost:
                self.held.append((position, payload))
            return False
        if not self._outlet.offer(payload):
            TOLD_TO_RESUME.inc()
            self.finish(_too_slow(self.position if self.telling.following.resumes else None))
            return False
        self.position = position
        return True

    async def replay(self, until: int) -> None:
        """Read the log from the member's position to another one, as fast as the client reads."""
        following = self.telling.following
        replayed = following.context.feed.replay(following.interest, self.position, until)
        async with aclosing(replayed) as events:
            async for event in events:
                if self._news and not self._news(event):
                    continue
                payload, ends = await self.telling.tell(event)
                if payload is not None:
                    await self._send(event.position, payload)
                if ends:
                    self.held, self.lost = None, False
                    self.finish()
                    return
        self.position = until

    async def release(self) -> None:
        """Send what was held; afterwards the member has caught up, or has lost something."""
        while self.held:
            position, payload = self.held.popleft()
            if position > self.position:
                await self._send(position, payload)
        if not self.lost:
            self.held = None

    async def _send(self, position: int, payload: Payload) -> None:
        await self._outlet.put(payload)
        self.position = position
        DELIVERED.inc()

    def begin_again(self) -> None:
        """Forget how a group ended in which something was lost: the log tells it, too."""
        self.lost = False
        self.done = asyncio.get_running_loop().create_future()

    def finish(self, last_word: RequestRefused | None = None) -> None:
        """End the subscription."""
        if not self.done.done():
            self.done.set_result(last_word)


class Group:
    """Follows the feed from now on until it ends or nobody is left; `ended` is called then.

    The feed has begun to read.
    """

    def __init__(self, telling: Telling, ended: Callable[[Group], None]) -> None:
        self._telling, self._ended = telling, ended
        self._position = telling.following.context.feed.heard or 0
        self._members: dict[Member, None] = {}
        # Not in the context of the first member: its request's id would be in what is logged for all.
        self._running = asyncio.create_task(self._run(), context=Context())

    def __len__(self) -> int:
        return len(self._members)

    async def admit(self, member: Member) -> None:
        """Let a member join, who begins again when something was `lost` for it meanwhile."""
        self._members[member] = None
        if member.position >= self._position:
            member.held = None
            return
        member.held = deque()
        await member.replay(self._position)
        await member.release()

    def leave(self, member: Member) -> None:
        """Take a member out; the last one ends the group."""
        self._members.pop(member, None)
        if not self._members:
            self._running.cancel()
            self._ended(self)

    async def _run(self) -> None:
        last_word: RequestRefused | None = None
        following = self._telling.following
        try:
            async with aclosing(following.context.feed.follow(following.interest, self._position)) as events:
                async for event in events:
                    payload, ends = await self._telling.tell(event)
                    self._position = event.position
                    if payload is not None:
                        await self._deliver(event, payload)
                    if ends:
                        break
        except Exception as problem:
            last_word = self._telling.refused(problem)
        # Nobody joins a group that has ended, and whoever is in it hears of it.
        self._ended(self)
        for member in self._members:
            member.finish(last_word)

    async def _deliver(self, event: RecordedEvent, payload: Payload) -> None:
        given = 0
        for number, member in enumerate(tuple(self._members), 1):
            given += member.take(event, payload)
            if not number % SLICE:
                await asyncio.sleep(0)
        DELIVERED.inc(given)


def _too_slow(position: int | None) -> RequestRefused:
    how = "" if position is None else f' with `after: "{position}"`, and nothing is lost'
    extensions = {"code": SLOW} | ({} if position is None else {"position": str(position)})
    message = f"You read more slowly than events come: subscribe again{how}."
    return RequestRefused(429, [{"message": message, "extensions": extensions}])
