"""What a caller without a permission gets: null, and one error for each field of the document, at its first
place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import FieldNode, GraphQLError, located_error

from schema.audiences import denial
from schema.engine.compiled.reasons import NotPlannable
from schema.engine.compiled.tree import Asked, Choice, Selection, selections_of


@dataclass(frozen=True, slots=True)
class Denied:
    """A field that is null for want of a permission, and the response keys that lead to it."""

    keys: tuple[str, ...]
    permission: str
    nodes: tuple[FieldNode, ...]

    def error(self, data: dict[str, Any], context: Any) -> GraphQLError | None:
        """The error at the first place of an answer that has the field; None where it has none."""
        mark = id(self.nodes[0])
        if mark in context.denied:
            return None
        path = _first(data, self.keys)
        if path is None:
            return None
        context.denied.add(mark)
        return located_error(denial(context.caller, self.permission), list(self.nodes), path)


def denied_fields(root: Selection) -> tuple[Denied, ...]:
    """All denied fields of a tree. NotPlannable when one has several places in the document: which of them
    is reached first is graphql-core's affair.
    """
    above: dict[int, list[tuple[Selection, Asked]]] = {}
    for selection in root.walk():
        for asked in selection.fields:
            _refuse_ambiguous(asked)
            for below in selections_of(asked):
                above.setdefault(below.number, []).append((selection, asked))
    found = []
    for selection in root.walk():
        for asked in selection.fields:
            if asked.denied is not None:
                keys = (*_way(selection, root, above), asked.key)
                found.append(Denied(keys, asked.denied, asked.nodes))
    if len({id(one.nodes[0]) for one in found}) < len(found):
        raise NotPlannable("denied in several places")
    return tuple(found)


def _way(
    selection: Selection, root: Selection, above: dict[int, list[tuple[Selection, Asked]]]
) -> tuple[str, ...]:
    keys: list[str] = []
    while selection is not root:
        ways = above[selection.number]
        if len(ways) != 1:
            raise NotPlannable("denied in several places")
        selection, asked = ways[0]
        keys.append(asked.key)
    return tuple(reversed(keys))


def _refuse_ambiguous(asked: Asked) -> None:
    """An answer does not tell of which type an object is, so a denied key must be of one type alone."""
    if not isinstance(asked.below, Choice):
        return
    seen: set[str] = set()
    for option in asked.below.options.values():
        leads = {one.key for one in option.fields if one.denied is not None or _denies(one)}
        if leads & seen or any(
            lead in {one.key for one in other.fields}
            for lead in leads
            for other in asked.below.options.values()
            if other is not option
        ):
            raise NotPlannable("denied in one of several types")
        seen |= leads


def _denies(asked: Asked) -> bool:
    return any(
        below_asked.denied is not None
        for below in selections_of(asked)
        for selection in below.walk()
        for below_asked in selection.fields
    )


def _first(data: Any, keys: tuple[str, ...]) -> list[str | int] | None:
    """The path of the first object, in the order of the answer, that has the last key."""
    if isinstance(data, list):
        for index, item in enumerate(data):
            found = _first(item, keys)
            if found is not None:
                return [index, *found]
        return None
    if not isinstance(data, dict) or keys[0] not in data:
        return None
    if len(keys) == 1:
        return [keys[0]]
    below = _first(data[keys[0]], keys[1:])
    return None if below is None else [keys[0], *below]


def errors_of(denied: tuple[Denied, ...], data: dict[str, Any], context: Any) -> Iterator[GraphQLError]:
    """The errors of an answer."""
    for one in denied:
        error = one.error(data, context)
        if error is not None:
            yield error
