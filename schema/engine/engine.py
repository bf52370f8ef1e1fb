"""The engine: one way from a request to an answer for every transport."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from contextlib import aclosing
from typing import Any, cast

import strawberry
from graphql import GraphQLSchema
from graphql.execution.values import VariableValues

from schema.engine.allowance import Allowance, shown
from schema.engine.answers import Answer, executed, failed
from schema.engine.codec import JsonCodec
from schema.engine.cost import affordable
from schema.engine.documents import Documents, Operation
from schema.engine.execution import CoreExecution, Execution, Outcome, PreparedOperation
from schema.engine.faults import ErrorOf, ErrorPresenter, OnFault, log_fault, no_mapping
from schema.engine.gateway import Context, request_id_of, trusted_only
from schema.engine.introspection import Introspection
from schema.engine.limits import DocumentLimits
from schema.engine.persisted import NamedDocuments
from schema.engine.refused import STATUS_OF_CODE, RequestRefused
from schema.engine.requests import GraphQLRequest
from schema.engine.variables import coerced


class Engine:
    """Prepares and executes operations of one schema.

    `error_of` maps domain exceptions to errors with codes; what it does not know is a fault, masked and given
    to `on_fault`. `execution` may be replaced by a faster one that agrees with graphql-core.
    Without an `allowance` callers may ask as often as they like.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        limits: DocumentLimits | None = None,
        introspection: bool = True,
        *,
        codec: JsonCodec,
        error_of: ErrorOf = no_mapping,
        on_fault: OnFault = log_fault,
        execution: Execution | None = None,
        allowance: Allowance | None = None,
    ) -> None:
        if schema.extensions or schema.directives:
            raise ValueError(
                "The engine runs no schema extensions and no operation directives of strawberry."
            )
        self.codec = codec
        self.schema: GraphQLSchema = schema._schema
        self.limits = limits or DocumentLimits()
        self.errors = ErrorPresenter(error_of, on_fault)
        self.documents = Documents(self.schema, self.limits, introspection=introspection)
        self._hide_suggestions = not introspection
        self._named = NamedDocuments(self.limits.persisted_queries)
        self._execution: Execution = execution or CoreExecution(schema)
        self._introspection = Introspection(schema)
        self._allowance = allowance

    async def admit(self, request: GraphQLRequest, context: Context) -> PreparedOperation:
        """Prepare what a request means; RequestRefused where its caller may not run it or spent enough."""
        if request.document_id is not None or trusted_only(context):
            request = await self.completed(request, context)
        if self._allowance is None:
            prepared = self.prepare(request)
        else:
            prepared = self._allowance.admit(request, context, self.prepare, self.documents)
        if request.automatic:
            self._named.remember(request)
        return prepared

    async def completed(self, request: GraphQLRequest, context: Context) -> GraphQLRequest:
        """The request with the text of the document that it names; RequestRefused where it may not run."""
        return await self._named.completed(request, context)

    def prepare(self, request: GraphQLRequest) -> PreparedOperation:
        """Make a request ready to be executed; RequestRefused says what is wrong with it and what to do."""
        name = request.operation_name
        document = self.documents.get(request.query, name, request.variables)
        operation = document.operation(name)
        cost = document.cost(operation, request.variables)
        affordable(cost, self.limits.max_cost)
        variables = operation.variables.read(request.variables) or self._coerced(operation, request)
        return PreparedOperation(request, document, operation, variables, cost)

    def _coerced(self, operation: Operation, request: GraphQLRequest) -> VariableValues:
        return coerced(self.schema, operation.node, request.variables, self._hide_suggestions)

    async def execute(self, prepared: PreparedOperation, context: Context) -> Answer:
        """Run a query or a mutation. Never raises but for cancellation: faults are in the answer, masked."""
        request_id = request_id_of(context)
        cost: dict[str, Any] = {"requested": prepared.cost, "limit": self.limits.max_cost}
        if prepared.standing is not None:
            cost["budget"] = shown(prepared.standing)
        extensions = {"cost": cost}
        try:
            execution = self._introspection if prepared.operation.introspects else self._execution
            outcome = await execution.run(prepared, context)
            return self._answer(outcome, request_id, extensions)
        except Exception as error:
            return executed(self.codec, None, [self.errors.mask(error, request_id)])

    async def open(self, prepared: PreparedOperation, context: Context) -> AsyncIterable[Any]:
        """The source of a subscription; RequestRefused when it cannot start."""
        request_id = request_id_of(context)
        try:
            source = await self._execution.source(prepared, context)
        except Exception as error:
            raise self._not_started([self.errors.mask(error, request_id)]) from error
        if not isinstance(source, AsyncIterable):
            raise self._not_started(self.errors.present(source.errors or (), request_id))
        return source

    async def answer(self, prepared: PreparedOperation, context: Context, event: Any) -> Answer:
        """What a subscription answers to one event of its source."""
        return self._answer(await self._execution.event(prepared, context, event), request_id_of(context))

    async def answers(
        self, prepared: PreparedOperation, context: Context, source: AsyncIterable[Any]
    ) -> AsyncGenerator[Answer]:
        """What a subscription answers to each event of its source.

        An answer without data is the last one: the source failed. Close the iterator to stop the source.
        """
        try:
            async with aclosing(cast("Any", source)):
                async for event in source:
                    yield await self.answer(prepared, context, event)
        except Exception as error:
            yield failed(self.codec, [self.errors.mask(error, request_id_of(context))])

    def _answer(
        self, outcome: Outcome, request_id: str, extensions: Mapping[str, Any] | None = None
    ) -> Answer:
        errors = self.errors.present(outcome.errors, request_id) if outcome.errors else ()
        has_texts = getattr(outcome, "has_texts", False)
        return executed(self.codec, outcome.data, errors, extensions, has_texts=has_texts)

    def _not_started(self, errors: list[dict[str, Any]]) -> RequestRefused:
        code = errors[0]["extensions"]["code"] if errors else ""
        return RequestRefused(STATUS_OF_CODE.get(code, 400), errors, document=True)
