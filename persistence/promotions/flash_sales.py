"""Flash sales: read for a channel, and looked after each second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.access.callers import SYSTEM
from domain.money import Money
from domain.promotions.flash_sales import (
    FlashPrice,
    FlashSaleStanding,
    FlashSaleView,
    TellFlashSales,
    state_of,
)
from domain.promotions.kinds import settings_of
from domain.promotions.kinds.flash_sale import FlashSale
from domain.promotions.scope import Scope
from domain.promotions.scoping import scope_of
from persistence.jobs import Desk, timer
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from persistence.statements import Connection

_COLUMNS = """p.id, p.owner_id, p.name, p.status, p.settings, p.scope, p.currency, p.starts_at, p.ends_at,
    now() AS now"""
_OF_PATH = f"""SELECT {_COLUMNS},
       array(SELECT c.code FROM channel c WHERE c.id = ANY (CAST(:path AS uuid[]))
              ORDER BY cardinality(c.path)) AS codes,
       (SELECT c.tier FROM channel c WHERE c.id = :channel) AS tier,
       coalesce((SELECT jsonb_object_agg(u.subject, u.used) FROM promotion_use u
                  WHERE u.promotion_id = p.id AND u.subject LIKE 'stock%'), '{{}}') AS used
  FROM promotion p
 WHERE p.kind = 'FLASH_SALE' AND p.owner_id = ANY (CAST(:path AS uuid[]))"""
_LISTED = Statement(
    f"""{_OF_PATH} AND p.status = 'LIVE' AND (p.ends_at IS NULL OR p.ends_at > now())
        ORDER BY p.starts_at NULLS FIRST, p.id LIMIT 100"""
)
_ONE = Statement(f"{_OF_PATH} AND p.id = :id AND p.status IN ('LIVE', 'STOPPED')")
_STANDING = Statement(
    """SELECT p.id, p.owner_id, p.status, p.settings, p.starts_at, p.ends_at, p.told, s.sold
         FROM promotion p
        CROSS JOIN LATERAL (SELECT CAST(coalesce(sum(u.used), 0) AS bigint) AS sold FROM promotion_use u
                             WHERE u.promotion_id = p.id AND u.subject LIKE 'stock%') s
        WHERE p.kind = 'FLASH_SALE' AND p.status IN ('LIVE', 'STOPPED')
          AND (p.told IS NULL OR p.told NOT LIKE 'ENDED:%')
        ORDER BY p.id FOR NO KEY UPDATE OF p SKIP LOCKED"""
)
_TOLD = Statement(
    """UPDATE promotion p SET told = w.told
         FROM unnest(CAST(:ids AS uuid[]), CAST(:texts AS text[])) AS w (id, told) WHERE p.id = w.id"""
)


async def listed(connection: Connection, caller: Caller) -> list[FlashSaleView]:
    """The sales of a channel that have not ended, the first to begin first."""
    rows = await _LISTED.all(connection, path=list(caller.channel_path), channel=caller.channel)
    return [view for row in rows if (view := _view(row, caller)) is not None]


async def one(connection: Connection, caller: Caller, id: UUID) -> FlashSaleView | None:
    """One of them, or one that has ended; None where it is not for the caller's channel."""
    row = await _ONE.one(connection, path=list(caller.channel_path), channel=caller.channel, id=id)
    return None if row is None else _view(row, caller)


async def standing(connection: Connection) -> list[FlashSaleStanding]:
    """All that may have changed, locked; what another process looks at is passed over."""
    return [
        FlashSaleStanding(
            row["id"],
            row["owner_id"],
            row["status"],
            row["starts_at"],
            row["ends_at"],
            _kind(row).stock,
            row["sold"],
            row["told"],
        )
        for row in await _STANDING.all(connection)
    ]


async def keep_told(connection: Connection, moved: Sequence[tuple[UUID, str]]) -> None:
    """Remember what was told."""
    if moved:
        await _TOLD.run(connection, ids=[own for own, _ in moved], texts=[text for _, text in moved])


def _kind(row: Any) -> FlashSale:
    kind = settings_of("FLASH_SALE", row["settings"])
    if not isinstance(kind, FlashSale):
        raise TypeError("The kind FLASH_SALE is not the one that is known here.")
    return kind


def _view(row: Any, caller: Caller) -> FlashSaleView | None:
    scope: Scope = scope_of(row["scope"])
    here = not scope.channels or not scope.channels.isdisjoint(caller.channel_path)
    if not here or (scope.tiers and row["tier"] not in scope.tiers):
        return None
    kind, now = _kind(row), row["now"]
    meter = kind.slice_of(row["codes"])
    left = max(0, meter.most - row["used"].get(meter.subject, 0))
    return FlashSaleView(
        id=row["id"],
        name=row["name"],
        state=state_of(row["status"], row["starts_at"], row["ends_at"], left, now),
        prices=[FlashPrice(sku, Money(minor, row["currency"])) for sku, minor in sorted(kind.prices.items())],
        per_buyer=kind.per_buyer,
        stock=meter.most,
        left=left,
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
    )


@timer("promotions.flash-sales", "* * * * * */1")
async def tell(_facts: dict[str, Any], desk: Desk) -> None:
    """Tell of what began, sold, sold out or ended since the last look."""
    await desk.perform(TellFlashSales(), SYSTEM)
