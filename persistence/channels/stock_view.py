"""What is left of a SKU for one channel, and from whose stock it is taken: one statement for many SKUs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.catalog.fulfilment import Stock
from domain.catalog.kinds import KINDS
from domain.channels.book import Catalogue, Item
from persistence.statements import Connection, Statement

_LEFT = Statement(
    """SELECT wanted.id, coalesce(quota.pool_id, :root) AS pool_id, quota.least_left, level.available
       FROM unnest(CAST(:variants AS uuid[])) AS wanted(id)
       LEFT JOIN LATERAL (
           SELECT min(q.granted - q.used) AS least_left,
                  (array_agg(q.channel_id
                             ORDER BY array_position(CAST(:path AS uuid[]), q.channel_id) DESC))[1] AS pool_id
           FROM stock_quota q
           WHERE q.variant_id = wanted.id AND q.channel_id = ANY (CAST(:path AS uuid[]))
       ) AS quota ON true
       LEFT JOIN stock_level level
              ON level.variant_id = wanted.id AND level.pool_id = coalesce(quota.pool_id, :root)"""
)


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


def available_of(item: Item, left: Mapping[UUID, Left], catalogue: Catalogue) -> int | None:
    """How many can be sold; None where nothing limits it. A bundle's is what its components suffice for."""
    own = _limit(item, left)
    limits = [] if own is None else [own]
    for part, count in item.goods.parts:
        limit = _limit(catalogue.items[part.variant_id], left)
        if limit is not None:
            limits.append(limit // count)
    return max(0, min(limits)) if limits else None


def _limit(item: Item, left: Mapping[UUID, Left]) -> int | None:
    found = left[item.id]
    limits = [] if found.least_quota is None else [found.least_quota]
    if KINDS[item.kind].stock in (Stock.CARDS, Stock.COUNT):
        limits.append(found.available or 0)
    return min(limits) if limits else None
