"""Lists a page at a time, the newest first: their statements for each selection, in both directions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, Select, bindparam, column, select, text, true

from persistence.selecting.shapes import Shape
from persistence.selecting.variants import Chosen, Reading, Variants
from persistence.statements import Statement

V = TypeVar("V")
LIMIT = bindparam("limit", type_=BigInteger)
"""How many rows a page has, and one more."""


@dataclass(frozen=True, slots=True)
class BothWays(Generic[V]):
    """A list's statements for one selection: the newest first, and back again."""

    forwards: Reading[V]
    backwards: Reading[V]

    @classmethod
    def of(cls, chosen: Chosen[V], page: Callable[[Chosen[V], bool], Select[Any]]) -> BothWays[V]:
        """`page` writes the statement; it is told whether the newest come first."""
        return cls(Reading(chosen, page(chosen, True)), Reading(chosen, page(chosen, False)))

    def way(self, backwards: bool) -> Reading[V]:
        """The statement of a direction."""
        return self.backwards if backwards else self.forwards


class NewestPages(Variants[V, BothWays[V]]):
    """A list by the id, or by a moment and the id; where it goes on are `key`, or `at` and `id`, and `limit`.

    With `channels`, a query of ids, the condition is asked once for each of them as `h`, in that channel's
    own index: otherwise a shop with little would walk over everybody else's to fill its page.
    """

    def __init__(
        self, shape: Shape[V], condition: str, moment: str | None = None, channels: str | None = None
    ) -> None:
        self._condition, self._channels = condition, channels
        self._keys = ("id",) if moment is None else (moment, "id")
        super().__init__(shape, lambda chosen: BothWays.of(chosen, self._page), self._keys)
        self.count = Statement(self._counted())
        """How long the list is."""

    def _counted(self) -> str:
        base: Any = self.shape.base
        counted = f"SELECT count(*) AS n FROM {base.element.name} {base.name} WHERE {self._condition}"
        if self._channels is None:
            return counted
        summed = "SELECT CAST(coalesce(sum(f.n), 0) AS bigint)"
        return f"{summed} FROM ({self._channels}) h CROSS JOIN LATERAL ({counted}) f"

    def _page(self, chosen: Chosen[V], newest: bool) -> Select[Any]:
        """What is joined is joined to the page, not to what lies behind it."""
        base: Any = self.shape.base
        page = chosen.rows().where(text(self._condition), text(self._beyond(base.name, newest)))
        page = page.order_by(*self._order(base, newest)).limit(LIMIT)
        if self._channels is not None:
            channels = text(self._channels).columns(column("id")).subquery("h")
            each = page.lateral(base.name)
            both = select(each).select_from(channels.join(each, true()))
            page = both.order_by(*self._order(each, newest)).limit(LIMIT)
        rows = page.subquery(base.name)
        return chosen.select(rows).order_by(*self._order(rows, newest))

    def _beyond(self, alias: str, newest: bool) -> str:
        sign = "<" if newest else ">"
        if len(self._keys) == 1:
            return f"(CAST(:key AS uuid) IS NULL OR {alias}.id {sign} :key)"
        own = ", ".join(f"{alias}.{key}" for key in self._keys)
        return f"(CAST(:at AS timestamptz) IS NULL OR ({own}) {sign} (:at, :id))"

    def _order(self, rows: Any, newest: bool) -> list[Any]:
        by = [rows.c[key] for key in self._keys]
        return [one.desc() if newest else one.asc() for one in by]
