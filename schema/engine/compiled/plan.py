"""A plan: the generated function of one operation with what it needs and what it denies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import strawberry

from schema.engine.codec import TextCodec
from schema.engine.compiled.denials import Denied, denied_fields
from schema.engine.compiled.planner import PlanLimits, Planner
from schema.engine.compiled.sources import Sources
from schema.engine.compiled.texts import Texts
from schema.engine.compiled.tree import Selection
from schema.engine.compiled.writer import Writer
from schema.engine.documents import Operation, ReadyDocument


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What runs in the place of graphql-core while nothing goes wrong."""

    run: Callable[[Any, Mapping[str, Any], dict[str, Any], Any], Awaitable[dict[str, Any]]]
    """From context, variables, what mutations have done, and event, to the data."""
    requires: frozenset[str]
    """Every permission that a selected field asks for."""
    denied: tuple[Denied, ...]
    tree: Selection
    source: str
    """The generated Python text."""
    texts: Texts | None
    """What objects keep of it; None where nothing is kept."""


def make_plan(
    schema: strawberry.Schema,
    sources: Sources,
    document: ReadyDocument,
    operation: Operation,
    flags: Mapping[str, bool] | None,
    denied: Collection[str] = (),
    limits: PlanLimits | None = None,
    codec: TextCodec | None = None,
) -> Plan:
    """Plan one operation; NotPlannable says why that cannot be."""
    planner = Planner(schema._schema, sources, document.fragments, flags, denied, limits)
    tree = planner.plan(operation.node)
    places = denied_fields(tree) if denied else ()
    # Where something is denied, its errors are placed by looking through the data.
    texts = None if places or codec is None else Texts(codec, (limits or PlanLimits()).kept_from)
    writer = Writer(schema, operation.node, texts)
    source = writer.source(tree)
    code = compile(source, "<plan>", "exec")
    exec(code, writer.environment)  # noqa: S102 - the text holds response keys and names, all written with repr
    run = writer.environment["run"]
    kept = texts if texts is not None and texts.is_used else None
    return Plan(run, frozenset(planner.permissions), places, tree, source, kept)
