"""Where a field's value comes from, read from strawberry's definition of it, once for each schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

import strawberry
from graphql import GraphQLField, GraphQLNonNull, GraphQLObjectType
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from schema.audiences import Guard
from schema.engine.compiled.reasons import NotPlannable
from schema.levels import direct_of


class Kind(StrEnum):
    """The ways in which a value comes about, from the cheapest to the dearest."""

    ATTRIBUTE = "attribute"
    INLINE = "inline"
    """A plain function of the parent."""
    EACH = "each"
    """A function of the parent that is awaited."""
    LEVEL = "level"
    """A function of all parents at once."""
    VERB = "verb"
    """A field of a root type."""
    EVENT = "event"
    """What a subscription's source yields."""


@dataclass(frozen=True, slots=True)
class Source:
    """One field of one type."""

    kind: Kind
    name: str
    """The Python name."""
    field: GraphQLField
    arguments: Mapping[str, StrawberryArgument]
    """By GraphQL name."""
    function: Callable[..., Any] | None = None
    takes_parent: bool = False
    permission: str | None = None
    answers: tuple[type[Exception], ...] = ()
    reads: frozenset[str] | None = None
    """The attributes of the parent that it looks at; None where that is not known."""
    joined: bool = False
    parents_are: str | None = None
    takes_selected: bool = False
    """Whether its function is told what is selected of its answer."""

    @property
    def waits(self) -> bool:
        """Whether its value is awaited."""
        return self.kind in (Kind.EACH, Kind.LEVEL, Kind.VERB)


class Sources:
    """The sources of a schema's fields, each looked up once."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self.schema = schema
        self._known: dict[tuple[str, str], Source] = {}

    def of(self, type_: GraphQLObjectType, name: str) -> Source:
        """The source of a field; NotPlannable where only strawberry can resolve it."""
        found = self._known.get((type_.name, name))
        if found is None:
            found = self._known[type_.name, name] = self._read(type_, name)
        return found

    def _read(self, type_: GraphQLObjectType, name: str) -> Source:
        field = type_.fields.get(name)
        if field is None:
            raise NotPlannable("introspection")
        definition = field.extensions.get("strawberry-definition")
        if not isinstance(definition, StrawberryField):
            raise NotPlannable("field of another library")
        convert = self.schema.config.name_converter.from_argument
        arguments = {convert(argument): argument for argument in definition.arguments}
        permission = _permission(definition, field)
        if type_ is self.schema._schema.subscription_type:
            return Source(Kind.EVENT, definition.python_name, field, arguments, permission=permission)
        resolver = definition.base_resolver
        if resolver is None:
            name = definition.python_name
            return Source(Kind.ATTRIBUTE, name, field, {}, permission=permission, reads=frozenset((name,)))
        function = cast("Callable[..., Any]", resolver.wrapped_func)
        direct = direct_of(function)
        if direct is not None:
            kind = Kind.LEVEL if direct.of_level else Kind.VERB
            return Source(
                kind, definition.python_name, field, arguments, direct.function,
                permission=permission, answers=direct.answers, reads=direct.reads, joined=direct.joined,
                parents_are=direct.parents_are, takes_selected=direct.takes_selected,
            )  # fmt: skip
        if resolver.info_parameter is not None:
            raise NotPlannable("resolver that takes info")
        named = (resolver.self_parameter, resolver.root_parameter, resolver.parent_parameter)
        return Source(
            Kind.EACH if resolver.is_async else Kind.INLINE, definition.python_name, field, arguments,
            function, takes_parent=any(named), permission=permission,
            reads=getattr(function, "reads", None) if any(named) else frozenset(),
        )  # fmt: skip


def _permission(definition: StrawberryField, field: GraphQLField) -> str | None:
    found: str | None = None
    for extension in definition.extensions:
        if type(extension) is not Guard or found is not None or isinstance(field.type, GraphQLNonNull):
            raise NotPlannable("field extensions")
        found = extension.permission
    return found
