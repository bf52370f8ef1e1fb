"""The generated code's names and shapes: what a level is flattened into, and put back together from."""

from __future__ import annotations

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType

from schema.engine.compiled.sources import Source
from schema.engine.compiled.tree import Asked, Selection

_INLINED_FIELDS = 8
"""An object of so few leaves is written where it stands."""


def level_statements(name: str, type_: GraphQLOutputType, answers: str) -> list[str]:
    """The statements for the shapes that nearly every field has: an object, and a list of objects."""
    nullable = not isinstance(type_, GraphQLNonNull)
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if not isinstance(inner, GraphQLList):
        if not nullable:
            return [f"objects = {name}", f"{name} = {answers}"]
        return [
            f"objects = [i for i in {name} if i is not None]",
            f"objects = iter({answers})",
            f"{name} = [None if i is None else next(objects) for i in {name}]",
        ]
    item = inner.of_type
    if not isinstance(item, GraphQLNonNull) or isinstance(item.of_type, GraphQLList):
        return []
    null, some = ("None if i is None else ", " if i is not None") if nullable else ("", "")
    return [
        f"{name} = [{null}listed(i) for i in {name}]",
        f"objects = [j for i in {name}{some} for j in i]",
        f"objects = iter({answers})",
        f"{name} = [{null}[next(objects) for _ in i] for i in {name}]",
    ]


def function_name(selection: Selection) -> str:
    return f"{'all' if selection.waits else 'one'}_{selection.type.name}_{selection.number}"


def source_of(asked: Asked) -> Source:
    if asked.source is None:
        raise AssertionError("__typename has no source")
    return asked.source


def is_inlined(selection: Selection) -> bool:
    return len(selection.fields) <= _INLINED_FIELDS and all(asked.below is None for asked in selection.fields)
