"""A compiled engine over a shop, and what the database is asked by it."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import server
from domain.access.callers import Caller
from persistence.reads import StoredReads
from persistence.selecting.explaining import columns
from resolvers.http.codec import OrjsonCodec
from schema.context import Context
from schema.engine.compiled.execution import CompiledExecution
from schema.engine.engine import Engine
from schema.engine.requests import GraphQLRequest
from tests.engine.comparing import WIDE
from tests.orders.shop import Shop


class Desk:
    """A compiled engine over a shop, which writes down what the database is asked."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.sent = shop, list[str]()
        schema = server.build_schema()
        self.execution = CompiledExecution(schema, codec=OrjsonCodec())
        self.engine = Engine(
            schema, WIDE, codec=OrjsonCodec(), on_fault=lambda _: None, execution=self.execution
        )
        self.reads = StoredReads(shop.database, shop.tools)

    async def ask(self, document: str, caller: Caller, **variables: Any) -> Any:
        """The data of a document; `sent` are its statements. Of a first run the driver tells nothing."""
        first = await self.once(document, caller, **variables)
        assert await self.once(document, caller, **variables) == first
        return first

    async def once(self, document: str, caller: Caller, **variables: Any) -> Any:
        answer = await self.run(document, caller, **variables)
        assert not answer.errors, answer.errors
        return answer.data

    async def run(self, document: str, caller: Caller, **variables: Any) -> Any:
        feed: Any = None
        context = Context(caller, self.reads, self.shop.perform, feed)
        prepared = self.engine.prepare(GraphQLRequest(document, variables=variables))
        await asyncio.sleep(0)  # the driver tells of a statement behind its answer
        self.sent.clear()
        answer = await self.engine.execute(prepared, context)
        await asyncio.sleep(0)
        assert not self.execution.fallbacks, self.execution.fallbacks
        return answer

    def explain(self, document: str) -> str:
        return self.execution.explain(self.engine.documents.get(document), columns)


def read_of(statement: str) -> set[str]:
    """The columns of the outermost select list, without their labels."""
    listed = re.search(r"^ ?SELECT (.*?)\s*\nFROM", statement, re.DOTALL | re.MULTILINE)
    assert listed is not None, statement
    return {one.split(" AS ")[0].strip() for one in listed[1].split(",")}
