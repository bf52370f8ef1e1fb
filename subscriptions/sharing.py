"""Who is shown the same: the document, its variables, the audience and what is followed decide the bytes."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import orjson
from graphql import FieldNode, FragmentSpreadNode, Node, SelectionSetNode, VariableNode, Visitor, visit

if TYPE_CHECKING:
    from schema.engine.execution import PreparedOperation
    from schema.following import Following

RESUME = "after"
"""The argument of a feed that says where a subscriber begins, and nothing about what it is shown."""

_KEPT = 1_000


class Sharing:
    """Makes keys; equal ones belong to subscribers who may get the same bytes."""

    def __init__(self) -> None:
        self._shown: OrderedDict[tuple[str, str | None], tuple[str, ...]] = OrderedDict()

    def key(self, prepared: PreparedOperation, following: Following[Any]) -> object:
        """The key of a subscription."""
        given = prepared.request.variables
        said = {name: given[name] for name in self._names(prepared) if name in given}
        return (
            prepared.document.text,
            prepared.operation.name,
            orjson.dumps(said, option=orjson.OPT_SORT_KEYS),
            following.context.caller,
            following.interest,
        )

    def _names(self, prepared: PreparedOperation) -> tuple[str, ...]:
        """The variables that say what is shown."""
        own = prepared.document.text, prepared.operation.name
        found = self._shown.get(own)
        if found is None:
            found = self._shown[own] = _shown(prepared)
            if len(self._shown) > _KEPT:
                self._shown.popitem(last=False)
        return found


def _shown(prepared: PreparedOperation) -> tuple[str, ...]:
    """All variables but those that are used as the position to resume behind, and nowhere else."""
    operation, fragments = prepared.operation.node, prepared.document.fragments
    used = _Uses()
    for node in (operation, *fragments.values()):
        visit(node, used)
    roots = {id(field): field for field in _roots(operation.selection_set, fragments)}
    resuming = Counter(
        argument.value.name.value
        for field in roots.values()
        for argument in field.arguments or ()
        if argument.name.value == RESUME and isinstance(argument.value, VariableNode)
    )
    defined = [one.variable.name.value for one in operation.variable_definitions or ()]
    # It is met once more where it is defined.
    return tuple(name for name in defined if not resuming[name] or used.found[name] > resuming[name] + 1)


class _Uses(Visitor):
    """Counts how often each variable is met."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        """Count it."""
        self.found[node.name.value] += 1


def _roots(selections: SelectionSetNode, fragments: Any) -> Iterator[FieldNode]:
    """The fields of the operation itself, wherever they are written."""
    for node in selections.selections:
        if isinstance(node, FieldNode):
            yield node
        else:
            below: Node = fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            yield from _roots(below.selection_set, fragments)  # type: ignore[attr-defined]
