"""What an operation asks for, as a tree of selections in which equal parts are one object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from graphql import FieldNode, GraphQLAbstractType, GraphQLObjectType, GraphQLOutputType

from schema.engine.compiled.sources import Source


@dataclass(slots=True, eq=False)
class Asked:
    """One response key of a selection; `source` is None for `__typename`."""

    key: str
    nodes: tuple[FieldNode, ...]
    type: GraphQLOutputType
    source: Source | None
    below: Selection | Choice | None = None
    denied: str | None = None
    """The permission that the caller lacks."""

    @property
    def waits(self) -> bool:
        """Whether its value, or something below it, is awaited."""
        if self.denied is not None or self.source is None:
            return False
        return self.source.waits or (self.below is not None and self.below.waits)


@dataclass(slots=True, eq=False)
class Selection:
    """The fields of one object type, in the order of the answer."""

    number: int
    type: GraphQLObjectType
    fields: list[Asked] = field(default_factory=list)
    waits: bool = False

    def walk(self) -> Iterator[Selection]:
        """This selection and all below it, each once, those below first."""
        return _walk(self, set())


@dataclass(slots=True, eq=False)
class Choice:
    """The selections of an interface or union, by the name of the object's type."""

    number: int
    type: GraphQLAbstractType
    field_name: str
    options: Mapping[str, Selection]
    waits: bool


def _walk(selection: Selection, seen: set[int]) -> Iterator[Selection]:
    if selection.number in seen:
        return
    seen.add(selection.number)
    for asked in selection.fields:
        for below in selections_of(asked):
            yield from _walk(below, seen)
    yield selection


def selections_of(asked: Asked) -> tuple[Selection, ...]:
    """The selections right below a field: one, one for each type of object, or none."""
    if isinstance(asked.below, Choice):
        return tuple(asked.below.options.values())
    return () if asked.below is None else (asked.below,)
