"""`perform`: one command, one transaction, and the one commit of the repository.

Commands that may share do so when they come faster than transactions end (`persistence/sharing`).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg
import structlog
from prometheus_client import Counter, Histogram

from domain.commands import HANDLERS, Command, IdempotentCommand, SharedCommand
from domain.refusals import Refusal
from persistence import ending, idempotency
from persistence.bells import OUTBOX, Bell
from persistence.idempotency import Claim, Repeated
from persistence.sharing.convoy import Convoy, Rider, Traveller
from persistence.sharing.lanes import Lanes
from persistence.sharing.stops import Overtaken
from persistence.work import Work

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from persistence.database import Database
    from persistence.work import Tools

TRIES = 5
"""How often a transaction that lost a conflict is begun again."""

TRIES_TOGETHER = 2
"""The same for one that is shared, whose commands have tries of their own afterwards."""

_LOST = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    Overtaken,
)

SHARING = Histogram(
    "quanyi_shared_commands",
    "How many commands began a transaction together.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
)
SPOILED = Counter(
    "quanyi_spoiled_transactions_total",
    "Shared transactions that failed as a whole: their commands were carried out one by one.",
)
_T = TypeVar("_T")


class _NothingToKeep(Exception):
    """Everybody was refused: the transaction has nothing to commit."""


class Performer:
    """Carries out commands: `await performer(command, caller)` answers the view or raises the refusal."""

    def __init__(self, database: Database, bell: Bell, tools: Tools) -> None:
        self._database, self._bell, self._tools = database, bell, tools

    @cached_property
    def _lanes(self) -> Lanes:
        return Lanes(self._tools.settings.order_batch, self._alone, self._together)

    async def __call__(self, command: Command, caller: Caller) -> Any:
        """Run the command's handler; nothing of it stays unless all of it does."""
        if command.requires is not None and caller.kind.value != "SYSTEM":
            caller.must(command.requires)
        if isinstance(command, IdempotentCommand):
            idempotency.check(command)
        if isinstance(command, SharedCommand) and self._tools.settings.order_batch > 1:
            return await self._lanes(command, caller)
        return await self._alone(command, caller)

    async def _alone(self, command: Command, caller: Caller) -> Any:
        if isinstance(command, SharedCommand):
            SHARING.observe(1)
        return await _persistently(lambda: self._once(command, caller))

    async def _once(self, command: Command, caller: Caller) -> Any:
        refused: Refusal | None = None
        async with self._database.transaction() as connection:
            work = Work(connection, self._tools, caller.request_id)
            if isinstance(command, IdempotentCommand):
                kept = await idempotency.replay(work, command, caller)
                if kept is not None:
                    return kept.answer
            else:
                await work.begin()
            try:
                answer = await HANDLERS[type(command)](command, caller, work)
            except Refusal as refusal:
                if not refusal.keeps_work:
                    raise
                refused, answer = refusal, None
            await work.react()
            keyed = command if isinstance(command, IdempotentCommand) else None
            answered = [(keyed, caller, answer)] if keyed and refused is None else []
            await ending.write(connection, work.events, answered, work.postings)
            if keyed and refused is not None:
                await idempotency.release(connection, [(keyed, caller)])
        if work.events:
            self._bell.ring(OUTBOX)
        if refused is not None:
            raise refused
        return answer

    async def _together(self, riders: Sequence[Rider]) -> list[Rider]:
        """Answer riders after one commit; after a fault, one by one, so that only the guilty one fails."""
        SHARING.observe(len(riders))
        try:
            outcomes = await _persistently(lambda: self._convoy(riders), TRIES_TOGETHER)
        except Exception as fault:  # whose fault it is, is seen when each has its own transaction
            SPOILED.inc()
            structlog.get_logger().warning("convoy.spoiled", size=len(riders), problem=type(fault).__name__)
            for rider in riders:
                await self._one_by_one(rider)
            return []
        again = []
        for rider, outcome in zip(riders, outcomes, strict=True):
            if outcome is Claim.GONE:
                again.append(rider)
            else:
                rider.settle(outcome.answer if isinstance(outcome, Repeated) else outcome)
        return again

    async def _one_by_one(self, rider: Rider) -> None:
        try:
            rider.settle(await _persistently(lambda: self._once(rider.command, rider.caller)))
        except Exception as problem:  # it is the answer of this one alone
            rider.settle(problem)

    async def _convoy(self, riders: Sequence[Rider]) -> list[Any]:
        """An outcome for each: Repeated with an answer, what it raises, or GONE where it is to ask again."""
        outcomes: dict[Rider, Any] = {}
        travellers: list[Traveller] = []
        try:
            async with self._database.transaction() as connection:
                asked = [(rider.command, rider.caller) for rider in riders]
                now, claims = await idempotency.claim(connection, asked)
                outcomes = dict(zip(riders, claims, strict=True))
                convoy = Convoy(connection, self._tools, now)
                first = [rider for rider, claim in outcomes.items() if claim is Claim.FIRST]
                travellers = await convoy.travel(first)
                await _write_down(connection, travellers)
            self._bell.ring(OUTBOX)
        except _NothingToKeep:
            pass
        return list((outcomes | _outcomes(travellers)).values())


async def _write_down(connection: Any, travellers: Sequence[Traveller]) -> None:
    """Events and transfers of all in their order, and the answers to their keys; raises _NothingToKeep."""
    staying = [one for one in travellers if one.stays]
    if not staying:
        raise _NothingToKeep
    refused = [one.rider for one in travellers if one.refused is not None]
    await ending.write(
        connection,
        [event for one in staying for event in one.work.events],
        [(one.rider.command, one.rider.caller, one.answer) for one in staying if one.refused is None],
        [posting for one in staying for posting in one.work.postings],
    )
    if refused:
        await idempotency.release(connection, [(rider.command, rider.caller) for rider in refused])


def _outcomes(travellers: Sequence[Traveller]) -> dict[Rider, Any]:
    """Where somebody leaves what it was promised, whoever went without it asks again, first in line."""
    left_behind = {stop for one in travellers if not one.stays for stop in one.held}
    return {
        one.rider: Claim.GONE if one.denied_at in left_behind else one.refused or Repeated(one.answer)
        for one in travellers
    }


async def _persistently(doing: Callable[[], Awaitable[_T]], tries: int = TRIES) -> _T:
    """Begin again what lost a conflict, with a pause that others do not share."""
    for attempt in range(tries):
        try:
            return await doing()
        except _LOST:
            if attempt + 1 == tries:
                raise
            await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter
    raise AssertionError("unreachable")
