"""Variables of simple types, coerced without asking graphql-core in each request what their types are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from graphql import (
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    get_nullable_type,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_variable_values
from graphql.type import specified_scalar_types
from graphql.utilities.coerce_input_value import coerce_default_value

from schema.engine.refused import refused_document

_MOST_INT = 2**31
_MOST_ERRORS = 5
_MOST_SUGGESTED = 4_096
"""Characters of a text for which similar names are looked for: each character takes time."""


def _is_text(value: Any) -> bool:
    return value.__class__ is str


def _is_flag(value: Any) -> bool:
    return value.__class__ is bool


def _is_int(value: Any) -> bool:
    return value.__class__ is int and -_MOST_INT <= value < _MOST_INT


_FITS: dict[str, Callable[[Any], bool]] = {
    "String": _is_text, "ID": _is_text, "Boolean": _is_flag, "Int": _is_int,
}  # fmt: skip
"""Types whose values graphql-core takes as they are when these say so."""


class SimpleVariables:
    """The variables of one operation."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self._signatures: list[tuple[GraphQLVariableSignature, Callable[[Any], bool] | None, bool, Any]] = []
        for definition in operation.variable_definitions or ():
            signature = get_variable_signature(schema, definition)
            if not isinstance(signature, GraphQLVariableSignature):
                raise TypeError("a valid document has variables of known types")
            named: Any = get_nullable_type(signature.type)
            simple = named is specified_scalar_types.get(getattr(named, "name", ""))
            fits = _FITS.get(named.name) if simple else None
            default = Undefined if definition.default_value is None else _default(signature)
            nullable = not isinstance(signature.type, GraphQLNonNull)
            self._signatures.append((signature, fits, nullable, default))

    def read(self, given: Mapping[str, Any]) -> VariableValues | None:
        """The coerced variables; None where one is not simple, so that graphql-core has to look at them."""
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for signature, fits, nullable, default in self._signatures:
            name = signature.name
            value = given.get(name, Undefined)
            if value is Undefined:
                sources[name] = VariableValueSource(signature)
                if default is None or (fits is not None and fits(default)):
                    coerced[name] = default
                elif default is not Undefined or not nullable:
                    return None
                continue
            sources[name] = VariableValueSource(signature, value)
            if not (nullable if value is None else fits is not None and fits(value)):
                return None
            coerced[name] = value
        return VariableValues(sources, coerced)


def _default(signature: GraphQLVariableSignature) -> Any:
    try:
        return coerce_default_value(signature)
    except TypeError:
        return Ellipsis  # no simple value: each request is told what is wrong with it


def coerced(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    given: Mapping[str, Any],
    hide_suggestions: bool,
) -> VariableValues:
    """Variables of any type, coerced by graphql-core; RequestRefused says what is wrong with them."""
    found = get_variable_values(
        schema,
        operation.variable_definitions or (),
        cast("dict[str, Any]", given),
        max_errors=_MOST_ERRORS,
        hide_suggestions=hide_suggestions or _longest(given) > _MOST_SUGGESTED,
    )
    if isinstance(found, list):
        raise refused_document("BAD_USER_INPUT", found)
    return found


def _longest(value: Any) -> int:
    """The length of the longest text in a value, keys included."""
    longest, left = 0, [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            longest = max(longest, len(one))
        elif isinstance(one, dict):
            left += one
            left += one.values()
        elif isinstance(one, list):
            left += one
    return longest
