"""Runs one document on both executors and tells where they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterable, Callable
from typing import Any

import orjson
import strawberry
from graphql import GraphQLError

from domain.refusals import Forbidden, Unauthenticated
from resolvers.http.codec import OrjsonCodec
from schema.engine.compiled.execution import CompiledExecution
from schema.engine.compiled.planner import PlanLimits
from schema.engine.engine import Engine
from schema.engine.execution import CoreExecution, Execution, Outcome
from schema.engine.limits import DocumentLimits
from schema.engine.refused import RequestRefused
from schema.engine.requests import GraphQLRequest
from tests.engine.documents import Made

WIDE = DocumentLimits(
    max_tokens=20_000, max_aliases=1_000, max_cost=1_000_000, max_repeats=200, max_root_fields=99
)


class Comparison:
    """Two executions over one schema."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self.engine = Engine(schema, WIDE, codec=OrjsonCodec(), on_fault=lambda _fault: None)
        self.core = CoreExecution(schema)
        self.compiled = CompiledExecution(schema, PlanLimits(kept_from=0), codec=OrjsonCodec())
        self.tally: Counter[str] = Counter()
        self.refused: list[str] = []

    async def check(self, made: Made, context: Callable[[], Any]) -> None:
        """Assert that both answer alike, twice, since the second time a plan comes from memory."""
        try:
            prepared = self.engine.prepare(GraphQLRequest(made.text, variables=made.variables))
        except RequestRefused as refused:
            self.tally["refused"] += 1
            self.refused.append(f"{refused.errors[0]['message']} {made.text[:300]}")
            return
        before = self.compiled.compiled
        theirs = context()
        expected = await _answers(self.core, prepared, theirs)
        for _ in range(2):
            ours = context()
            found = await _answers(self.compiled, prepared, ours)
            assert found == expected, f"{made.text}\n{orjson.dumps(made.variables, default=str).decode()}"
            assert getattr(ours, "calls", None) == getattr(theirs, "calls", None), made.text
        self.tally["compared"] += 1
        self.tally["errors"] += any(errors for _, errors in expected)
        self.tally["compiled"] += self.compiled.compiled > before


async def _answers(execution: Execution, prepared: Any, context: Any) -> list[Any]:
    if prepared.kind != "subscription":
        return [_plain(await execution.run(prepared, context))]
    source = await execution.source(prepared, context)
    if not isinstance(source, AsyncIterable):
        return [_plain(source)]
    return [_plain(await execution.event(prepared, context, event)) async for event in source]


def _plain(outcome: Outcome) -> tuple[bytes, list[tuple[str, Any]]]:
    """Data as bytes, so that the order of keys counts; errors without order, since races decide it."""
    errors = sorted((_kind(error), _place(error)) for error in outcome.errors or ())
    if outcome.data is None and errors:
        errors = [("nothing", "")]  # which of several errors nulls the whole answer first is a race as well
    return orjson.dumps(outcome.data, default=str), errors


def _kind(error: GraphQLError) -> str:
    return f"{type(error.original_error).__name__} {error.message}"


def _place(error: GraphQLError) -> str:
    """Where it is. Of a denied field's many objects graphql-core blames the one that its event loop happens
    to reach first, so the items of lists do not count there.
    """
    path = error.path or []
    if isinstance(error.original_error, Forbidden | Unauthenticated):
        path = [part for part in path if isinstance(part, str)]
    return str(path)
