"""Levels: a field is one function over all parents of its level, never a query for each object."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import strawberry
from aiodataloader import DataLoader
from strawberry.types.base import get_object_definition
from strawberry.types.fields.resolver import StrawberryResolver

from domain.selected import UNREAD, joined_of

_F = TypeVar("_F", bound=Callable[..., Awaitable[list[Any]]])
_R = TypeVar("_R", bound=Callable[..., Any])

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
    reads: frozenset[str] | None = None
    """The attributes of its parents that a level looks at; None where nobody has said so."""
    joined: bool = False
    """Whether reads may have attached its value to the parents."""
    parents_are: str | None = None
    """The field of what it answers that leads back to the parents."""

    @property
    def takes_selected(self) -> bool:
        """Whether the function is told what of its answer is selected."""
        return SELECTED in inspect.signature(self.function).parameters


SELECTED = "selected"
"""The parameter by which a function is told; it has a default, `ALL`, for graphql-core tells nothing."""


def direct_of(resolve: Callable[..., Any]) -> Direct | None:
    """What lies behind a resolver; None for one that has to be called as it is."""
    found = getattr(resolve, "direct", None)
    return found if isinstance(found, Direct) else None


def reading(*attributes: str) -> Callable[[_R], _R]:
    """Say which attributes of its parent a field's plain function looks at; others are not read for it."""

    def say(function: _R) -> _R:
        function.reads = frozenset(attributes)  # type: ignore[attr-defined]
        return function

    return say


def level(
    noun: type, *reads: str, joined: bool = False, parents_are: str | None = None
) -> Callable[[_F], _F]:
    """Say where a declared field of a noun comes from: `async def field(parents, context, **arguments)`.

    The function answers one value for each parent, in their order. `reads` are the parents' attributes that
    it looks at: what is not among them is not read for it. A `joined` field is a to-one relation: parents
    that were read together with its object are not asked about again. `parents_are` names the field of the
    answered objects whose value the function attaches: the parents themselves.
    """

    def bind(function: _F) -> _F:
        definition = get_object_definition(noun, strict=True)
        name = function.__name__
        field = next((f for f in definition.fields if f.python_name == name), None)
        if field is None:
            raise TypeError(f"{noun.__name__} declares no field {name}.")
        source = _or_joined(function, name) if joined else function
        LEVELS[definition.name, name] = source
        direct = Direct(
            source, of_level=True, reads=frozenset(reads) or None, joined=joined, parents_are=parents_are
        )
        field.base_resolver = StrawberryResolver(_batched(source, direct))
        return function

    return bind


def _or_joined(function: Callable[..., Awaitable[list[Any]]], name: str) -> Callable[..., Any]:
    """Ask the function about those parents only to which no read has attached the object."""

    @functools.wraps(function)
    async def answer(parents: Sequence[Any], context: Any, **arguments: Any) -> list[Any]:
        found = [joined_of(parent, name) for parent in parents]
        others = [parent for parent, value in zip(parents, found, strict=True) if value is UNREAD]
        if not others:
            return found
        fetched = iter(await function(others, context, **arguments))
        return [next(fetched) if value is UNREAD else value for value in found]

    return answer


def _batched(function: Callable[..., Awaitable[list[Any]]], direct: Direct) -> Callable[..., Any]:
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
    resolve.direct = direct  # type: ignore[attr-defined]
    return resolve


def take_signature(resolve: Callable[..., Any], function: Callable[..., Any], skip: int = 2) -> None:
    """Give a wrapper the arguments of `function` beyond its first `skip`, as strawberry reads them."""
    own, theirs = inspect.signature(resolve), inspect.signature(function)
    hints = typing.get_type_hints(function, include_extras=True)
    extra = [
        p.replace(kind=p.KEYWORD_ONLY, annotation=hints[p.name])
        for p in list(theirs.parameters.values())[skip:]
        if p.name != SELECTED
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
