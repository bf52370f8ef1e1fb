"""Input objects made of coerced values: what strawberry looks up for each value, a plan looks up once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from typing import Any

import strawberry
from graphql import GraphQLInputObjectType, GraphQLInputType, GraphQLList, get_nullable_type, is_leaf_type
from strawberry import UNSET
from strawberry.relay import GlobalID
from strawberry.types.arguments import convert_argument
from strawberry.types.base import StrawberryList, StrawberryOptional, get_object_definition

Convert = Callable[[Any], Any]
"""From what graphql-core has coerced to what a resolver is given."""


class Conversion:
    """Makes converters that agree with strawberry's own, which does whatever they do not know."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self._schema = schema
        self._made: dict[Any, Convert] = {}

    def by_strawberry(self, value: Any, theirs: Any) -> Any:
        """What strawberry makes of a coerced value."""
        return convert_argument(
            value, theirs, self._schema.schema_converter.scalar_registry, self._schema.config
        )

    def of(self, type_: GraphQLInputType, theirs: Any) -> Convert | None:
        """The converter of a type, which strawberry calls `theirs`; None where values stay as they are."""
        named: Any = get_nullable_type(type_)
        while type(theirs) is StrawberryOptional:
            theirs = theirs.of_type
        if is_leaf_type(named) and theirs is not GlobalID:
            return None
        if isinstance(named, GraphQLList) and type(theirs) is StrawberryList:
            return _of_list(self.of(named.of_type, theirs.of_type))
        if isinstance(named, GraphQLInputObjectType):
            definition = get_object_definition(theirs)
            if definition is not None and definition.from_input is None and not named.is_one_of:
                return self._of_object(named, definition)
        return lambda value: self.by_strawberry(value, theirs)

    def _of_object(self, type_: GraphQLInputObjectType, definition: Any) -> Convert:
        """The converter of an input; of one that holds itself, a call of what is being made."""
        made, origin = self._made, definition.origin
        if origin in made:
            return lambda value: made[origin](value)
        made[origin] = lambda value: value  # stands for it meanwhile
        name_of = self._schema.config.name_converter.from_field
        empty = {
            field.python_name: None
            for field in definition.fields
            if field.default_value is MISSING and field.default_factory is MISSING
        }
        fields = []
        for field in definition.fields:
            name = name_of(field)
            theirs = field.resolve_type(type_definition=definition)
            fields.append((name, field.python_name, self.of(type_.fields[name].type, theirs)))

        def convert(value: Mapping[str, Any] | None) -> Any:
            if value is None or value is UNSET:
                return value
            given: dict[str, Any] = dict(empty)
            for name, python_name, inner in fields:
                if name in value:
                    said = value[name]
                    given[python_name] = said if inner is None else inner(said)
            return origin(**given)

        made[origin] = convert
        return convert


def _of_list(item: Convert | None) -> Convert:
    """A list of its own each time: graphql-core gives the same default to everybody."""

    def convert(values: Any) -> Any:
        if values is None or values is UNSET:
            return values
        return list(values) if item is None else [item(value) for value in values]

    return convert
