"""Execution by graphql-core, the reference: what any faster way of executing must agree with."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Mapping
from inspect import isawaitable
from typing import Any, Protocol, cast

import strawberry
from graphql import ExecutionResult, GraphQLError, MiddlewareManager
from graphql.execution import Executor
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.execute import (
    create_source_event_stream,
    default_field_resolver,
    default_type_resolver,
)
from graphql.execution.values import VariableValues
from strawberry.execution.is_awaitable import optimized_is_awaitable

from domain.access.budgets import Standing
from schema.engine.documents import Operation, ReadyDocument
from schema.engine.requests import GraphQLRequest


class PreparedOperation:
    """A request that may be executed: its document valid, its variables coerced, its cost known."""

    __slots__ = ("cost", "document", "kind", "operation", "request", "standing", "variables")

    def __init__(
        self,
        request: GraphQLRequest,
        document: ReadyDocument,
        operation: Operation,
        variables: VariableValues,
        cost: int,
    ) -> None:
        self.request = request
        self.document = document
        self.operation = operation
        self.kind = operation.kind
        """query, mutation or subscription."""
        self.variables = variables
        self.cost = cost
        self.standing: Standing | None = None
        """How its caller's budget stands after it; None where there is none."""


class Outcome(Protocol):
    """Data and errors as graphql-core leaves them."""

    data: dict[str, Any] | None
    errors: list[GraphQLError] | None


class Execution(Protocol):
    """A way to execute prepared operations; a compiled one falls back to CoreExecution for what it does not
    cover.
    """

    async def run(self, prepared: PreparedOperation, context: Any) -> Outcome:
        """Run a query or a mutation to its end."""
        ...

    async def source(self, prepared: PreparedOperation, context: Any) -> AsyncIterable[Any] | Outcome:
        """The events of a subscription before anything is selected of them; an outcome says why there are
        none.
        """
        ...

    async def event(self, prepared: PreparedOperation, context: Any, event: Any) -> Outcome:
        """What a subscription answers to one event."""
        ...


class Raised:
    """The outcome of a root field that raised."""

    __slots__ = ("exception",)

    def __init__(self, exception: Exception) -> None:
        self.exception = exception


class _Done(MiddlewareManager):
    """Answers root fields with what they came to before; all other fields resolve as ever."""

    def __init__(self, done: Mapping[str, Any]) -> None:
        super().__init__()
        self._done = done

    def get_field_resolver(self, field_resolver: Callable[..., Any]) -> Callable[..., Any]:
        """The resolver in the place of a field's own."""

        def resolve(source: Any, info: Any, **arguments: Any) -> Any:
            if info.path.prev is not None or info.path.key not in self._done:
                return field_resolver(source, info, **arguments)
            outcome = self._done[info.path.key]
            if isinstance(outcome, Raised):
                raise outcome.exception
            return outcome

        return resolve


class CoreExecution:
    """graphql-core's executor over strawberry's resolvers, without parsing, validating or coercing again."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self._schema = schema._schema  # strawberry has no public name for it
        self._executor: type[Executor[Any]] = schema.execution_context_class

    async def run(
        self, prepared: PreparedOperation, context: Any, done: Mapping[str, Any] | None = None
    ) -> Outcome:
        """Run a query or a mutation to its end; root fields in `done` are completed and not called again."""
        executor = self._build(prepared, context)
        if done:
            executor.middleware_manager = _Done(done)
        result = executor.execute_operation()
        return cast("Outcome", await result if isawaitable(result) else result)

    async def source(self, prepared: PreparedOperation, context: Any) -> AsyncIterable[Any] | Outcome:
        """The events of a subscription before anything is selected of them."""
        source = create_source_event_stream(self._build(prepared, context))
        if isawaitable(source):
            source = await source
        if isinstance(source, ExecutionResult):
            return cast("Outcome", source)
        return source

    async def event(self, prepared: PreparedOperation, context: Any, event: Any) -> Outcome:
        """What a subscription answers to one event."""
        loaders = getattr(context, "loaders", None)
        if loaders:
            loaders.clear()  # they know objects by their addresses, which those of a past event have left
        executor = self._build(prepared, context).build_per_event_executor(event)
        result = executor.execute_operation(False)
        return cast("Outcome", await result if isawaitable(result) else result)

    def _build(self, prepared: PreparedOperation, context: Any) -> Executor[Any]:
        fragments: Mapping[str, Any] = prepared.document.fragments
        extensions: dict[str, Any] = {"operation_extensions": dict(prepared.request.extensions)}
        return self._executor(
            schema=self._schema,
            fragment_definitions=dict(fragments),
            fragments={name: FragmentDetails(node, None) for name, node in fragments.items()},
            root_value=None,
            context_value=context,
            operation=prepared.operation.node,
            variable_values=prepared.variables,
            field_resolver=default_field_resolver,
            type_resolver=default_type_resolver,
            subscribe_field_resolver=default_field_resolver,
            is_awaitable=cast("Any", optimized_is_awaitable),
            **extensions,
        )
