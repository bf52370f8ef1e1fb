"""Refusals as GraphQL: one interface, and one type for each class of refusal, derived from the class."""

from __future__ import annotations

import inspect
import typing
from typing import Annotated, Any

import strawberry

from domain import refusals
from schema.audiences import open_to_all
from schema.nouns import SOURCES


@strawberry.interface(description="Why a mutation changed nothing: something that the caller can mend.")
class Refusal:
    """Every refusal."""

    code: str = open_to_all("What front ends switch on, such as `STOCK_EXHAUSTED`.")
    message: str = open_to_all("A sentence for people, in English.")
    field: list[str] | None = open_to_all("The path of the input field to change, where there is one.")


class Answer:
    """A refusal as the value of a field: graphql-core would raise an exception that is returned."""

    __slots__ = ("refusal",)

    def __init__(self, refusal: refusals.Refusal) -> None:
        self.refusal = refusal

    def __getattr__(self, name: str) -> Any:
        return getattr(self.refusal, name)


def refusal_type(refusal: type[refusals.Refusal]) -> Any:
    """The GraphQL type of a class of refusal: its annotated facts beside code, message and field."""
    if refusal not in _TYPES:
        _TYPES[refusal] = _made(refusal)
    return _TYPES[refusal]


_TYPES: dict[type[refusals.Refusal], Any] = {}


def _made(refusal: type[refusals.Refusal]) -> Any:
    def is_type_of(obj: Any, _info: Any) -> bool:
        return type(obj) is Answer and type(obj.refusal) is refusal

    body: dict[str, Any] = {"__annotations__": {}, "is_type_of": is_type_of, "__module__": __name__}
    for name, (kind, description) in facts_of(refusal).items():
        body["__annotations__"][name] = kind
        body[name] = open_to_all(description)
    cls = type(refusal.__name__, (Refusal,), body)
    sentence = (inspect.getdoc(refusal) or "").partition("\n")[0]
    return strawberry.type(cls, description=f"Refused: {sentence}")


def facts_of(refusal: type[refusals.Refusal]) -> dict[str, tuple[Any, str]]:
    """The annotated facts of a refusal: name → (type, description)."""
    found = {}
    for name, hint in typing.get_type_hints(refusal, include_extras=True).items():
        if typing.get_origin(hint) is Annotated:
            kind, description, *_ = typing.get_args(hint)
            found[name] = (_as_noun(kind), description)
    return found


def _as_noun(kind: Any) -> Any:
    """The noun that shows a class of the domain, so that a fact may be such an object or a list of them."""
    if typing.get_origin(kind) is list:
        item: Any = _as_noun(typing.get_args(kind)[0])
        return list[item]
    return next((noun for noun, sources in SOURCES.items() if kind in sources), kind)


GENERAL: tuple[type[refusals.Refusal], ...] = (refusals.NotFound, refusals.InvalidInput)
"""What every mutation may answer."""


def result_union(name: str, success: Any, fails_with: tuple[type[refusals.Refusal], ...]) -> Any:
    """The union `name` of the changed object and the refusals."""
    members: list[Any] = [success]
    for refusal in (*GENERAL, *fails_with):
        member = refusal_type(refusal)
        if member not in members:
            members.append(member)
    union: Any = typing.Union[tuple(members)]  # noqa: UP007 - built at run time
    description = "What was changed, or why nothing was."
    return Annotated[union, strawberry.union(name, description=description)]
