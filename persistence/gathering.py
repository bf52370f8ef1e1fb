"""Reads by key that come at the same moment are made together; alone, nothing waits.

Every read begins after it was asked for, so it is as fresh as one of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

AT_ONCE = 2
"""Reads under way at the same time; what is asked meanwhile is the next one."""


class Gathered(Generic[K, V]):
    """One kind of read: `read` answers by key, without the keys that there is nothing for."""

    def __init__(
        self, read: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], at_once: int = AT_ONCE
    ) -> None:
        self._read, self._at_once = read, at_once
        self._next: dict[K, asyncio.Future[V | None]] = {}
        self._runs: set[asyncio.Task[None]] = set()

    async def one(self, key: K) -> V | None:
        """What there is for a key."""
        return (await self.many([key])).get(key)

    async def many(self, keys: Iterable[K]) -> dict[K, V]:
        """What there is for keys."""
        loop = asyncio.get_running_loop()
        asked = {key: self._next.setdefault(key, loop.create_future()) for key in keys}
        if asked and len(self._runs) < self._at_once:
            run = loop.create_task(self._run())
            self._runs.add(run)
            run.add_done_callback(self._runs.discard)
        # Others may wait for the same: who gives up leaves the answer alone.
        found = {key: await asyncio.shield(answer) for key, answer in asked.items()}
        return {key: value for key, value in found.items() if value is not None}

    async def _run(self) -> None:
        """Read after read, until nobody waits."""
        while self._next:
            asked, self._next = self._next, {}
            try:
                found = await self._read(list(asked))
            except Exception as problem:  # it is everybody's who asked
                for answer in asked.values():
                    answer.set_exception(problem)
                    answer.exception()  # whoever asked may be gone
            except BaseException:
                for answer in asked.values():
                    answer.cancel()
                raise
            else:
                for key, answer in asked.items():
                    answer.set_result(found.get(key))
