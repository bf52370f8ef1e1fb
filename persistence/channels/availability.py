"""How many of each variant a channel can sell now: who asks at once is answered by one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from domain.catalog.fulfilment import Stock
from domain.catalog.kinds import KINDS
from persistence.channels.quota_sql import least_left
from persistence.channels.stock_view import quota_of
from persistence.gathering import Gathered
from persistence.statements import Connection, Statement

if TYPE_CHECKING:
    from domain.channels.book import Item, PriceBook
    from persistence.database import Database

# The inner SELECTs hide the arrays' lengths from the planner: it would make a plan for each request else.
# They come as text, because asyncpg looks longer at each of its items than PostgreSQL takes to read it.
_LIMITS = Statement(
    f"""WITH asking AS MATERIALIZED (
          SELECT CAST(path AS uuid[]) AS path, at,
                 EXISTS (SELECT FROM sales_quota WHERE channel_id = ANY (CAST(path AS uuid[]))) AS capped
            FROM unnest(CAST(:paths AS text[])) WITH ORDINALITY AS given(path, at))
        SELECT wanted.at, coalesce(level.available, 0) AS available,
               CAST(quota.least_left AS bigint) AS least_left, wanted.whose, asking.capped
          FROM unnest((SELECT CAST(CAST(:variants AS text) AS uuid[])),
                      (SELECT CAST(CAST(:whose AS text) AS bigint[])))
               WITH ORDINALITY AS wanted(id, whose, at)
          JOIN asking ON asking.at = wanted.whose
          LEFT JOIN LATERAL ({quota_of("wanted.id", "asking.path")}) AS quota ON true
          LEFT JOIN stock_level level ON level.variant_id = wanted.id
                AND level.pool_id = coalesce(quota.holder_id, asking.path[1])"""
)
_OF_PERIODS = Statement(least_left("CAST(CAST(:variants AS text) AS uuid[])", "CAST(:path AS uuid[])"))
_COUNTED = frozenset(code for code, kind in KINDS.items() if kind.stock in (Stock.CARDS, Stock.COUNT))

Limit = tuple[int, int | None]
"""What lies in stock, and what quotas leave; None where there is no quota."""
_NO_LIMIT: Limit = 0, None


class _Asked(NamedTuple):
    """Variants as seen from the end of a path."""

    path: tuple[UUID, ...]
    variants: tuple[UUID, ...]


class Availability:
    """What is left of variants, when asked or later. Safe between the tasks of one event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reads = Gathered(self._read)

    async def of(self, book: PriceBook, ids: Sequence[UUID]) -> list[int | None]:
        """How many of each variant can be sold by a book's channel; None where nothing limits it.

        A bundle's is what its components suffice for.
        """
        if not ids:
            return []
        items = book.catalogue.items
        own = [items[one] for one in ids]
        parts = [items[part.variant_id] for item in own if item.goods.parts for part, _ in item.goods.parts]
        everything = own + parts
        asked = _Asked(book.channels, (*ids, *[item.goods.variant_id for item in parts]))
        found = await self._reads.one(asked) or ()
        limits = [
            left if item.kind not in _COUNTED else available if left is None else min(available, left)
            for item, (available, left) in zip(everything, found, strict=True)
        ]
        if parts:
            of_part = {item.id: limit for item, limit in zip(parts, limits[len(own) :], strict=True)}
            limits = [_bundled(item, limit, of_part) for item, limit in zip(own, limits, strict=False)]
        return [None if limit is None else max(0, limit) for limit in limits]

    async def _read(self, asked: Sequence[_Asked]) -> dict[_Asked, list[Limit]]:
        paths = {path: at for at, path in enumerate(dict.fromkeys([one.path for one in asked]), 1)}
        wanted = [(variant, paths[one.path]) for one in asked for variant in one.variants]
        limits, capped = [_NO_LIMIT] * len(wanted), set[int]()
        async with self._database.connection() as connection:
            for at, available, left, whose, is_capped in await _LIMITS.all(
                connection,
                paths=[_array(path) for path in paths],
                variants=_array([variant for variant, _ in wanted]),
                whose=_array([whose for _, whose in wanted]),
            ):
                limits[at - 1] = available, left
                if is_capped:
                    capped.add(whose)
            for path, whose in paths.items():
                if whose in capped:
                    await _cap(connection, path, whose, wanted, limits)
        found, begin = {}, 0
        for one in asked:
            found[one] = limits[begin : begin + len(one.variants)]
            begin += len(one.variants)
        return found


async def _cap(
    connection: Connection,
    path: Sequence[UUID],
    whose: int,
    wanted: Sequence[tuple[UUID, int]],
    limits: list[Limit],
) -> None:
    """Lower the limits of a path to what its quotas of periods leave.

    Few paths have such quotas, and to look for them in the same statement would cost all others.
    """
    own = [(at, variant) for at, (variant, its) in enumerate(wanted) if its == whose]
    rows = await _OF_PERIODS.all(connection, variants=_array([one for _, one in own]), path=list(path))
    left = {row["variant_id"]: row["least_left"] for row in rows}
    for at, variant in own:
        if variant in left:
            available, before = limits[at]
            limits[at] = available, left[variant] if before is None else min(left[variant], before)


def _array(values: Sequence[object]) -> str:
    """An array as PostgreSQL reads it."""
    return f"{{{','.join(map(str, values))}}}"


def _bundled(item: Item, own: int | None, of_part: Mapping[UUID, int | None]) -> int | None:
    limits = [] if own is None else [own]
    for part, count in item.goods.parts:
        limit = of_part[part.variant_id]
        if limit is not None:
            limits.append(limit // count)
    return min(limits) if limits else None
