"""A convoy: several commands in one transaction, each with an outcome of its own.

Their handlers run as they would alone. Where one calls a stop it waits until everybody waits; then each stop
of the earliest turn is made once for all who wait for it. Who is refused before it has written anything
leaves, and the others go on. Whatever else goes wrong is a fault of the convoy, which is rolled back.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from domain.commands import HANDLERS
from domain.refusals import BadRequest, Forbidden, Refusal, Unauthenticated
from persistence.work import Work

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextvars import Context
    from datetime import datetime

    from domain.access.callers import Caller
    from domain.commands import SharedCommand
    from persistence.sharing.stops import Asked, Stop
    from persistence.work import Tools

LEAVES = (Refusal, BadRequest, Forbidden, Unauthenticated)
"""What the caller has caused: it concerns nobody else."""


class Spoiled(Exception):
    """A command was refused after it had written; its neighbours are begun again without it."""


@dataclass(slots=True, eq=False)
class Rider:
    """A command that waits to be carried out, and where its answer is waited for."""

    command: SharedCommand
    caller: Caller
    answer: asyncio.Future[Any]
    context: Context
    """The request's: what its log lines say of it."""

    def settle(self, outcome: Any) -> None:
        """Answer, or raise, where somebody still waits."""
        if self.answer.done():
            return
        if isinstance(outcome, BaseException):
            self.answer.set_exception(outcome)
        else:
            self.answer.set_result(outcome)


class Traveller:
    """A rider on its way: its unit of work, and what became of it."""

    def __init__(self, convoy: Convoy, number: int, rider: Rider) -> None:
        self._convoy, self.number, self.rider = convoy, number, rider
        self.answer: Any = None
        self.refused: Exception | None = None
        self.wrote = False
        self.held: set[Stop[Any, Any]] = set()
        """Where it was promised something of which there is not enough for everybody."""
        self.denied_at: Stop[Any, Any] | None = None
        """Where it was refused because others were promised it."""
        self.work = Work(Seat(convoy.connection, convoy.lock, self), convoy.tools, rider.caller.request_id)
        self.work.now, self.work.traveller = convoy.now, self

    async def go(self) -> None:
        """The handler, and the reactions to what it recorded."""
        try:
            command = self.rider.command
            self.answer = await HANDLERS[type(command)](command, self.rider.caller, self.work)
        except LEAVES as refusal:
            self.refused = refusal
            if not self.stays:
                if self.wrote:
                    raise Spoiled from refusal
                return
        await self.work.react()

    @property
    def stays(self) -> bool:
        """Whether what it has done is committed."""
        return self.refused is None or (isinstance(self.refused, Refusal) and self.refused.keeps_work)

    async def stop_at(self, stop: Stop[Any, Any], asked: Asked[Any]) -> Any:
        """Wait at a stop for its answer; raises the refusal that it gave."""
        answered = asyncio.get_running_loop().create_future()
        answer = await self._convoy.wait(_Waiting(self, stop, asked, answered))
        if isinstance(answer, Refusal):
            self.denied_at = stop if stop.holds else None
            raise answer
        self.wrote = self.wrote or stop.writes
        if stop.holds:
            self.held.add(stop)
        return answer


@dataclass(slots=True, eq=False)
class _Waiting:
    traveller: Traveller
    stop: Stop[Any, Any]
    asked: Asked[Any]
    answer: asyncio.Future[Any]


class Convoy:
    """One transaction's travellers; `travel` once."""

    def __init__(self, connection: Any, tools: Tools, now: datetime) -> None:
        self.connection, self.tools, self.now = connection, tools, now
        self.lock = asyncio.Lock()
        self._waiting: list[_Waiting] = []
        self._moving = 0
        self._halted = asyncio.Event()

    async def travel(self, riders: Sequence[Rider]) -> list[Traveller]:
        """Carry all of them out as far as they come; raises what is a fault of all."""
        travellers = [Traveller(self, number, rider) for number, rider in enumerate(riders)]
        self._moving = len(travellers)
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(one.go(), context=one.rider.context) for one in travellers]
        for task in tasks:
            task.add_done_callback(self._arrived)
        try:
            while self._moving:
                await self._halted.wait()
                self._halted.clear()
                for task in tasks:
                    if task.done():
                        task.result()
                if self._moving:
                    await self._visit()
            return travellers
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def wait(self, waiting: _Waiting) -> Any:
        """Stand at a stop until it was made."""
        self._waiting.append(waiting)
        self._look()
        return await waiting.answer

    def _arrived(self, _task: asyncio.Task[None]) -> None:
        self._moving -= 1
        self._look()

    def _look(self) -> None:
        if len(self._waiting) == self._moving:
            self._halted.set()

    async def _visit(self) -> None:
        """Make the stops of the earliest turn that anybody waits for."""
        turn = min(one.stop.turn for one in self._waiting)
        here = [one for one in self._waiting if one.stop.turn == turn]
        self._waiting = [one for one in self._waiting if one.stop.turn != turn]
        by_stop: dict[Stop[Any, Any], list[_Waiting]] = defaultdict(list)
        for one in sorted(here, key=lambda one: one.traveller.number):
            by_stop[one.stop].append(one)
        answers = {
            stop: await stop.run(self.connection, [one.asked for one in ones])
            for stop, ones in by_stop.items()
        }
        # Nobody goes on before all are answered: the connection does one thing at a time.
        for stop, ones in by_stop.items():
            for one, answer in zip(ones, answers[stop], strict=True):
                one.answer.set_result(answer)


class Seat:
    """The shared connection as one traveller uses it by itself: statement after statement, in turns."""

    def __init__(self, connection: Any, lock: asyncio.Lock, traveller: Traveller) -> None:
        self._connection, self._lock, self._traveller = connection, lock, traveller

    async def fetch(self, query: str, *args: Any) -> Any:
        """As asyncpg's."""
        return await self._do("fetch", query, *args)

    async def fetchrow(self, query: str, *args: Any) -> Any:
        """As asyncpg's."""
        return await self._do("fetchrow", query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        """As asyncpg's."""
        return await self._do("fetchval", query, *args)

    async def execute(self, query: str, *args: Any) -> Any:
        """As asyncpg's."""
        return await self._do("execute", query, *args)

    async def executemany(self, command: str, args: Any) -> Any:
        """As asyncpg's."""
        return await self._do("executemany", command, args)

    async def _do(self, method: str, query: str, *args: Any) -> Any:
        async with self._lock:
            if not query.lstrip().upper().startswith("SELECT"):
                self._traveller.wrote = True
            return await getattr(self._connection, method)(query, *args)
