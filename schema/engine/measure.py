"""One memoised pass over a parsed document, so that nothing costly is ever started for a document that asks
too much.

Each definition is visited once, however often fragments refer to each other. The counts are those of the
document with its fragments written out, an upper bound of what execution can meet.
"""

from __future__ import annotations

from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from schema.engine.cost import LEAF, NOTHING, OBJECT, ONCE, CostProgram, Expression, PageSize, add
from schema.engine.limits import DocumentLimits
from schema.engine.refused import refusal
from schema.engine.roots import ABOUT_SCHEMA

_OF_SCHEMA = {
    "fields": 6, "args": 2, "inputFields": 3, "enumValues": 3, "possibleTypes": 2, "interfaces": 1,
    "directives": 8,
}  # fmt: skip
"""How many items the lists of introspection hold, about."""
_CHEAP = 50
"""Objects of the schema that cost as much as one of the database: they are read from memory."""
_NESTING = 200
"""Selection sets inside each other, fragments included: where the pass stops instead of filling the stack."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a selection set asks for. `paged` is the part below `edges` or `nodes`, which counts once per
    item.
    """

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    own: Expression = NOTHING
    paged: Expression = NOTHING


_NOTHING = Measured()


class DocumentMeasure:
    """Depth, aliases, root fields and cost of every operation of one document."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, limits: DocumentLimits) -> None:
        self._schema = schema
        self._limits = limits
        self._fragments = {
            d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)
        }
        self._known: dict[str, Measured] = {}
        self.program = CostProgram()
        self.visits = 0
        """Selections that the pass looked at: never more than the document has."""

    def operation(self, node: OperationDefinitionNode) -> Measured:
        """Measure one operation; fragments that an earlier one used are known already."""
        return self._selections(node.selection_set, self._schema.get_root_type(node.operation), 1)

    def _selections(
        self,
        node: SelectionSetNode,
        parent: GraphQLNamedType | None,
        level: int,
        names: dict[str, int] | None = None,
    ) -> Measured:
        """`names` counts the response names of one level of the answer, which inline fragments share."""
        if level > _NESTING:
            raise refusal("TOO_DEEP", "The document nests too deeply; ask for less at a time.", document=True)
        parts: list[Measured] = []
        names = {} if names is None else names
        spread: set[str] = set()
        for selection in node.selections:
            self.visits += 1
            if isinstance(selection, FieldNode):
                self._count_name(selection, names)
                parts.append(self._field(selection, parent, level))
            elif isinstance(selection, InlineFragmentNode):
                on = selection.type_condition
                inner = self._schema.get_type(on.name.value) if on else parent
                parts.append(self._selections(selection.selection_set, inner, level + 1, names))
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in spread:
                spread.add(selection.name.value)
                parts.append(self._fragment(selection.name.value, level))
        return Measured(
            max((p.depth for p in parts), default=0),
            sum(p.aliases for p in parts),
            sum(p.fields for p in parts),
            add([p.own for p in parts]),
            add([p.paged for p in parts]),
        )

    def _count_name(self, node: FieldNode, names: dict[str, int]) -> None:
        name = (node.alias or node.name).value
        names[name] = times = names.get(name, 0) + 1
        if times > self._limits.max_repeats:
            raise refusal(
                "TOO_MANY_FIELDS",
                f"'{name}' stands more than {self._limits.max_repeats} times in one selection set: "
                "write it once.",
                document=True,
                limit=self._limits.max_repeats,
            )

    def _fragment(self, name: str, level: int) -> Measured:
        if (known := self._known.get(name)) is not None:
            return known
        definition = self._fragments.get(name)
        if definition is None:
            return _NOTHING
        self._known[name] = _NOTHING  # what a cycle finds; validation reports it
        on = self._schema.get_type(definition.type_condition.name.value)
        inner = self._selections(definition.selection_set, on, level + 1)
        shared = Measured(
            inner.depth,
            inner.aliases,
            inner.fields,
            self.program.once(inner.own),
            self.program.once(inner.paged),
        )
        self._known[name] = shared
        return shared

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None, level: int) -> Measured:
        alias = 1 if node.alias is not None else 0
        field = self._schema.get_field(parent, node.name.value) if is_composite_type(parent) else None
        if node.selection_set is None:
            leaf = Expression(0 if node.name.value == "__typename" else LEAF + self._weight(parent, node))
            return Measured(1, alias, 1, leaf)
        type_ = get_named_type(field.type) if field else None
        below = self._selections(node.selection_set, type_, level + 1)
        depth, aliases = below.depth + 1, below.aliases + alias
        own = add([Expression(OBJECT + self._weight(parent, node)), below.own])
        many = field is not None and is_list_type(get_nullable_type(field.type))
        if many and _is_connection(parent) and node.name.value in ("edges", "nodes"):
            return Measured(depth, aliases, 1, paged=own)
        page = self._page(node, field)
        if _is_connection(type_):
            cost = add([own, self.program.times(below.paged, page or ONCE)])
        elif many or page:
            cost = self.program.times(own, page or self._list(parent, node.name.value))
        else:
            cost = own
        if node.name.value in ABOUT_SCHEMA:
            cost = Expression(cost.constant // _CHEAP, cost.registers)
        return Measured(depth, aliases, 1, cost)

    def _list(self, parent: GraphQLNamedType | None, name: str) -> PageSize:
        """What a list without page arguments is taken to hold."""
        if parent is None or not parent.name.startswith("__"):
            return PageSize(self._limits.list_size)
        return PageSize(len(self._schema.type_map) if name == "types" else _OF_SCHEMA.get(name, 1))

    def _weight(self, parent: GraphQLNamedType | None, node: FieldNode) -> int:
        weights = self._limits.weights
        return weights.get(f"{parent.name}.{node.name.value}", 0) * OBJECT if weights and parent else 0

    def _page(self, node: FieldNode, field: GraphQLField | None) -> PageSize | None:
        if field is None or not ("first" in field.args or "last" in field.args):
            return None
        least, variables, said = 0, [], False
        for argument in node.arguments or ():
            name = argument.name.value
            if name not in ("first", "last"):
                continue
            if isinstance(argument.value, VariableNode):
                said, variable = True, argument.value.name.value
                fallback = 0 if name == "last" else self._unsaid(field)
                variables.append((variable, fallback))
            elif isinstance(argument.value, IntValueNode):
                said, least = True, max(least, int(argument.value.value[:12]))
        return PageSize(least if said else self._unsaid(field), tuple(variables))

    def _unsaid(self, field: GraphQLField) -> int:
        argument = field.args.get("first")
        default = argument.default_value if argument else None
        return default if isinstance(default, int) else self._limits.page_size


def _is_connection(type_: GraphQLNamedType | None) -> bool:
    return isinstance(type_, GraphQLObjectType) and "pageInfo" in type_.fields and "edges" in type_.fields
