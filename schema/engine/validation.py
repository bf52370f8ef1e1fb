"""graphql-core's validation within a bound of work: no document is expensive because it is wrong."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    SKIP,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLInputType,
    GraphQLSchema,
    Node,
    NoSchemaIntrospectionCustomRule,
    TypeInfo,
    TypeInfoVisitor,
    ValidationContext,
    ValueNode,
    VisitorAction,
    specified_rules,
    visit,
)
from graphql.language import ParallelVisitor
from graphql.language.visitor import EnterLeaveVisitor
from graphql.utilities.validate_input_value import validate_input_literal
from graphql.validation import (
    ASTValidationRule,
    OverlappingFieldsCanBeMergedRule,
    UniqueDirectivesPerLocationRule,
    ValuesOfCorrectTypeRule,
)
from graphql.validation.validate import (
    FragmentNestingVisitor,
    ValidationAbortedError,
    query_document_keys_to_validate,
)
from graphql.validation.validation_context import NodeWithSelectionSet, VariableUsage, VariableUsageVisitor

from schema.engine.refused import RequestRefused, refusal, refused_document


@dataclass(frozen=True, slots=True)
class Effort:
    """How far validation goes; what a document costs beyond this is refused."""

    errors: int = 10
    """Errors that are told of one document."""
    errors_of_literal: int = 3
    """Errors that are told of one literal: graphql-core prints all of it for each of them."""
    literal: int = 500
    """Characters beyond which one error is told of a literal."""
    suggestions: int = 3
    """Errors that come with a "Did you mean": each compares the name with every name in its place."""
    merging: int = 2_000
    """Steps of finding out whether fields of one response name can be merged."""
    sharing: int = 5_000
    """Spreads and variables looked at for the operations that share fragments."""


class Validation:
    """The rules of one schema."""

    def __init__(self, schema: GraphQLSchema, *, introspection: bool, effort: Effort | None = None) -> None:
        self._schema, self._effort, self._hide_suggestions = schema, effort or Effort(), not introspection
        replaced: dict[type[ASTValidationRule], type[ASTValidationRule]] = {
            OverlappingFieldsCanBeMergedRule: _Merging,
            ValuesOfCorrectTypeRule: _Values,
            UniqueDirectivesPerLocationRule: _Directives,
        }
        self._rules = [replaced.get(rule, rule) for rule in specified_rules]
        if not introspection:
            self._rules.append(NoSchemaIntrospectionCustomRule)

    def check(self, document: DocumentNode) -> None:
        """Raise RequestRefused for a document that breaks a rule, or takes too long to find out."""
        type_info = TypeInfo(self._schema)
        context = BoundContext(self._schema, document, type_info, self._effort, self._hide_suggestions)
        visitors: list[Any] = [rule(context) for rule in self._rules]
        fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        if fragments:
            visitors.insert(0, FragmentNestingVisitor(fragments))
        try:
            visit(document, TypeInfoVisitor(type_info, _Together(visitors)), _KEYS)
        except _Enough:
            message = f"These are the first {self._effort.errors} errors; the document has more."
            context.told.append(GraphQLError(message))
        except ValidationAbortedError:
            raise _too_much(context) from None
        except RecursionError:
            message = "The document nests too deeply; ask for less at a time."
            raise refusal("TOO_DEEP", message, document=True) from None
        if context.told:
            raise refused_document("GRAPHQL_VALIDATION_FAILED", context.told)


_KEYS = {
    kind: tuple(key for key in keys if key not in ("name", "alias"))
    for kind, keys in query_document_keys_to_validate.items()
}
"""Where visitors go: no rule looks at names by themselves, and they are a third of all nodes."""


class _Together(ParallelVisitor):
    """Calls the visitors that have something to do for a kind of node; graphql-core asks all of them."""

    def get_enter_leave_for_kind(self, kind: str) -> EnterLeaveVisitor:
        """What is called for nodes of a kind."""
        found = self.enter_leave_map.get(kind)
        if found is None:
            methods = [
                (at, *visitor.get_enter_leave_for_kind(kind)) for at, visitor in enumerate(self.visitors)
            ]
            acting = [(at, enter, leave) for at, enter, leave in methods if enter or leave]
            found = self._calling(acting) if acting else EnterLeaveVisitor(None, None)
            self.enter_leave_map[kind] = found
        return found

    def _calling(self, acting: Sequence[tuple[int, Any, Any]]) -> EnterLeaveVisitor:
        skipping = self.skipping

        def enter(node: Node, *where: Any) -> None:
            for at, entered, _ in acting:
                if entered and not skipping[at]:
                    action = entered(node, *where)
                    if action is SKIP or action is False:
                        skipping[at] = node
                    elif action is not None:
                        raise TypeError("a rule of validation neither edits nor stops")

        def leave(node: Node, *where: Any) -> None:
            for at, _, left in acting:
                if skipping[at] is node:
                    skipping[at] = None
                elif left and not skipping[at]:
                    left(node, *where)

        return EnterLeaveVisitor(enter, leave)


class _Enough(Exception):
    """As many errors were found as are told."""


class BoundContext(ValidationContext):
    """Collects errors, and keeps what is left of the effort."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        type_info: TypeInfo,
        effort: Effort,
        hide_suggestions: bool,
    ) -> None:
        super().__init__(schema, document, type_info, self._tell, hide_suggestions)
        self.effort = effort
        self.told: list[GraphQLError] = []
        self._remaining_fragment_work = effort.sharing
        body = document.loc.source.body if document.loc else ""
        self._dollars = [found for found, sign in enumerate(body) if sign == "$"] if "$" in body else []
        # Nodes are equal when all below them is, so a plain dict would read the document for each look-up.
        known: Any = _ByIdentity
        self._fragment_spreads, self._variable_usages = known(), known()
        self._recursive_variable_usages = known()

    @property
    def shares_too_much(self) -> bool:
        """Whether looking at shared fragments was given up."""
        return self._remaining_fragment_work < 0

    @property
    def hide_suggestions(self) -> bool:
        """Only the first errors come with suggestions."""
        return self._hide_suggestions or len(self.told) >= self.effort.suggestions

    def get_variable_usages(self, node: NodeWithSelectionSet) -> list[VariableUsage]:
        """The variables of a definition."""
        usages = self._variable_usages.get(node)
        if usages is None:
            of_fragment = node if isinstance(node, FragmentDefinitionNode) else None
            visitor = _Usages(self._type_info, of_fragment, self._dollars)
            visit(node, TypeInfoVisitor(self._type_info, visitor), _KEYS)
            usages = self._variable_usages[node] = visitor.usages
        return usages

    def _tell(self, error: GraphQLError) -> None:
        if len(self.told) >= self.effort.errors:
            raise _Enough
        self.told.append(error)


