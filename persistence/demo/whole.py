"""Commands that belong together, in one transaction: an interrupted load leaves nothing behind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from domain.commands import HANDLERS, IdempotentCommand
from persistence import ending
from persistence.perform import Performer
from persistence.work import Tools, Work

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.commands import Command
    from persistence.store import Store


class WholePerformer(Performer):
    """Performs on one connection; a refusal ends the whole transaction."""

    def __init__(self, store: Store, connection: Any) -> None:
        # Tools of its own: what is cached of uncommitted prices must not outlive them.
        self._own = Tools(store.tools.vault, store.settings)
        super().__init__(store.database, store.bell, self._own)
        self.connection = connection

    async def __call__(self, command: Command, caller: Caller) -> Any:
        """Run the command's handler and its reactions."""
        assert not isinstance(command, IdempotentCommand)
        work = Work(self.connection, self._own, caller.request_id)
        await work.begin()
        answer = await HANDLERS[type(command)](command, caller, work)
        await work.react()
        await ending.write(self.connection, work.events, [], work.postings)
        return answer


@asynccontextmanager
async def whole(store: Store) -> AsyncIterator[WholePerformer]:
    """A performer whose commands are all kept at the end of the block, or none."""
    async with store.database.transaction() as connection:
        yield WholePerformer(store, connection)
