"""How many of each variant a channel can sell now: who asks at once is answered by one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
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
# Arrays go there as text and come back as arrays, because the driver looks longer at each row or item than
# PostgreSQL takes for it.
_LIMITS = Statement(
    f"""WITH asking AS MATERIALIZED (
          SELECT CAST(path AS uuid[]) AS path, at,
                 EXISTS (SELECT FROM sales_quota WHERE channel_id = ANY (CAST(path AS uuid[]))) AS capped
            FROM unnest(CAST(:paths AS text[])) WITH ORDINALITY AS given(path, at))
        SELECT array_agg(greatest(0, level.available) ORDER BY wanted.at) AS available,
               array_agg(greatest(0, CAST(quota.least_left AS bigint)) ORDER BY wanted.at)
                   FILTER (WHERE quota.least_left IS NOT NULL) AS least_left,
               array_agg(wanted.at ORDER BY wanted.at) FILTER (WHERE quota.least_left IS NOT NULL) AS quoted,
               array(SELECT at FROM asking WHERE capped) AS capped
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


class _Asked(NamedTuple):
    """Variants, by their ids as text, as seen from the end of a path."""

    path: tuple[UUID, ...]
    variants: tuple[str, ...]


class _Left(NamedTuple):
    """What lies in stock of each, and what quotas leave of those few that have some, by their places."""

    available: list[int]
    quotas: dict[int, int]


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
        items, texts = book.catalogue.items, book.catalogue.texts
        wanted = [items[one] for one in ids]
        parts = [
            items[part.variant_id] for item in wanted if item.goods.parts for part, _ in item.goods.parts
        ]
        asked = _Asked(book.channels, (*[texts[one] for one in ids], *[texts[item.id] for item in parts]))
        left = await self._reads.one(asked)
        assert left is not None
        limits = [
            available if item.kind in _COUNTED else None
            for item, available in zip(wanted + parts, left.available, strict=True)
        ]
        for at, quota in left.quotas.items():
            available = limits[at]
            limits[at] = quota if available is None else min(available, quota)
        if not parts:
            return limits
        of_part = {item.id: limit for item, limit in zip(parts, limits[len(wanted) :], strict=True)}
        return [_bundled(item, limit, of_part) for item, limit in zip(wanted, limits, strict=False)]

    async def _read(self, asked: Sequence[_Asked]) -> dict[_Asked, _Left]:
        paths = {path: at for at, path in enumerate(dict.fromkeys([one.path for one in asked]), 1)}
        whose = "".join([f"{paths[one.path]}," * len(one.variants) for one in asked])
        async with self._database.connection() as connection:
            row = await _LIMITS.one(
                connection,
                paths=[_array(path) for path in paths],
                variants=_array([variant for one in asked for variant in one.variants]),
                whose=f"{{{whose[:-1]}}}",
            )
            assert row is not None
            found = _apart(asked, row)
            for path, at in paths.items():
                if at in row["capped"]:
                    of_path = [(one, left) for one, left in found.items() if one.path == path]
                    await _cap(connection, path, of_path)
        return found


def _apart(asked: Sequence[_Asked], row: Any) -> dict[_Asked, _Left]:
    """What was found for all of them, for each."""
    found, begin = {}, 0
    quotas = dict(zip(row["quoted"] or (), row["least_left"] or (), strict=True))
    for one in asked:
        end = begin + len(one.variants)
        own = {at - begin - 1: left for at, left in quotas.items() if begin < at <= end} if quotas else {}
        found[one] = _Left(row["available"][begin:end], own)
        begin = end
    return found


async def _cap(connection: Connection, path: Sequence[UUID], asked: Sequence[tuple[_Asked, _Left]]) -> None:
    """Lower what is left on a path to what its quotas of periods leave.

    Few paths have such quotas, and to look for them in the same statement would cost all others.
    """
    variants = {variant for one, _ in asked for variant in one.variants}
    rows = await _OF_PERIODS.all(connection, variants=_array(list(variants)), path=list(path))
    capped = {str(row["variant_id"]): row["least_left"] for row in rows}
    for one, left in asked:
        for at, variant in enumerate(one.variants):
            if variant in capped:
                # One that was lowered below what is sold leaves nothing.
                left.quotas[at] = max(0, min(capped[variant], left.quotas.get(at, capped[variant])))


def _array(values: Sequence[object]) -> str:
    """An array as PostgreSQL reads it."""
    return f"{{{','.join([str(value) for value in values])}}}"


def _bundled(item: Item, own: int | None, of_part: Mapping[UUID, int | None]) -> int | None:
    limits = [] if own is None else [own]
    for part, count in item.goods.parts:
        limit = of_part[part.variant_id]
        if limit is not None:
            limits.append(limit // count)
    return min(limits) if limits else None
