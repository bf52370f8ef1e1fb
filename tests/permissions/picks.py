"""Selections made from the schema: every field of a type, with the rule that its directive declares."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from tests.house.sdl import audience_of

DEEPEST = 12


@dataclass(frozen=True)
class Pick:
    """A field that is asked for."""

    name: str
    coordinate: str
    field: GraphQLField
    below: tuple[Pick, ...] = ()
    arguments: str = ""

    @cached_property
    def permission(self) -> str | None:
        """What one has to hold."""
        return audience_of(self.field).permission

    @cached_property
    def named(self) -> GraphQLNamedType:
        """The type of its items."""
        return get_named_type(self.field.type)

    @cached_property
    def is_node(self) -> bool:
        """Whether its items have ids; then no more of them is asked for here."""
        return is_node(self.named)

    @property
    def text(self) -> str:
        """The selection in a document."""
        inner = "__typename id" if self.is_node else " ".join(pick.text for pick in self.below)
        return f"{self.name}{self.arguments}" + (f" {{ {inner} }}" if inner else "")


@dataclass
class Picker:
    """Makes selections for one schema, and remembers which fields there are."""

    schema: GraphQLSchema
    _made: dict[str, tuple[Pick, ...]] = field(default_factory=dict)

    def of(self, type_: GraphQLNamedType, above: tuple[str, ...] = ()) -> tuple[Pick, ...]:
        """Every field of a type that asks for nothing; objects without ids are looked into."""
        assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType), type_
        assert len(above) < DEEPEST, above
        if type_.name not in self._made:
            self._made[type_.name] = tuple(
                self._pick(type_.name, name, found, (*above, type_.name))
                for name, found in type_.fields.items()
                if not any(is_required_argument(said) for said in found.args.values())
            )
        return self._made[type_.name]

    def root(self, name: str) -> Pick:
        """A field of Query, whatever it asks for."""
        assert self.schema.query_type is not None
        return self._pick("Query", name, self.schema.query_type.fields[name], ("Query",))

    def _pick(self, owner: str, name: str, found: GraphQLField, above: tuple[str, ...]) -> Pick:
        named = get_named_type(found.type)
        whole = is_leaf_type(named) or (is_node(named) and owner != "Query")
        below = () if whole or named.name == "Node" else self.of(named, above)
        page = "(first: 100)" if "first" in found.args and owner != "Query" else ""
        return Pick(name, f"{owner}.{name}", found, below, page)


def is_node(type_: Any) -> bool:
    """Whether a type has ids by which it is found again."""
    interfaces = getattr(type_, "interfaces", ())
    return type_.name == "Node" or any(one.name == "Node" for one in interfaces)
