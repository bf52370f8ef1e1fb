"""Lanes: what arrives while a transaction is under way is the next transaction; alone, nothing waits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from persistence.sharing.convoy import Rider

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.commands import SharedCommand

Alone = Callable[["SharedCommand", "Caller"], Awaitable[Any]]
"""Carries out one command in a transaction of its own."""

Together = Callable[[Sequence[Rider]], Awaitable[Sequence[Rider]]]
"""Settles riders in one transaction; answers those who have to be asked again."""


class Lanes:
    """One process's queues, one transaction at a time in each; `most` is how many share one."""

    def __init__(self, most: int, alone: Alone, together: Together) -> None:
        self._most, self._alone, self._together = most, alone, together
        self._lanes: dict[Hashable, deque[Rider]] = {}
        self._drives: set[asyncio.Task[None]] = set()

    async def __call__(self, command: SharedCommand, caller: Caller) -> Any:
        """Begin at once where the lane is free; otherwise with all who wait for it."""
        lane = type(command), command.lane
        queue = self._lanes.get(lane)
        if queue is not None:
            rider = Rider(command, caller, asyncio.get_running_loop().create_future(), copy_context())
            queue.append(rider)
            return await rider.answer
        self._lanes[lane] = deque()
        try:
            return await self._alone(command, caller)
        finally:
            self._go_on(lane)

    def _go_on(self, lane: Hashable) -> None:
        if not self._lanes[lane]:
            del self._lanes[lane]
            return
        drive = asyncio.get_running_loop().create_task(self._drive(lane))
        self._drives.add(drive)
        drive.add_done_callback(self._drives.discard)

    async def _drive(self, lane: Hashable) -> None:
        """Transaction after transaction, until nobody waits."""
        queue = self._lanes[lane]
        riders: list[Rider] = []
        try:
            while riders := _next(queue, self._most):
                if len(riders) == 1:
                    await self._settle_alone(riders[0])
                else:
                    queue.extendleft(reversed(await self._together(riders)))
        finally:
            del self._lanes[lane]
            for rider in (*riders, *queue):
                rider.answer.cancel()

    async def _settle_alone(self, rider: Rider) -> None:
        try:
            outcome = await self._alone(rider.command, rider.caller)
        except Exception as problem:  # whatever it is, it is that command's answer
            outcome = problem
        rider.settle(outcome)


def _next(queue: deque[Rider], most: int) -> list[Rider]:
    """The first of a queue, up to `most`; those who must not meet one of them stay, in their order."""
    riders: list[Rider] = []
    later: list[Rider] = []
    met: set[Hashable] = set()
    while queue and len(riders) < most:
        rider = queue.popleft()
        if rider.answer.done():
            continue  # nobody waits for it any more
        apart = _apart(rider)
        (later if apart & met else riders).append(rider)
        met |= apart
    queue.extendleft(reversed(later))
    return riders


def _apart(rider: Rider) -> set[Hashable]:
    """What no two commands of one transaction may have in common: repeats wait for what they repeat."""
    scope = rider.caller.idempotency_scope
    own = rider.command.apart
    return {(scope, rider.command.idempotency_key), *([] if own is None else [(type(rider.command), own)])}
