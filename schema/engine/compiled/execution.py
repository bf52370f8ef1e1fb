"""Compiled execution behind the engine's port; graphql-core answers whatever a plan does not cover."""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict
from collections.abc import AsyncIterable, Callable, Mapping
from typing import Any

import strawberry
from graphql import GraphQLError

from schema.engine.codec import TextCodec
from schema.engine.compiled.denials import errors_of
from schema.engine.compiled.explain import Columns, attributes, explain
from schema.engine.compiled.plan import Plan, make_plan
from schema.engine.compiled.planner import PlanLimits, flags_of
from schema.engine.compiled.reasons import NotPlannable, OffPlan
from schema.engine.compiled.sources import Sources
from schema.engine.documents import ReadyDocument
from schema.engine.execution import CoreExecution, Outcome, PreparedOperation

OnFallback = Callable[[str, str, str | None], None]
"""Told what happened (`unplanned`, `rerun` or `replayed`), why, and the operation's name."""
_LOG = logging.getLogger("quanyi.engine")


class Answered:
    """Data and errors of a compiled operation."""

    __slots__ = ("data", "errors", "has_texts")

    def __init__(
        self, data: dict[str, Any], errors: list[GraphQLError] | None = None, has_texts: bool = False
    ) -> None:
        self.data: dict[str, Any] | None = data
        self.errors = errors
        self.has_texts = has_texts


def log_fallback(what: str, reason: str, operation: str | None) -> None:
    """Write a fallback to the standard log."""
    _LOG.info("%s by graphql-core: %s (operation %s)", what, reason, operation or "-")


class CompiledExecution:
    """Runs plans. `fallbacks` counts by (what, reason) how often graphql-core had to answer.

    With a `codec` objects that do not change keep what was written of them; only it can write such data.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        limits: PlanLimits | None = None,
        on_fallback: OnFallback = log_fallback,
        codec: TextCodec | None = None,
    ) -> None:
        self._codec = codec
        self._schema, self._core = schema, CoreExecution(schema)
        self.sources = Sources(schema)
        self._limits = limits or PlanLimits()
        self._on_fallback = on_fallback
        self.plans: OrderedDict[tuple[object, ...], Plan | str] = OrderedDict()
        self._flags: OrderedDict[tuple[str, str | None], tuple[str, ...]] = OrderedDict()
        self.fallbacks: Counter[tuple[str, str]] = Counter()
        self.compiled = 0
        """Operations and events answered by a plan."""

    async def run(self, prepared: PreparedOperation, context: Any) -> Outcome:
        """Run a query or a mutation to its end."""
        plan = self.plan_of(prepared, context)
        if plan is None:
            return await self._core.run(prepared, context)
        done: dict[str, Any] = {}
        try:
            data = await plan.run(context, prepared.variables.coerced, done, None)
        except Exception as problem:
            if prepared.kind == "query":
                self._note("rerun", _reason(problem), prepared)
                return await self._core.run(prepared, context)
            self._note("replayed", _reason(problem), prepared)
            return await self._core.run(prepared, context, done)
        return self._answered(plan, data, context)

    async def source(self, prepared: PreparedOperation, context: Any) -> AsyncIterable[Any] | Outcome:
        """The events of a subscription before anything is selected of them."""
        return await self._core.source(prepared, context)

    async def event(self, prepared: PreparedOperation, context: Any, event: Any) -> Outcome:
        """What a subscription answers to one event."""
        plan = self.plan_of(prepared, context)
        if plan is None:
            return await self._core.event(prepared, context, event)
        try:
            data = await plan.run(context, prepared.variables.coerced, {}, event)
        except Exception as problem:
            self._note("rerun", _reason(problem), prepared)
            return await self._core.event(prepared, context, event)
        return self._answered(plan, data, context)

    def _answered(self, plan: Plan, data: dict[str, Any], context: Any) -> Outcome:
        self.compiled += 1
        if plan.texts is not None:
            plan.texts.runs += 1
        if not plan.denied:
            return Answered(data, None, plan.texts is not None)
        return Answered(data, list(errors_of(plan.denied, data, context)) or None)

    def plan_of(self, prepared: PreparedOperation, context: Any) -> Plan | None:
        """The plan for a request; None, and a note of the reason, where graphql-core is to answer."""
        found = self._find(prepared, ())
        if isinstance(found, Plan) and found.requires:
            permissions = context.caller.permissions
            if not found.requires <= permissions:
                found = self._find(prepared, tuple(sorted(found.requires - permissions)))
        if isinstance(found, Plan):
            return found
        self._note("unplanned", found, prepared)
        return None

    def _find(self, prepared: PreparedOperation, denied: tuple[str, ...]) -> Plan | str:
        """A plan from memory or made now, or the reason why there is none."""
        own = prepared.document.text, prepared.operation.name
        flags = self._flags.get(own)
        if flags is None:
            flags = flags_of(prepared.operation.node, prepared.document.fragments)
            _keep(self._flags, own, flags, self._limits.kept_plans)
        given: Mapping[str, Any] = prepared.variables.coerced
        values = tuple([given.get(flag) for flag in flags])
        key = (*own, values, denied)
        plan = self.plans.get(key)
        if plan is None:
            plan = self._make(prepared, dict(zip(flags, values, strict=True)), denied)
            _keep(self.plans, key, plan, self._limits.kept_plans)
        else:
            self.plans.move_to_end(key)
        return plan

    def _make(
        self, prepared: PreparedOperation, flags: Mapping[str, Any], denied: tuple[str, ...]
    ) -> Plan | str:
        if None in flags.values():
            return "null in @skip or @include"
        document, operation = prepared.document, prepared.operation
        try:
            return make_plan(
                self._schema, self.sources, document, operation, flags, denied, self._limits, self._codec
            )
        except NotPlannable as reason:
            return str(reason)
        except Exception as fault:  # an operation that core can answer must not fail for its plan
            _LOG.exception("planning failed for operation %s", operation.name or "-")
            return f"planning failed: {type(fault).__name__}"

    def explain(self, document: ReadyDocument, columns: Columns = attributes) -> str:
        """Every operation of a document in words, with all that @skip and @include may let in."""
        parts = []
        for operation in document.operations:
            try:
                plan: Plan | str = make_plan(
                    self._schema, self.sources, document, operation, None, (), self._limits
                )
            except NotPlannable as reason:
                plan = str(reason)
            parts.append(explain(operation, plan, columns))
        return "\n".join(parts)

    def _note(self, what: str, reason: str, prepared: PreparedOperation) -> None:
        self.fallbacks[what, reason] += 1
        self._on_fallback(what, reason, prepared.operation.name)


def _keep(kept: OrderedDict[Any, Any], key: object, value: object, most: int) -> None:
    kept[key] = value
    if len(kept) > most:
        kept.popitem(last=False)


def _reason(problem: Exception) -> str:
    """A name without data of the request: what counters and logs may show."""
    return str(problem) if isinstance(problem, OffPlan) else f"raised {type(problem).__name__}"
