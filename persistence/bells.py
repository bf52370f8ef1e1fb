"""Bells: cheap, lossy wake-ups between tasks and processes; whoever waits looks now and then anyway."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Protocol

OUTBOX = "quanyi_outbox"
"""Something was written to the outbox."""

EVENTS = "quanyi_events"
"""The relay has placed new events."""


class Bell(Protocol):
    """Rings in every process that listens, or at least in this one."""

    def ring(self, topic: str) -> None:
        """Wake whoever waits for a topic; never blocks, may be lost."""

    async def wait(self, topic: str, at_most_s: float) -> bool:
        """Sleep until a topic rings (True) or the time is over (False)."""


class LocalBell:
    """Wakes the tasks of this process only."""

    def __init__(self) -> None:
        self._rings: dict[str, set[asyncio.Event]] = defaultdict(set)

    def ring(self, topic: str) -> None:
        """Wake the waiting tasks of this process."""
        for event in self._rings[topic]:
            event.set()

    async def wait(self, topic: str, at_most_s: float) -> bool:
        """Sleep until the topic rings or the time is over."""
        event = asyncio.Event()
        self._rings[topic].add(event)
        try:
            # Not wait_for: being cancelled just when the bell rings, it would answer instead of ending.
            async with asyncio.timeout(at_most_s):
                await event.wait()
        except TimeoutError:
            return False
        finally:
            self._rings[topic].discard(event)
        return True
