"""One read for each selection: its statement and what makes views of its rows, kept within a bound."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from sqlalchemy import Select, select
from sqlalchemy.sql.elements import ClauseElement, ColumnElement
from sqlalchemy.sql.selectable import FromClause

from domain.selected import attach
from persistence.selecting.shapes import Key, Part, Relation, Shape, columns_in
from persistence.statements import Connection, Statement

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.selected import Selected

V = TypeVar("V")
R = TypeVar("R")
MOST = 64
"""Variants of one read that are kept, least recently used first out: a client may select what it likes."""


class Chosen(Generic[V]):
    """What is read of a shape: the columns of some attributes, and the relations that are joined."""

    def __init__(self, shape: Shape[V], key: Key) -> None:
        attributes, attached, relations = key
        self.shape = shape
        self._parts = {name: shape.parts[name] for name in attributes}
        self._attached = {name: shape.attached[name] for name in attached}
        self.relations: list[tuple[str, Relation, Chosen[Any]]] = [
            (name, shape.relations[name], Chosen(shape.relations[name].shape, below))
            for name, below in relations
        ]
        self._columns = shape.columns_of([*self._parts.values(), *self._attached.values()])
        used = {column.table for column in self._columns}
        self._joins = [(table, on) for table, on in shape.joins.items() if table in used]

    def rows(self) -> Select[Any]:
        """The shape's own rows with the columns that `select` needs of them: a page, say."""
        base = self.shape.base
        found = {column: None for column in self._columns if column.table is base}
        for on in [on for _, on in self._joins] + [relation.on for _, relation, _ in self.relations]:
            found |= dict.fromkeys(columns_in(on(base), base))
        return select(*found).select_from(base)

    def select(self, rows: FromClause | None = None) -> Select[Any]:
        """The columns of all that was chosen, from the shape's table or from `rows` of it."""
        base = self.shape.base if rows is None else rows
        return select(*self._labelled(base, "")).select_from(self._joined(base, base))

    def _labelled(self, base: FromClause, prefix: str) -> list[ColumnElement[Any]]:
        """In the order in which `reader` takes them."""
        own: list[ColumnElement[Any]] = [
            self._of(column, base).label(f"{prefix}{_label(column, self.shape, place)}")
            for place, column in enumerate(self._columns)
        ]
        for name, relation, below in self.relations:
            own += below._labelled(relation.shape.base, f"{prefix}{name}__")
        return own

    def _of(self, column: ColumnElement[Any], base: FromClause) -> ColumnElement[Any]:
        own = cast("Any", column)
        return cast("ColumnElement[Any]", base.c[own.name] if own.table is self.shape.base else column)

    def _joined(self, source: FromClause, base: FromClause) -> FromClause:
        for table, on in self._joins:
            # Outer, since a relation's own joins must not take the row away that it is missing from.
            source = source.outerjoin(table, on(base))
        for _, relation, below in self.relations:
            inner = relation.shape.base
            source = below._joined(source.outerjoin(inner, relation.on(base)), inner)
        return source

    def values(self, caller: Caller) -> dict[str, Any]:
        """The parameters of the relations' conditions."""
        found: dict[str, Any] = {}
        for _, relation, below in self.relations:
            found |= relation.values(caller)
            found |= below.values(caller)
        return found

    def reader(self, at: int = 0) -> Callable[[Any], V]:
        """From a row, of which the columns begin at a place, to the view: what was not read stays unset."""
        view, new = self.shape.view, object.__new__
        steps = [(getattr(view, name).__set__, self._taker(part, at)) for name, part in self._parts.items()]

        def plain(row: Any) -> V:
            made = new(view)
            for put, take in steps:
                put(made, take(row))
            return made

        others = self._others(at)
        if not others:
            return plain

        def attaching(row: Any) -> V:
            made: Any = plain(row)
            attach(made, **{name: take(row) for name, take in others})
            return cast("V", made)

        return attaching

    def _others(self, at: int) -> list[tuple[str, Callable[[Any], Any]]]:
        """What is attached to a view, and how it is taken out of a row."""
        found = [(name, self._taker(part, at)) for name, part in self._attached.items()]
        at += len(self._columns)
        for name, relation, below in self.relations:
            present = at + below._place(relation.shape.base.c["id"])
            found.append((name, _where(present, below.reader(at))))
            at += below.width
        return found

    def _place(self, column: ColumnElement[Any]) -> int:
        """By identity: for Core, comparing columns makes a condition."""
        return next(place for place, own in enumerate(self._columns) if own is column)

    def _taker(self, part: Part, at: int) -> Callable[[Any], Any]:
        """What makes a part out of a row."""
        base = self.shape.base
        columns = [base.c[one] if isinstance(one, str) else one for one in part.columns]
        places, make = [at + self._place(one) for one in columns], part.make
        if make is None:
            return itemgetter(places[0])
        if not places:
            return lambda _row: make()
        if len(places) == 1:
            place = places[0]
            return lambda row: make(row[place])
        take = itemgetter(*places)
        return lambda row: make(*take(row))

    @property
    def width(self) -> int:
        """How many columns are read."""
        return len(self._columns) + sum(below.width for _, _, below in self.relations)


class Reading(Generic[V]):
    """A statement over what was chosen of a shape, and the views of its rows."""

    def __init__(self, chosen: Chosen[V], source: ClauseElement) -> None:
        self.statement, self._chosen = Statement(source), chosen
        self._view = chosen.reader()
        self._is_known = False

    async def all(self, connection: Connection, caller: Caller | None, **values: Any) -> list[V]:
        """Every row's view; the caller is whom joined relations are shown to."""
        if self._chosen.relations:
            assert caller is not None, "What is joined is shown to somebody."
            values |= self._chosen.values(caller)
        # What is asked once must not push aside what others keep prepared.
        run = self.statement.all if self._is_known else self.statement.all_once
        self._is_known = True
        return [self._view(row) for row in await run(connection, **values)]


class Variants(Generic[V, R]):
    """The variants of one read, each built at its first use; `always` are attributes that it needs itself."""

    def __init__(
        self,
        shape: Shape[V],
        build: Callable[[Chosen[V]], R],
        always: tuple[str, ...] = ("id",),
        most: int = MOST,
    ) -> None:
        self.shape, self.always = shape, always
        self._built = lru_cache(most)(lambda key: build(Chosen(shape, key)))
        # Different selections may need the same columns: what is below an amount of money, say.
        self._key = lru_cache(most)(lambda selected: shape.key_of(selected, always))

    def of(self, selected: Selected) -> R:
        """The read for a selection."""
        return self._built(self._key(selected))

    @property
    def kept(self) -> int:
        """How many variants are in memory."""
        return self._built.cache_info().currsize

    @property
    def built(self) -> int:
        """How many were ever built."""
        return self._built.cache_info().misses


def _label(column: ColumnElement[Any], shape: Shape[Any], place: int) -> str:
    own: Any = column
    if own.table is None:
        return f"computed_{place}"
    return str(own.name) if own.table is shape.base else f"{own.table.name}__{own.name}"


def _where(present: int, read: Callable[[Any], V]) -> Callable[[Any], V | None]:
    """A joined object; None where there is none."""
    return lambda row: None if row[present] is None else read(row)
