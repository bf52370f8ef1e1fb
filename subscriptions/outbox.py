"""What waits for one client: written at once while it reads, kept in a bounded queue while it does not."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")

Write = Callable[[T], Coroutine[Any, Any, None]]


class Outbox(Generic[T]):
    """Gives entries to `write` one after the other, and calls `gone` when it raises: nobody is there then.

    An idle client costs no task: an entry for one who reads is written in the caller's own step, and only a
    write that has to wait gets a task, which also writes what came meanwhile. `at_once` is a cheaper way to
    write to one who reads; it answers false where only `write` can help.
    """

    __slots__ = ("_at_once", "_closed", "_gone", "_most", "_room", "_waiting", "_write", "_writing")

    def __init__(
        self,
        write: Write[T],
        most: int,
        gone: Callable[[], None],
        at_once: Callable[[T], bool] | None = None,
    ) -> None:
        self._write, self._most, self._gone = write, most, gone
        self._at_once = at_once
        self._waiting: deque[T] | None = None
        self._writing: asyncio.Task[None] | None = None
        self._room: list[asyncio.Future[None]] | None = None
        self._closed = False

    def offer(self, entry: T) -> bool:
        """Write an entry now, or keep it; false when `most` wait already."""
        if self._closed:
            return True
        if self._writing is None:
            if self._at_once is None or not self._at_once(entry):
                self._begin(entry)
            return True
        if self._waiting is None:
            self._waiting = deque()
        if len(self._waiting) >= self._most:
            return False
        self._waiting.append(entry)
        return True

    async def put(self, entry: T) -> None:
        """Write an entry, and wait while there is no room for it."""
        while not self.offer(entry):
            room = asyncio.get_running_loop().create_future()
            self._room = [*(self._room or ()), room]
            await room

    async def drained(self) -> None:
        """Wait until everything was written."""
        # A task that is cancelled before its first step ends without having been there.
        while self._writing is not None and not self._writing.done():
            await asyncio.wait({self._writing})

    async def close(self) -> None:
        """Write no more; what waits is dropped."""
        self._closed = True
        self._waiting = None
        self._make_room()
        if self._writing is not None:
            self._writing.cancel()
            await self.drained()

    def _begin(self, entry: T) -> None:
        """Take the first step of writing by hand: for a client that reads it is the only one."""
        writing = self._write(entry)
        try:
            waits_for = writing.send(None)
        except StopIteration:
            return
        except Exception:
            self._lose()
            return
        self._writing = asyncio.create_task(self._go_on(_Begun(writing, waits_for)))

    async def _go_on(self, begun: _Begun) -> None:
        try:
            await begun
            while self._waiting:
                entry = self._waiting.popleft()
                self._make_room()
                await self._write(entry)
        except Exception:
            self._lose()
        finally:
            self._writing = None
            self._make_room()

    def _make_room(self) -> None:
        for room in self._room or ():
            if not room.done():
                room.set_result(None)
        self._room = None

    def _lose(self) -> None:
        self._closed = True
        self._waiting = None
        self._gone()


class _Begun:
    """The rest of a coroutine whose first step was taken already, and waits for what that step answered."""

    __slots__ = ("_coroutine", "_waits_for")

    def __init__(self, coroutine: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._coroutine, self._waits_for = coroutine, waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        waits_for = self._waits_for
        try:
            while True:
                try:
                    sent = yield waits_for
                except GeneratorExit:
                    self._coroutine.close()
                    raise
                except BaseException as thrown:
                    waits_for = self._coroutine.throw(thrown)
                else:
                    waits_for = self._coroutine.send(sent)
        except StopIteration:
            return
