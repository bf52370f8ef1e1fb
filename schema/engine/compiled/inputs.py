"""Arguments as Python expressions, so that a call costs a look-up for each variable and no more."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Mapping
from dataclasses import MISSING
from typing import Any

import strawberry
from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNonNull,
    ObjectValueNode,
    OperationDefinitionNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_nullable_type,
    is_enum_type,
    is_leaf_type,
)
from graphql.execution.values import VariableValues
from graphql.type import is_required_argument, is_required_input_field, specified_scalar_types
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal
from strawberry.types.base import get_object_definition

from schema.engine.compiled.conversion import Conversion
from schema.engine.compiled.reasons import NotPlannable, OffPlan
from schema.engine.compiled.sources import Source

Named = Callable[[str, Any], str]
"""Keeps an object for the generated code and answers the name that it has there."""


class Inputs:
    """Writes the arguments of one operation's fields as expressions over `v`, its coerced variables."""

    def __init__(self, schema: strawberry.Schema, operation: OperationDefinitionNode, named: Named) -> None:
        self._schema, self._named = schema, named
        self._conversion = Conversion(schema)
        self._always = {
            definition.variable.name.value
            for definition in operation.variable_definitions or ()
            if definition.type.kind == "non_null_type" or definition.default_value is not None
        }
        self._never_null = {
            definition.variable.name.value
            for definition in operation.variable_definitions or ()
            if definition.type.kind == "non_null_type"
        }
        self.fallible = False
        """Whether an expression written since this was last reset can leave the plan."""

    def call(self, source: Source, node: FieldNode) -> list[str]:
        """`name=expression` and `**expression` for every argument that a field gets."""
        said = {argument.name.value: argument.value for argument in node.arguments or ()}
        parts = []
        for name, argument in source.field.args.items():
            theirs = source.arguments[name]
            if not theirs.python_name.isidentifier() or keyword.iskeyword(theirs.python_name):
                raise NotPlannable("argument name")
            written = self._written(said.get(name), argument, theirs.type)
            if written is None:
                continue
            expression, missing = written
            if missing is None:
                parts.append(f"{theirs.python_name}={expression}")
            else:
                parts.append(f"**({{{theirs.python_name!r}: {expression}}} if {missing} else {{}})")
        return parts

    def _written(
        self, node: ValueNode | None, wanted: GraphQLArgument | GraphQLInputField, theirs: Any
    ) -> tuple[str, str | None] | None:
        """An expression, and the condition under which there is a value; None where there is never one."""
        otherwise = self._default(wanted, theirs)
        if node is None:
            return None if otherwise is None else (otherwise, None)
        if not isinstance(node, VariableNode):
            return self._literal(node, wanted.type, theirs), None
        name = node.name.value
        value = self._converted(name, wanted.type, theirs)
        if name in self._always:
            return value, None
        present = f"{name!r} in v"
        if otherwise == "None" and value == f"v[{name!r}]":
            return f"v.get({name!r})", None
        if otherwise is not None:
            return f"({value} if {present} else {otherwise})", None
        if self._required(wanted):
            return value, None  # a KeyError leaves the plan, and graphql-core says what is missing
        return value, present

    def _required(self, wanted: GraphQLArgument | GraphQLInputField) -> bool:
        if isinstance(wanted, GraphQLArgument):
            return is_required_argument(wanted)
        return is_required_input_field(wanted)

    def _default(self, wanted: GraphQLArgument | GraphQLInputField, theirs: Any) -> str | None:
        value = coerce_default_value(wanted)
        if value is Undefined:
            return None
        if value is None or (value.__class__ in (bool, int, str) and _is_leaf(wanted.type)):
            return repr(value)

        def make() -> Any:
            return self._conversion.by_strawberry(coerce_default_value(wanted), theirs)

        return f"{self._named('default', make)}()"

    def _converted(self, variable: str, type_: GraphQLInputType, theirs: Any) -> str:
        """What strawberry makes of a variable's coerced value."""
        expression = f"v[{variable!r}]"
        if isinstance(type_, GraphQLNonNull) and variable not in self._never_null:
            self.fallible = True
            expression = f"{self._named('given', _given)}({expression})"
        convert = self._conversion.of(type_, theirs)
        return expression if convert is None else f"{self._named('convert', convert)}({expression})"

    def _literal(self, node: ValueNode, type_: GraphQLInputType, theirs: Any) -> str:
        named = get_nullable_type(type_)
        if isinstance(node, ObjectValueNode) and isinstance(named, GraphQLInputObjectType):
            written = self._object(node, named, theirs)
            if written is not None:
                return written
        if not _has_variables(node) and (is_enum_type(named) or named in specified_scalar_types.values()):
            value = coerce_input_literal(node, type_)
            if value is Undefined:
                raise NotPlannable("literal")
            return repr(value) if value.__class__ in (int, str, bool) else self._named("constant", value)
        self.fallible = True

        def make(given: Mapping[str, Any]) -> Any:
            value = coerce_input_literal(node, type_, VariableValues(_sources(given), dict(given)))
            if value is Undefined:
                raise OffPlan("literal with variables")
            return self._conversion.by_strawberry(value, theirs)

        return f"{self._named('literal', make)}(v)"

    def _object(self, node: ObjectValueNode, type_: GraphQLInputObjectType, theirs: Any) -> str | None:
        """The call of an input's class; None where strawberry has to make it."""
        while hasattr(theirs, "of_type"):
            theirs = theirs.of_type
        theirs = theirs.resolve_type() if hasattr(theirs, "resolve_type") else theirs
        definition = get_object_definition(theirs)
        if definition is None or definition.from_input is not None or type_.is_one_of:
            return None
        said = {field.name.value: field.value for field in node.fields}
        convert = self._schema.config.name_converter.from_field
        parts = []
        for field in definition.fields:
            name = convert(field)
            field_type = field.resolve_type(type_definition=definition)
            written = self._written(said.get(name), type_.fields[name], field_type)
            if written is None:
                if field.default_value is not MISSING or field.default_factory is not MISSING:
                    continue
                written = "None", None  # as strawberry fills what has no default
            if written[1] is not None:
                return None
            parts.append(f"{field.python_name}={written[0]}")
        return f"{self._named(type_.name, definition.origin)}({', '.join(parts)})"


def _given(value: Any) -> Any:
    if value is None:
        raise OffPlan("null for an argument that may not be null")
    return value


def _is_leaf(type_: GraphQLInputType) -> bool:
    return is_leaf_type(get_nullable_type(type_))


def _has_variables(node: ValueNode) -> bool:
    if isinstance(node, VariableNode):
        return True
    parts = getattr(node, "values", None) or [field.value for field in getattr(node, "fields", None) or ()]
    return any(_has_variables(part) for part in parts)


def _sources(given: Mapping[str, Any]) -> dict[str, Any]:
    return dict.fromkeys(given)
