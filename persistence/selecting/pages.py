"""Lists a page at a time, the newest first: their statements for each selection, in both directions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, Select, bindparam, column, select, text, true

from persistence.selecting.shapes import Shape
from persistence.selecting.variants import Chosen, Reading, Variants

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


class TimedPages(Variants[V, BothWays[V]]):
    """A list by a moment and the id: parameters `at` and `id` are where it goes on, and `limit`.

    With `channels`, a query of ids, the condition is asked once for each of them as `h`, in that channel's
    own index: otherwise a shop with little would walk over everybody else's to fill its page.
    """

    def __init__(self, shape: Shape[V], moment: str, condition: str, channels: str | None = None) -> None:
        self._moment, self._condition, self._channels = moment, condition, channels
        super().__init__(shape, lambda chosen: BothWays.of(chosen, self._page), ("id", moment))

    def _page(self, chosen: Chosen[V], newest: bool) -> Select[Any]:
        """What is joined is joined to the page, not to what lies behind it."""
        base, moment, sign = self.shape.base, self._moment, "<" if newest else ">"
        beyond = f"(CAST(:at AS timestamptz) IS NULL OR ({{0}}.{moment}, {{0}}.id) {sign} (:at, :id))"
        alias = getattr(base, "name", "")
        page = chosen.rows().where(text(self._condition), text(beyond.format(alias)))
        page = page.order_by(*self._order(base, newest)).limit(LIMIT)
        if self._channels is not None:
            channels = text(self._channels).columns(column("id")).subquery("h")
            each = page.lateral(alias)
            both = select(each).select_from(channels.join(each, true()))
            page = both.order_by(*self._order(each, newest)).limit(LIMIT)
        rows = page.subquery(alias)
        return chosen.select(rows).order_by(*self._order(rows, newest))

    def _order(self, rows: Any, newest: bool) -> list[Any]:
        by = (rows.c[self._moment], rows.c["id"])
        return [one.desc() if newest else one.asc() for one in by]
