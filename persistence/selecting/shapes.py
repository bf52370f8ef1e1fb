"""Which columns each attribute of a view is made of, said once, wherever such views are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ColumnClause, ColumnElement
from sqlalchemy.sql.selectable import FromClause

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.selected import Selected

V = TypeVar("V")
T = TypeVar("T")
On = Callable[[FromClause], ColumnElement[bool]]
"""From where the rows of a shape come to the condition under which another table belongs to one."""
Key = tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[str, Any], ...]]
"""The attributes that are read of a shape, what is attached, and of each relation that is joined the same."""


@dataclass(frozen=True, slots=True)
class Part:
    """One attribute: columns of the shape's own table by name, or of a table that it joins."""

    columns: tuple[str | ColumnElement[Any], ...]
    make: Callable[..., Any] | None = None
    """From the columns' values to the attribute's; None for one column as it is."""


def part(*columns: str | ColumnElement[Any], make: Callable[..., Any] | None = None) -> Part:
    """An attribute that is made of columns."""
    return Part(columns, make)


def optional(make: Callable[[Any], T]) -> Callable[[Any], T | None]:
    """The same for a column that may be null."""
    return lambda value: None if value is None else make(value)


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """A to-one relation that is joined when it is selected; `on` says as well who may see the object."""

    shape: Shape[Any]
    on: On
    values: Callable[[Caller], Mapping[str, Any]]
    """The parameters of `on`."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape(Generic[V]):
    """A view (a dataclass with slots), the table of its rows under an alias, and what it is made of."""

    view: type[V]
    base: FromClause
    parts: Mapping[str, Part]
    properties: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What the view works out of its attributes, and of which."""
    joins: Mapping[FromClause, On] = field(default_factory=dict)
    """Tables of which parts use columns; each is joined when such a part is selected."""
    attached: Mapping[str, Part] = field(default_factory=dict)
    """What is no part of the view's value but shown of it, and made of the same row when it is selected."""
    relations: Mapping[str, Relation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        SHAPES.setdefault(self.view, self)

    def key_of(self, selected: Selected, always: tuple[str, ...]) -> Key:
        """What is read for a selection: `always` too, and everything where an attribute is not known."""
        wanted = selected.attributes
        if wanted is not None and not self.properties.keys().isdisjoint(wanted):
            wanted = frozenset(one for name in wanted for one in self.properties.get(name, (name,)))
        if wanted is None or not wanted <= self.parts.keys():
            wanted = frozenset(self.parts)
        attributes = tuple(name for name in self.parts if name in wanted or name in always)
        relations = []
        for name, relation in self.relations.items():
            below = selected.joins(name)
            if below is not None:
                relations.append((name, relation.shape.key_of(below, PRESENT)))
        attached = tuple(name for name in self.attached if name in always or selected.joins(name))
        return attributes, attached, tuple(relations)

    def columns_of(self, parts: Iterable[Part]) -> list[ColumnElement[Any]]:
        """The columns of parts, each once."""
        found: dict[ColumnElement[Any], None] = {}
        for one in parts:
            for column in one.columns:
                found[self.base.c[column] if isinstance(column, str) else column] = None
        return list(found)


SHAPES: dict[type, Shape[Any]] = {}
"""View → the first shape of it; others differ by their aliases."""
PRESENT = ("id",)
"""What tells whether a relation has an object."""


def columns_in(condition: ColumnElement[bool], of: FromClause) -> Iterator[ColumnElement[Any]]:
    """The columns of a table that a condition looks at."""
    for element in visitors.iterate(condition):
        if isinstance(element, ColumnClause) and element.table is of:
            yield element