class _Usages(VariableUsageVisitor):
    """Finds variables without a look at what holds none: each begins with a `$` in the text."""

    def __init__(
        self, type_info: TypeInfo, fragment: FragmentDefinitionNode | None, dollars: Sequence[int]
    ) -> None:
        super().__init__(type_info, fragment)
        self._dollars = dollars

    def _look(self, node: Node, *_where: Any) -> VisitorAction:
        place = node.loc
        if place is None:
            return None
        first = bisect_left(self._dollars, place.start)
        return None if first < len(self._dollars) and self._dollars[first] < place.end else SKIP

    enter_selection_set = enter_field = enter_inline_fragment = enter_fragment_spread = _look
    enter_directive = enter_argument = enter_object_value = enter_object_field = enter_list_value = _look
    enter_int_value = enter_string_value = enter_enum_value = enter_boolean_value = _look


class _ByIdentity(dict[Any, Any]):
    """What is known of nodes that live longer than it does."""

    def get(self, node: Node, otherwise: Any = None) -> Any:
        return super().get(id(node), otherwise)

    def __setitem__(self, node: Node, value: Any) -> None:
        super().__setitem__(id(node), value)


class _Directives(UniqueDirectivesPerLocationRule):
    """Without a look at nodes that can have none."""

    def get_enter_leave_for_kind(self, kind: str) -> EnterLeaveVisitor:
        """What is called for nodes of a kind."""
        if "directives" not in _KEYS.get(kind, ()):
            return EnterLeaveVisitor(None, None)
        return super().get_enter_leave_for_kind(kind)


class _Merging(OverlappingFieldsCanBeMergedRule):
    """With a bound of our own: graphql-core's lets a document take half a second."""

    def __init__(self, context: BoundContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = context.effort.merging


class _Values(ValuesOfCorrectTypeRule):
    """With a bound on the errors of one literal."""

    context: BoundContext

    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> VisitorAction:
        """Report what is wrong with a literal."""
        found, effort = 0, self.context.effort
        short = node.loc is None or node.loc.end - node.loc.start <= effort.literal
        most = effort.errors_of_literal if short else 1

        def report(error: GraphQLError, _path: Sequence[str | int]) -> None:
            nonlocal found
            found += 1
            self.report_error(error)
            if found >= most:
                raise _Enough

        if input_type is not None:
            hide = self.context.hide_suggestions
            try:
                validate_input_literal(node, input_type, report, None, None, hide)
            except _Enough:
                if len(self.context.told) >= effort.errors:
                    raise
        return SKIP


def _too_much(context: BoundContext) -> RequestRefused:
    if context.shares_too_much:
        message = (
            "Its operations share so many fragments that the document takes too long to check: split it."
        )
        return refusal("TOO_MANY_FRAGMENTS", message, document=True, limit=context.effort.sharing)
    message = "The same fields stand in so many places that they take too long to merge: write each once."
    return refusal("TOO_MANY_FIELDS", message, document=True, limit=context.effort.merging)
