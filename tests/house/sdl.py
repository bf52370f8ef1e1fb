"""What every schema of ours must say of itself; each rule takes a schema and tells what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    DirectiveNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    is_introspection_type,
    is_non_null_type,
    is_specified_directive,
    is_specified_scalar_type,
    value_from_ast_untyped,
)

DIRECTIVE = "audience"


@dataclass(frozen=True)
class Audience:
    """Who may read a field, as its directive says."""

    permission: str | None = None
    owner: bool = False


def read(sdl: str) -> GraphQLSchema:
    """The schema that a text describes."""
    return build_schema(sdl)


def said_of(field: GraphQLField) -> list[dict[str, Any]]:
    """The arguments of each @audience of a field."""
    nodes: tuple[DirectiveNode, ...] = (
        () if field.ast_node is None else tuple(field.ast_node.directives or ())
    )
    return [
        {argument.name.value: value_from_ast_untyped(argument.value) for argument in node.arguments or ()}
        for node in nodes
        if node.name.value == DIRECTIVE
    ]


def audience_of(field: GraphQLField) -> Audience:
    """The one audience of a field; ValueError where there is not exactly one."""
    (said,) = said_of(field)
    return Audience(said.get("permission"), bool(said.get("owner")))


def composites(schema: GraphQLSchema) -> Iterator[tuple[str, GraphQLObjectType | GraphQLInterfaceType]]:
    """Our types with fields."""
    for name, type_ in schema.type_map.items():
        known = isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
        if known and not is_introspection_type(type_):
            yield name, type_  # type: ignore[misc]


def fields(schema: GraphQLSchema) -> Iterator[tuple[str, GraphQLField]]:
    """Every field by its coordinate, `Type.field`."""
    for name, type_ in composites(schema):
        for field_name, field in type_.fields.items():
            yield f"{name}.{field_name}", field


def every_field_has_one_audience(schema: GraphQLSchema) -> Iterator[str]:
    """A field declares who may read it: open, one permission, or its owner."""
    for coordinate, field in fields(schema):
        said = said_of(field)
        given = [value for one in said for value in one.values() if value is not None]
        if len(said) != 1 or len(given) != 1 or given[0] is False or given[0] == "":
            yield f"{coordinate} does not declare one audience"


def restricted_fields_allow_null(schema: GraphQLSchema) -> Iterator[str]:
    """A denied field is null, and its neighbours are answered; a subscription is refused as a whole."""
    streams = schema.subscription_type.name if schema.subscription_type else ""
    for coordinate, field in fields(schema):
        permissions = [one.get("permission") for one in said_of(field)]
        if any(permissions) and is_non_null_type(field.type) and not coordinate.startswith(f"{streams}."):
            yield f"{coordinate} is restricted and cannot be null"


def interfaces_say_what_their_types_say(schema: GraphQLSchema) -> Iterator[str]:
    """What is restricted in a type is not open in an interface of it, or the other way round."""
    for name, type_ in composites(schema):
        for interface in type_.interfaces:
            for field_name, field in interface.fields.items():
                if said_of(field) != said_of(type_.fields[field_name]):
                    yield f"{name}.{field_name} has another audience than {interface.name}.{field_name}"


def everything_is_described(schema: GraphQLSchema) -> Iterator[str]:
    """Types, fields, arguments, words, inputs and directives are documented where front ends read them."""
    for coordinate, described in documented(schema):
        if not (described or "").strip():
            yield f"{coordinate} has no description"


def documented(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """Everything that can carry a description, with what it carries."""
    for name, type_ in schema.type_map.items():
        if is_introspection_type(type_) or is_specified_scalar_type(type_):
            continue
        yield name, type_.description
        if isinstance(type_, GraphQLEnumType):
            yield from ((f"{name}.{word}", value.description) for word, value in type_.values.items())
        if isinstance(type_, GraphQLInputObjectType):
            yield from ((f"{name}.{key}", field.description) for key, field in type_.fields.items())
    for coordinate, field in fields(schema):
        yield coordinate, field.description
        yield from ((f"{coordinate}({key}:)", said.description) for key, said in field.args.items())
    for directive in schema.directives:
        if not is_specified_directive(directive):
            yield f"@{directive.name}", directive.description


def permissions_exist(vocabulary: frozenset[str]) -> Callable[[GraphQLSchema], Iterator[str]]:
    """Nobody can hold a permission that does not exist."""

    def permissions_are_known(schema: GraphQLSchema) -> Iterator[str]:
        for coordinate, field in fields(schema):
            for said in said_of(field):
                if said.get("permission") and said["permission"] not in vocabulary:
                    yield f"{coordinate} asks for {said['permission']}, which does not exist"

    return permissions_are_known
