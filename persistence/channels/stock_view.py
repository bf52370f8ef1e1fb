"""What is left of a SKU for one channel, and from whose stock it is taken: one statement for many SKUs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.channels.book import Item
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
