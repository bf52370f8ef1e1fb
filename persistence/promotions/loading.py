"""The promotions of a path, read with the price book that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from persistence.promotions.rows import PROMOTION_COLUMNS, promotions_of
from persistence.statements import Connection, Statement

if TYPE_CHECKING:
    from domain.promotions.promotion import Promotion

_LIVE = Statement(
    f"""SELECT {PROMOTION_COLUMNS} FROM promotion p JOIN channel o ON o.id = p.owner_id
         WHERE p.owner_id = ANY (CAST(:path AS uuid[])) AND p.status = 'LIVE'
           AND (p.ends_at IS NULL OR p.ends_at > now())"""
)
_BY_IDS = Statement(
    f"""SELECT {PROMOTION_COLUMNS} FROM promotion p JOIN channel o ON o.id = p.owner_id
         WHERE p.id = ANY (CAST(:ids AS uuid[]))"""
)
_FUNDERS = Statement(
    """SELECT promotion_id, channel_id, share_bp FROM promotion_funder
        WHERE promotion_id = ANY (CAST(:ids AS uuid[])) ORDER BY promotion_id, position"""
)


async def load_promotions(connection: Connection, path: Sequence[UUID]) -> list[Promotion]:
    """What is live of the channels on a path, begun or not."""
    return await _with_funders(connection, await _LIVE.all(connection, path=list(path)))


async def load_by_ids(connection: Connection, ids: Sequence[UUID]) -> list[Promotion]:
    """Promotions whatever has become of them."""
    return await _with_funders(connection, await _BY_IDS.all(connection, ids=list(ids)))


async def _with_funders(connection: Connection, rows: Sequence[object]) -> list[Promotion]:
    found: list[object] = list(rows)
    if not found:
        return []
    ids = [row["id"] for row in found]  # type: ignore[index]
    return promotions_of(found, await _FUNDERS.all(connection, ids=ids))
