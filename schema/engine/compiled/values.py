"""What generated functions call for values out of the ordinary; whatever is wrong ends in OffPlan."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from graphql import (
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    Undefined,
)
from graphql.pyutils import is_iterable
from strawberry.types.base import StrawberryObjectDefinition

from schema.engine.compiled.reasons import OffPlan
from schema.engine.execution import Raised
from schema.nouns import SOURCES

Completer = Callable[[Any], Any]


def completer(type_: GraphQLLeafType, nonnull: bool) -> Completer:
    """How graphql-core completes a leaf."""
    coerce = type_.coerce_output_value

    def complete(value: Any) -> Any:
        if value is None:
            if nonnull:
                raise OffPlan(f"null for {type_.name}!")
            return None
        if isinstance(value, Exception):
            raise OffPlan(f"exception as a {type_.name}") from value
        found = coerce(value)
        if found is None or found is Undefined:
            raise OffPlan(f"not a {type_.name}")
        return found

    return complete


def enum_names(type_: GraphQLEnumType) -> dict[Any, str]:
    """The names of an enum's values, by what resolvers may return for them: text, and members of the enum."""
    found: dict[Any, str] = {}
    members = getattr(type_, "wrapped_cls", None)
    for name, value in type_.values.items():
        if isinstance(value.value, str):
            found[value.value] = name
            if members is not None:
                found[members(value.value)] = name
    return found


def listed(value: Any) -> list[Any]:
    """A list's items, as graphql-core takes them."""
    if value.__class__ is list:
        found: list[Any] = value
        return found
    if not is_iterable(value):
        raise OffPlan("not a list")
    return list(value)


def off(what: str) -> Any:
    """Leave the plan from within an expression."""
    raise OffPlan(what)


def shown_class(type_: GraphQLObjectType) -> type | None:
    """The one class of the domain that a noun shows; None when it shows several, or strawberry decides."""
    definition = type_.extensions.get("strawberry-definition")
    if not isinstance(definition, StrawberryObjectDefinition):
        return None
    sources = SOURCES.get(definition.origin, ())
    return sources[0] if len(sources) == 1 else None


def type_check(type_: GraphQLObjectType, shown: type | None) -> Callable[[Any], None] | None:
    """Raises OffPlan for an object that is not of the type; None where graphql-core does not look."""
    is_type_of = type_.is_type_of
    if is_type_of is None:
        return None
    info: Any = SimpleNamespace()

    def check(value: Any) -> None:
        if value.__class__ is not shown and is_type_of(value, info) is not True:
            raise OffPlan(f"not a {type_.name}")

    return check


def type_name_of(type_: GraphQLAbstractType, field_name: str, schema: GraphQLSchema) -> Callable[[Any], str]:
    """The name of an object's type, as strawberry decides it."""
    resolve = type_.resolve_type
    info: Any = SimpleNamespace(field_name=field_name, schema=schema, is_awaitable=lambda _value: False)

    def name_of(value: Any) -> str:
        found = None if resolve is None else resolve(value, info, type_)
        if not isinstance(found, str):
            raise OffPlan(f"not a {type_.name}")
        return found

    return name_of


def flat(value: Any, type_: GraphQLOutputType, into: list[Any]) -> Any:
    """A value's objects, appended in order, and its shape: None, lists, and True for each object."""
    nonnull = isinstance(type_, GraphQLNonNull)
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if value is None:
        if nonnull:
            raise OffPlan("null object")
        return None
    if isinstance(inner, GraphQLList):
        return [flat(item, inner.of_type, into) for item in listed(value)]
    into.append(value)
    return True


def filled(shape: Any, objects: Iterator[Any]) -> Any:
    """The answers of objects back in the shape of their value."""
    if shape is None:
        return None
    if shape is True:
        return next(objects)
    return [filled(item, objects) for item in shape]


Option = tuple[bool, Callable[..., Any]]
"""Whether a selection's function is a level's, and the function."""


async def by_type(
    objects: list[Any], name_of: Callable[[Any], str], options: Mapping[str, Option], context: Any, given: Any
) -> Iterable[Any]:
    """The answers of objects of an interface or union, the objects of each type together."""
    places: dict[str, list[int]] = {}
    for place, value in enumerate(objects):
        places.setdefault(name_of(value), []).append(place)
    answers: list[Any] = [None] * len(objects)
    for name, at in places.items():
        of_level, function = options[name]
        if of_level:
            found = await function([objects[place] for place in at], context, given)
        else:
            found = [function(objects[place], given) for place in at]
        for place, answer in zip(at, found, strict=True):
            answers[place] = answer
    return answers


async def once(
    done: dict[str, Any],
    key: str,
    function: Callable[..., Awaitable[Any]],
    answers: tuple[type[Exception], ...],
    as_answer: Callable[[Any], Any],
    call: tuple[Any, dict[str, Any]],
) -> Any:
    """Call a mutation's function and keep what came of it, so that nothing ever calls it again."""
    context, arguments = call
    try:
        value = await function(context, **arguments)
    except answers as refusal:
        value = as_answer(refusal)
    except Exception as fault:
        done[key] = Raised(fault)
        raise
    done[key] = value
    return value
