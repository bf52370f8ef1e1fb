"""Questions about the schema itself: answered beside the event loop, which the whole schema would hold up for
longer than any other request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import strawberry

from schema.engine.execution import CoreExecution, Outcome, PreparedOperation


class Introspection:
    """graphql-core's answers, one at a time, in a thread: the event loop gets its turn every few
    milliseconds.
    """

    def __init__(self, schema: strawberry.Schema) -> None:
        self._core = CoreExecution(schema)
        self._turn = asyncio.Lock()

    async def run(self, prepared: PreparedOperation, context: Any) -> Outcome:
        """Answer an operation that asks about the schema only."""
        async with self._turn:
            return await asyncio.to_thread(_finished, self._core.run(prepared, context))


def _finished(coroutine: Coroutine[Any, Any, Outcome]) -> Outcome:
    """What a coroutine returns that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome
    coroutine.close()
    raise RuntimeError("a question about the schema waited for something")
