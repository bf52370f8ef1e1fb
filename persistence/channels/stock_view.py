"""What is left of a SKU for one channel, and from whose stock it is taken: one statement for many SKUs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.catalog.fulfilment import Stock
from domain.catalog.kinds import KINDS
from domain.channels.book import Item, PriceBook
from persistence.channels.quota_sql import least_left
from persistence.statements import Connection, Statement


def quota_of(variant: str, path: str) -> str:
    """SQL of one row: what the allocations on a path leave of a variant, and whose is the deepest.

    Of its own share a holder cannot sell what it has promised to its children. NULLs without a quota.
    """
    deepest = f"ORDER BY array_position({path}, q.channel_id) DESC))[1]"
    return f"""
        SELECT held.holder_id, least(held.least_left, held.own_left - coalesce(
                   (SELECT sum(k.granted - k.used) FROM stock_quota k JOIN channel h ON h.id = k.channel_id
                     WHERE k.variant_id = {variant} AND h.parent_id = held.holder_id), 0)) AS least_left
          FROM (SELECT min(q.granted - q.used) AS least_left, (array_agg(q.channel_id {deepest} AS holder_id,
                       (array_agg(q.granted - q.used {deepest} AS own_left
                  FROM stock_quota q WHERE q.variant_id = {variant} AND q.channel_id = ANY ({path})) held"""


_LEFT = Statement(
    f"""SELECT wanted.id, coalesce(quota.holder_id, :root) AS pool_id, level.available,
              CAST(least(quota.least_left, capped.least_left) AS bigint) AS least_left
       FROM unnest(CAST(:variants AS uuid[])) AS wanted(id)
       LEFT JOIN LATERAL ({quota_of("wanted.id", "CAST(:path AS uuid[])")}) AS quota ON true
       LEFT JOIN ({least_left("CAST(:variants AS uuid[])", "CAST(:path AS uuid[])")}) AS capped
              ON capped.variant_id = wanted.id
       LEFT JOIN stock_level level
              ON level.variant_id = wanted.id AND level.pool_id = coalesce(quota.holder_id, :root)"""
)

Place = tuple[UUID, UUID]
"""A variant, and a channel that may hold a quota of it."""

_QUOTAS = Statement(
    """SELECT variant_id, channel_id FROM stock_quota WHERE (variant_id, channel_id) IN
              (SELECT * FROM unnest(CAST(:variants AS uuid[]), CAST(:channels AS uuid[])))"""
)


async def quotas_among(connection: Connection, places: Sequence[Place]) -> set[Place]:
    """Those of the places that have a quota."""
    if not places:
        return set()
    variants, channels = [variant for variant, _ in places], [channel for _, channel in places]
    rows = await _QUOTAS.all(connection, variants=variants, channels=channels)
    return {(row["variant_id"], row["channel_id"]) for row in rows}


@dataclass(frozen=True, slots=True)
class Left:
    """The stock behind a SKU in one channel; None where nothing of that sort limits it."""

    pool_id: UUID
    least_quota: int | None
    available: int | None


async def left_for(connection: Connection, path: Sequence[UUID], items: Iterable[Item]) -> dict[UUID, Left]:
    """The stock of items and of their components for the channel at the end of the path."""
    variants = {part.variant_id for item in items for part in [item.goods, *(p for p, _ in item.goods.parts)]}
    if not variants:
        return {}
    rows = await _LEFT.all(connection, variants=list(variants), path=list(path), root=path[0])
    return {row["id"]: Left(row["pool_id"], row["least_left"], row["available"]) for row in rows}


# The inner SELECT hides the array's length from the planner: it would make a plan for each request otherwise.
# It comes as text, because asyncpg looks longer at each of its items than PostgreSQL takes to read it.
_LIMITS = Statement(
    f"""SELECT wanted.at, level.available, CAST(quota.least_left AS bigint) AS least_left,
              (SELECT true FROM sales_quota WHERE channel_id = ANY (CAST(:path AS uuid[])) LIMIT 1) AS capped
       FROM unnest((SELECT CAST(CAST(:variants AS text) AS uuid[]))) WITH ORDINALITY AS wanted(id, at)
       LEFT JOIN LATERAL ({quota_of("wanted.id", "CAST(:path AS uuid[])")}) AS quota ON true
       LEFT JOIN stock_level level
              ON level.variant_id = wanted.id AND level.pool_id = coalesce(quota.holder_id, :root)"""
)
_OF_PERIODS = Statement(least_left("CAST(CAST(:variants AS text) AS uuid[])", "CAST(:path AS uuid[])"))
_COUNTED = frozenset(code for code, kind in KINDS.items() if kind.stock in (Stock.CARDS, Stock.COUNT))


async def available_of(connection: Connection, book: PriceBook, ids: Sequence[UUID]) -> list[int | None]:
    """How many of each variant can be sold by a book's channel; None where nothing limits it.

    A bundle's is what its components suffice for. All of it is one statement.
    """
    if not ids:
        return []
    items = book.catalogue.items
    own = [items[one] for one in ids]
    parts = [items[part.variant_id] for item in own for part, _ in item.goods.parts]
    all_items = own + parts
    path = [place.channel_id for place in book.path]
    wanted = [item.id for item in all_items]
    rows = await _LIMITS.all(connection, variants=_array(wanted), path=path, root=path[0])
    limits: list[int | None] = [None] * len(all_items)
    # Few paths have quotas of periods, and to look for them in the same statement would cost all others.
    of_periods = await _left_of_periods(connection, wanted, path) if rows[0]["capped"] else {}
    for at, available, quota, _ in rows:
        item = all_items[at - 1]
        stocked = available or 0 if item.kind in _COUNTED else None
        limits[at - 1] = _narrowest(stocked, quota, of_periods.get(item.id))
    if parts:
        of_part = {item.id: limit for item, limit in zip(parts, limits[len(own) :], strict=True)}
        limits = [_least(item, limit, of_part) for item, limit in zip(own, limits, strict=False)]
    return [None if limit is None else max(0, limit) for limit in limits]


async def _left_of_periods(
    connection: Connection, ids: Sequence[UUID], path: Sequence[UUID]
) -> dict[UUID, int]:
    rows = await _OF_PERIODS.all(connection, variants=_array(ids), path=path)
    return {row["variant_id"]: row["least_left"] for row in rows}


def _narrowest(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)


def _array(ids: Sequence[UUID]) -> str:
    """An array of ids as PostgreSQL reads it."""
    return f"{{{','.join(map(str, ids))}}}"


def _least(item: Item, own: int | None, of_part: Mapping[UUID, int | None]) -> int | None:
    limits = [] if own is None else [own]
    for part, count in item.goods.parts:
        limit = of_part[part.variant_id]
        if limit is not None:
            limits.append(limit // count)
    return min(limits) if limits else None
