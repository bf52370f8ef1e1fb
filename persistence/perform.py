"""`perform`: one command, one transaction, and the one commit of the repository."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import asyncpg

from domain.commands import HANDLERS, REACTIONS, Command, IdempotentCommand
from domain.refusals import Refusal
from persistence import idempotency, outbox
from persistence.bells import OUTBOX, Bell
from persistence.work import Work

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from persistence.database import Database
    from persistence.work import Tools

TRIES = 5
"""How often a transaction that lost a conflict is begun again."""

_LOST = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
)


class Performer:
    """Carries out commands: `await performer(command, caller)` answers the view or raises the refusal."""

    def __init__(self, database: Database, bell: Bell, tools: Tools) -> None:
        self._database, self._bell, self._tools = database, bell, tools

    async def __call__(self, command: Command, caller: Caller) -> Any:
        """Run the command's handler; nothing of it stays unless all of it does."""
        if command.requires is not None and caller.kind.value != "SYSTEM":
            caller.must(command.requires)
        for attempt in range(TRIES):
            try:
                return await self._once(command, caller)
            except _LOST:
                if attempt + 1 == TRIES:
                    raise
                await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter
        raise AssertionError("unreachable")

    async def _once(self, command: Command, caller: Caller) -> Any:
        refused: Refusal | None = None
        async with self._database.transaction() as connection:
            work = Work(connection, self._tools, caller.request_id)
            await work.begin()
            if isinstance(command, IdempotentCommand):
                kept = await idempotency.replay(connection, command, caller)
                if kept is not None:
                    return kept
            try:
                answer = await HANDLERS[type(command)](command, caller, work)
            except Refusal as refusal:
                if not refusal.keeps_work:
                    raise
                refused, answer = refusal, None
            noted = await self._flush(work)
            if isinstance(command, IdempotentCommand):
                if refused is None:
                    await idempotency.keep(connection, command, caller, answer)
                else:
                    await idempotency.release(connection, command, caller)
        if noted:
            self._bell.ring(OUTBOX)
        if refused is not None:
            raise refused
        return answer

    async def _flush(self, work: Work) -> bool:
        """Run the reactions to what was recorded, theirs included, then write it all to the outbox."""
        done = 0
        while done < len(work.events):
            event = work.events[done]
            for reaction in REACTIONS[type(event)]:
                await reaction(event, work)
            done += 1
        await outbox.write(work.connection, work.events)
        return done > 0
