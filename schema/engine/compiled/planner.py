"""From a validated operation to its tree, in one memoised pass that gives up beyond a bound."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
)

from schema.engine.compiled.reasons import NotPlannable
from schema.engine.compiled.sources import Kind, Source, Sources
from schema.engine.compiled.tree import Asked, Choice, Selection

TYPENAME = "__typename"


@dataclass(frozen=True, slots=True)
class PlanLimits:
    """How far planning goes before it leaves an operation to graphql-core."""

    max_visits: int = 20_000
    """Selections looked at, a fragment counted at each type that it is spread in."""
    max_fields: int = 1_500
    """Fields in the generated function."""
    kept_plans: int = 1_000
    """Plans in memory, least recently used first out."""
    kept_from: int = 2
    """At which run of a plan objects begin to keep what was written of them."""


class Planner:
    """Plans one operation for one combination of its @skip/@include variables; without `flags` whatever one
    of them lets in.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        sources: Sources,
        fragments: Mapping[str, FragmentDefinitionNode],
        flags: Mapping[str, bool] | None,
        denied: Collection[str] = (),
        limits: PlanLimits | None = None,
    ) -> None:
        self._schema, self._sources = schema, sources
        self._fragments, self._flags, self._denied = fragments, flags, denied
        self._limits = limits or PlanLimits()
        self._by_nodes: dict[tuple[str, tuple[int, ...]], Selection] = {}
        self._by_fields: dict[tuple[str, tuple[tuple[object, ...], ...]], Selection] = {}
        self._matching: dict[tuple[str, str], bool] = {}
        self._numbers = 0
        self.visits = 0
        self.fields = 0
        self.permissions: set[str] = set()

    def plan(self, operation: OperationDefinitionNode) -> Selection:
        """The tree of an operation; NotPlannable says why there is none."""
        if operation.directives:
            raise NotPlannable("directive on the operation")
        root = self._schema.get_root_type(operation.operation)
        if root is None:
            raise NotPlannable("no such root type")
        return self._selection(root, [operation.selection_set])

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _selection(self, type_: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> Selection:
        nodes = type_.name, tuple(map(id, sets))
        found = self._by_nodes.get(nodes)
        if found is None:
            grouped: dict[str, list[FieldNode]] = {}
            visited: set[str] = set()
            for one in sets:
                self._collect(type_, one, grouped, visited)
            # Fragments that are spread in many places have the same fields everywhere.
            fields = type_.name, tuple((key, *map(id, group)) for key, group in grouped.items())
            found = self._by_fields.get(fields)
            if found is None:
                found = self._by_fields[fields] = self._make(type_, grouped)
            self._by_nodes[nodes] = found
        return found

    def _make(self, type_: GraphQLObjectType, grouped: Mapping[str, list[FieldNode]]) -> Selection:
        selection = Selection(self._number(), type_)
        self.fields += len(grouped)
        if self.fields > self._limits.max_fields:
            raise NotPlannable("too many fields")
        for key, nodes in grouped.items():
            selection.fields.append(self._asked(type_, key, nodes))
        selection.waits = any(asked.waits for asked in selection.fields)
        return selection

    def _asked(self, type_: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> Asked:
        name = nodes[0].name.value
        if name == TYPENAME:
            return Asked(key, tuple(nodes), type_, None)
        source = self._sources.of(type_, name)
        if type_ is self._schema.mutation_type and source.kind is not Kind.VERB:
            raise NotPlannable("mutation that could run twice")
        if source.permission is not None:
            self.permissions.add(source.permission)
            if source.permission in self._denied:
                return Asked(key, tuple(nodes), source.field.type, source, denied=source.permission)
        below = self._below(source.field.type, source, nodes)
        return Asked(key, tuple(nodes), source.field.type, source, below)

    def _below(
        self, type_: GraphQLOutputType, source: Source, nodes: Sequence[FieldNode]
    ) -> Selection | Choice | None:
        named = get_named_type(type_)
        sets = [node.selection_set for node in nodes if node.selection_set]
        if isinstance(named, GraphQLObjectType):
            return self._selection(named, sets)
        if not is_abstract_type(named):
            return None
        if source.kind is Kind.ATTRIBUTE and named.resolve_type is None:
            raise NotPlannable("abstract type without a resolver")
        possible = self._schema.get_possible_types(named)
        options = {one.name: self._selection(one, sets) for one in possible}
        waits = any(option.waits for option in options.values())
        return Choice(self._number(), named, nodes[0].name.value, options, waits)

    def _collect(
        self,
        type_: GraphQLObjectType,
        node: SelectionSetNode,
        grouped: dict[str, list[FieldNode]],
        visited: set[str],
    ) -> None:
        for selection in node.selections:
            self.visits += 1
            if self.visits > self._limits.max_visits:
                raise NotPlannable("too many selections")
            if selection.directives and not self._included(selection):
                continue
            if isinstance(selection, FieldNode):
                key = (selection.alias or selection.name).value
                grouped.setdefault(key, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                if self._matches(type_, selection):
                    self._collect(type_, selection.selection_set, grouped, visited)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in visited:
                fragment = self._fragments[selection.name.value]
                if self._matches(type_, fragment):
                    visited.add(selection.name.value)
                    self._collect(type_, fragment.selection_set, grouped, visited)

    def _included(self, node: SelectionNode) -> bool:
        for directive in node.directives or ():
            name = directive.name.value
            if name not in ("skip", "include"):
                raise NotPlannable(f"directive @{name}")
            said = directive.arguments[0].value if directive.arguments else None
            if isinstance(said, VariableNode):
                if self._flags is None:
                    continue
                value = self._flags[said.name.value]
            elif isinstance(said, BooleanValueNode):
                value = said.value
            else:
                raise NotPlannable("directive without a value")
            if value is (name == "skip"):
                return False
        return True

    def _matches(
        self, type_: GraphQLObjectType, fragment: FragmentDefinitionNode | InlineFragmentNode
    ) -> bool:
        condition = fragment.type_condition
        if condition is None or condition.name.value == type_.name:
            return True
        asked = condition.name.value, type_.name
        known = self._matching.get(asked)
        if known is None:
            on = self._schema.get_type(asked[0])
            known = self._matching[asked] = is_abstract_type(on) and self._schema.is_sub_type(on, type_)
        return known


def flags_of(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> tuple[str, ...]:
    """The variables that decide @skip and @include in an operation and in the fragments it spreads."""
    found: dict[str, None] = {}
    spread: set[str] = set()
    todo: list[SelectionSetNode] = [operation.selection_set]
    while todo:
        for node in todo.pop().selections:
            for directive in node.directives or ():
                for argument in directive.arguments or ():
                    if isinstance(argument.value, VariableNode):
                        found[argument.value.name.value] = None
            if isinstance(node, FragmentSpreadNode):
                if node.name.value not in spread:
                    spread.add(node.name.value)
                    todo.append(fragments[node.name.value].selection_set)
            elif isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set:
                todo.append(node.selection_set)
    return tuple(sorted(found))
