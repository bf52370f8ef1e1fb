"""Operations that take too long are given up: one look at all of them now and then, and no timer for each."""

from __future__ import annotations

import asyncio
from typing import Any

_LOOKS = 20
"""In the time that an operation may take: so much later than due, in parts of it, it may be given up."""
_LEAST_OFTEN_S = 1.0


class Deadlines:
    """Cancels tasks that are at work for longer than `within_s` seconds. Of one event loop."""

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        self._pause_s = min(_LEAST_OFTEN_S, within_s / _LOOKS)
        self._ends_s: dict[asyncio.Task[Any], float] = {}
        self._overdue: set[asyncio.Task[Any]] = set()
        self._looking = False

    def begin(self, task: asyncio.Task[Any], now_s: float) -> None:
        """The task begins at a reading of the loop's clock."""
        self._ends_s[task] = now_s + self._within_s
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_later(self._pause_s, self._look)

    def end(self, task: asyncio.Task[Any]) -> bool:
        """The task is done; whether it was cancelled here, which it has to take back by `uncancel`."""
        self._ends_s.pop(task, None)
        if task not in self._overdue:
            return False
        self._overdue.discard(task)
        return True

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        for task in [task for task, ends_s in self._ends_s.items() if ends_s <= now_s]:
            del self._ends_s[task]
            self._overdue.add(task)
            task.cancel()
        self._looking = bool(self._ends_s)
        if self._looking:
            loop.call_later(self._pause_s, self._look)
