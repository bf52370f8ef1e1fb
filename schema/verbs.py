"""Verbs: how resolvers declare the fields of Query, Mutation and Subscription, each with its audience."""

from __future__ import annotations

import inspect
import operator
import types
import typing
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Annotated, Any, TypeVar, cast

import strawberry

from domain.refusals import IdempotencyConflict, Refusal
from schema.audiences import Audience, Guard
from schema.following import Following
from schema.levels import Direct, take_signature
from schema.refusals import GENERAL, Answer, result_union

_F = TypeVar("_F", bound=Callable[..., Any])

QUERIES: dict[str, Any] = {}
MUTATIONS: dict[str, Any] = {}
SUBSCRIPTIONS: dict[str, Any] = {}


def query(requires: str | None = None) -> Callable[[_F], _F]:
    """A field of Query: `async def name(context, **arguments)`; with `requires` its type must allow null."""

    def declare(function: _F) -> _F:
        async def resolve(info: strawberry.Info[Any, Any], **arguments: Any) -> Any:
            return await function(info.context, **arguments)

        take_signature(resolve, function, skip=1)
        resolve.direct = Direct(function)  # type: ignore[attr-defined]
        hint = typing.get_type_hints(function, include_extras=True)["return"]
        if requires is not None and not _allows_null(hint):
            raise TypeError(f"{function.__name__} is restricted, so it must allow null.")
        QUERIES[function.__name__] = strawberry.field(resolver=resolve, **_declared(function, requires))
        return function

    return declare


def mutation(requires: str | None = None, fails_with: tuple[type[Refusal], ...] = ()) -> Callable[[_F], _F]:
    """A field of Mutation: `async def verb_noun(context, input) -> Noun`.

    Its type is the union of the noun and the refusals `fails_with` (the general ones are added); a refusal
    that is raised becomes the answer, and one that was not declared is a fault.
    """

    def declare(function: _F) -> _F:
        hints = typing.get_type_hints(function, include_extras=True)
        declared = (*GENERAL, *fails_with)
        if hasattr(hints.get("input"), "__dataclass_fields__") and (
            "idempotency_key" in hints["input"].__dataclass_fields__
        ):
            declared = (*declared, IdempotencyConflict)

        async def resolve(info: strawberry.Info[Any, Any], **arguments: Any) -> Any:
            try:
                return await function(info.context, **arguments)
            except declared as refusal:
                return Answer(refusal)

        take_signature(resolve, function, skip=1)
        _describe_input(resolve)
        resolve.direct = Direct(function, answers=declared)  # type: ignore[attr-defined]
        name = "".join(word.title() for word in function.__name__.split("_")) + "Result"
        union = result_union(name, hints["return"], declared)
        # Null where it was denied or failed, so that the other mutations of the document are answered.
        answer: Any = operator.or_(union, None)
        signature = inspect.signature(resolve).replace(return_annotation=answer)
        resolve.__signature__ = signature  # type: ignore[attr-defined]
        MUTATIONS[function.__name__] = strawberry.mutation(resolver=resolve, **_declared(function, requires))
        return function

    return declare


def subscription(requires: str | None = None) -> Callable[[_F], _F]:
    """A field of Subscription: `async def name(context, **arguments) -> Following[Noun]`, which all share who
    are shown the same; an async generator is a source for one subscriber.
    """

    def declare(function: _F) -> _F:
        async def resolve(info: strawberry.Info[Any, Any], **arguments: Any) -> Any:
            context = info.context
            # Asked before anything is followed: who may not is refused, instead of a stream that begins.
            if requires is not None:
                context.caller.must(requires)
            if inspect.isasyncgenfunction(function):
                return _events(context, function(context, **arguments))
            shared = context.for_audience()
            following = await function(shared, **arguments)
            following.context = shared
            return following

        take_signature(resolve, function, skip=1)
        _answer_each(resolve)
        audience = Audience(open=True) if requires is None else Audience(permission=requires)
        SUBSCRIPTIONS[function.__name__] = strawberry.subscription(
            resolver=resolve, description=_sentence(function, requires), directives=[audience]
        )
        return function

    return declare


def _answer_each(resolve: Callable[..., Any]) -> None:
    """Say of a feed that it is answered event by event, which is all that strawberry has to know."""
    signature = inspect.signature(resolve)
    hint = signature.return_annotation
    if typing.get_origin(hint) is Following:
        each: Any = operator.getitem(cast("Any", AsyncIterator), typing.get_args(hint)[0])
        resolve.__signature__ = signature.replace(return_annotation=each)  # type: ignore[attr-defined]


async def _events(context: Any, source: AsyncGenerator[Any, None]) -> AsyncIterator[Any]:
    async with aclosing(source):
        async for item in source:
            # Each event is an answer of its own, which says for itself what the caller may not read.
            context.denied.clear()
            yield item


def _describe_input(resolve: Callable[..., Any]) -> None:
    """The one argument of a mutation is described by its type."""
    signature = inspect.signature(resolve)
    said = signature.parameters.get("input")
    definition = None if said is None else getattr(said.annotation, "__strawberry_definition__", None)
    if said is None or definition is None:
        return
    described = strawberry.argument(description=definition.description)
    kind: Any = operator.getitem(cast("Any", Annotated), (said.annotation, described))
    parameters = signature.parameters | {"input": said.replace(annotation=kind)}
    resolve.__signature__ = signature.replace(parameters=list(parameters.values()))  # type: ignore[attr-defined]
    resolve.__annotations__["input"] = kind


def _declared(function: Callable[..., Any], requires: str | None) -> dict[str, Any]:
    audience = Audience(open=True) if requires is None else Audience(permission=requires)
    guards = [] if requires is None else [Guard(requires)]
    return {"description": _sentence(function, requires), "directives": [audience], "extensions": guards}


def _sentence(function: Callable[..., Any], requires: str | None) -> str:
    text = inspect.getdoc(function)
    if not text:
        raise TypeError(f"{function.__name__} needs a docstring: it is its description in the API.")
    return text if requires is None else f"{text} Needs the permission `{requires}`."


def _allows_null(hint: Any) -> bool:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return type(None) in typing.get_args(hint)
    return False
