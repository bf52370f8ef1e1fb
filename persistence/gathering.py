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
        self._next: dict[K, list[asyncio.Future[V | None]]] = {}
        self._runs: set[asyncio.Task[None]] = set()
        self._running = 0

    async def one(self, key: K) -> V | None:
        """What there is for a key."""
        answer = self._asked(key)
        self._start()
        return await answer

    async def many(self, keys: Iterable[K]) -> dict[K, V]:
        """What there is for keys."""
        asked = {key: self._asked(key) for key in keys}
        self._start()
        found = {key: await answer for key, answer in asked.items()}
        return {key: value for key, value in found.items() if value is not None}

    def _asked(self, key: K) -> asyncio.Future[V | None]:
        """An answer of one's own: others may wait for the same, and who gives up takes nothing from them."""
        answer: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        waiting = self._next.get(key)
        if waiting is None:
            self._next[key] = [answer]
        else:
            waiting.append(answer)
        return answer

    def _start(self) -> None:
        if self._next and self._running < self._at_once:
            self._running += 1
            run = asyncio.get_running_loop().create_task(self._run())
            self._runs.add(run)
            run.add_done_callback(self._runs.discard)

    async def _run(self) -> None:
        """Read after read, until nobody waits; whoever asks after the last look starts the next run."""
        try:
            while self._next:
                asked, self._next = self._next, {}
                await self._answer(asked)
        finally:
            self._running -= 1

    async def _answer(self, asked: Mapping[K, list[asyncio.Future[V | None]]]) -> None:
        try:
            found = await self._read(list(asked))
        except Exception as problem:  # it is everybody's who asked
            for answer in _open(asked):
                answer.set_exception(problem)
                answer.exception()  # whoever asked may be gone
        except BaseException:
            for answer in _open(asked):
                answer.cancel()
            raise
        else:
            for key, answers in asked.items():
                value = found.get(key)
                for answer in answers:
                    if not answer.done():
                        answer.set_result(value)


def _open(asked: Mapping[K, list[asyncio.Future[V | None]]]) -> list[asyncio.Future[V | None]]:
    """The answers that are still waited for."""
    return [answer for answers in asked.values() for answer in answers if not answer.done()]
