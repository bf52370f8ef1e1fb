"""What an operation asks for at its root: questions about the schema are answered in another way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
)

from schema.engine.refused import refusal

ABOUT_SCHEMA = frozenset({"__schema", "__type"})
_TYPENAME = "__typename"


def introspects(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> bool:
    """Whether an operation asks about the schema; refused when it asks for anything else as well."""
    roots = set(_roots(operation, fragments)) - {_TYPENAME}
    if not roots & ABOUT_SCHEMA:
        return False
    if roots - ABOUT_SCHEMA:
        message = "Ask about the schema in an operation of its own: '__schema' and '__type' stand alone."
        raise refusal("BAD_REQUEST", message, document=True)
    return True


def _roots(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[str]:
    """The names of the root fields of a valid operation; each fragment is entered once."""
    left: list[SelectionNode] = list(operation.selection_set.selections)
    entered: set[str] = set()
    while left:
        selection = left.pop()
        if isinstance(selection, FieldNode):
            yield selection.name.value
        elif isinstance(selection, InlineFragmentNode):
            left += selection.selection_set.selections
        elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in entered:
            entered.add(selection.name.value)
            left += fragments[selection.name.value].selection_set.selections
