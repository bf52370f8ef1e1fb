"""Levels: a field is one function over all parents of its level, never a query for each object."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import strawberry
from aiodataloader import DataLoader
from strawberry.types.base import get_object_definition
from strawberry.types.fields.resolver import StrawberryResolver

_F = TypeVar("_F", bound=Callable[..., Awaitable[list[Any]]])

LEVELS: dict[tuple[str, str], Callable[..., Any]] = {}
"""(GraphQL type, python name of the field) → its function; the compiled executor calls it directly."""


@dataclass(frozen=True, slots=True)
class Direct:
    """What lies behind a resolver that strawberry calls, for an executor that calls it without strawberry.

    A level takes `(parents, context, **arguments)`, a verb `(context, **arguments)`.
    """

    function: Callable[..., Any]
    of_level: bool = False
    answers: tuple[type[Exception], ...] = ()
    """Exceptions that are the field's value: a mutation's refusals."""


def direct_of(resolve: Callable[..., Any]) -> Direct | None:
    """What lies behind a resolver; None for one that has to be called as it is."""
    found = getattr(resolve, "direct", None)
    return found if isinstance(found, Direct) else None


def level(noun: type) -> Callable[[_F], _F]:
    """Say where a declared field of a noun comes from: `async def field(parents, context, **arguments)`.

    The function answers one value for each parent, in their order.
    """

    def bind(function: _F) -> _F:
        definition = get_object_definition(noun, strict=True)
        name = function.__name__
        field = next((f for f in definition.fields if f.python_name == name), None)
        if field is None:
            raise TypeError(f"{noun.__name__} declares no field {name}.")
        LEVELS[definition.name, name] = function
        field.base_resolver = StrawberryResolver(_batched(function))
        return function

    return bind


def _batched(function: Callable[..., Awaitable[list[Any]]]) -> Callable[..., Any]:
    async def resolve(root: strawberry.Parent[Any], info: strawberry.Info[Any, Any], **arguments: Any) -> Any:
        context = info.context
        key = function, tuple(arguments.items())
        loader = context.loaders.get(key)
        if loader is None:
            kept: list[Any] = []

            async def load(parents: Sequence[Any]) -> list[Any]:
                kept.extend(parents)  # the loader knows them by address, which nothing else may get meanwhile
                return await function(parents, context, **arguments)

            # It gathers and keeps nothing: a context outlives an event or a mutation's field, and an object
            # that is gone leaves its `id` to another, which would be given what was fetched for the first.
            loader = context.loaders[key] = DataLoader(load, cache=False)
        return await loader.load(root)

    take_signature(resolve, function)
    resolve.direct = Direct(function, of_level=True)  # type: ignore[attr-defined]
    return resolve


def take_signature(resolve: Callable[..., Any], function: Callable[..., Any], skip: int = 2) -> None:
    """Give a wrapper the arguments of `function` beyond its first `skip`, as strawberry reads them."""
    own, theirs = inspect.signature(resolve), inspect.signature(function)
    hints = typing.get_type_hints(function, include_extras=True)
    extra = [
        p.replace(kind=p.KEYWORD_ONLY, annotation=hints[p.name])
        for p in list(theirs.parameters.values())[skip:]
    ]
    kept = [p for p in own.parameters.values() if p.kind is not p.VAR_KEYWORD]
    mine = typing.get_type_hints(resolve, include_extras=True)
    kept = [p.replace(annotation=mine[p.name]) for p in kept]
    resolve.__signature__ = own.replace(  # type: ignore[attr-defined]
        parameters=[*kept, *extra], return_annotation=hints.get("return", Any)
    )
    resolve.__annotations__ = {p.name: p.annotation for p in [*kept, *extra]}
    resolve.__name__ = function.__name__
    resolve.__doc__ = function.__doc__
    resolve.__module__ = function.__module__
