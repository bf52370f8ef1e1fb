"""Mutations carried out for real, and undone: to see that who may, can, without anything having changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import strawberry

from persistence.bells import LocalBell
from persistence.database import Database
from persistence.perform import Performer
from persistence.store import Store
from schema.context import Context
from tests.permissions.principals import Principal


class Undone:
    """A database of which nothing stays."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """A transaction that is rolled back, however it went."""
        async with self._database.connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                yield connection
            finally:
                await transaction.rollback()


async def tried(
    store: Store, schema: strawberry.Schema, principal: Principal, document: str, said: dict[str, Any]
) -> Any:
    """The result of a mutation that leaves nothing."""
    caller = await store.authenticator.caller_of(
        principal.token, address="127.0.0.1", device_id=None, request_id="matrix"
    )
    undone = cast("Database", Undone(store.database))
    performer = Performer(undone, LocalBell(), store.tools)
    context = Context(caller, store.reads, performer, store.feed)
    return await schema.execute(document, {"input": said}, context)
