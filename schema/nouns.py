"""Nouns: GraphQL object types over the domain's views, and the interface by which each is found again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

from schema import ids
from schema.audiences import open_to_all

_T = TypeVar("_T", bound=type)
_N = TypeVar("_N")

SOURCES: dict[type, tuple[type, ...]] = {}
"""Noun → the classes of the domain that it shows."""


@strawberry.interface(description="Anything that has an id and can be found again by it.")
class Node:
    """Relay's Node."""

    id: strawberry.ID = open_to_all("The opaque, stable id.")


def noun(
    *sources: type, description: str, prefix: str | None = None, name: str | None = None
) -> Callable[[_T], _T]:
    """Declare an object type that shows instances of the domain's `sources`.

    With a `prefix` its ids begin with it, and `node(id:)` finds it.
    """

    def declare(cls: _T) -> _T:
        def is_type_of(obj: Any, _info: Any) -> bool:
            return isinstance(obj, sources)

        cls.is_type_of = is_type_of  # type: ignore[attr-defined]
        declared: Any = strawberry.type(cls, description=description, name=name)
        SOURCES[declared] = sources
        if prefix is not None:
            ids.PREFIXES[prefix] = declared.__strawberry_definition__.name
        return declared  # type: ignore[no-any-return]

    return declare


def shown(noun_type: type[_N], view: object) -> _N:
    """Tell the type checker that a noun's source stands for the noun; at run time it is the view itself."""
    return cast(_N, view)
