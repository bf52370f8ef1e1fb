"""What is left of a SKU for one channel, and from whose stock it is taken: one statement for many SKUs."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

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
