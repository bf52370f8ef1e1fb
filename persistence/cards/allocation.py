"""Stock between a channel and its child: cards, counts or caps, moved behind the gate of both pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.cards.events import StockAllocated
from domain.cards.refusals import QuotaExceeded
from domain.cards.states import CardStep
from domain.cards.views import StockQuotaView
from domain.catalog.fulfilment import Stock
from domain.catalog.kinds import kind_of
from persistence.cards import stock_sql as sql
from persistence.cards.transitions import guard, move, transition
from persistence.statements import Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from domain.access.callers import Caller
    from domain.cards.records import Allocation
    from persistence.work import Work

_MAKE_ROOM = Statement(
    """WITH level AS (
        INSERT INTO stock_level (variant_id, pool_id)
        SELECT CAST(:variant AS uuid), CAST(:child AS uuid) WHERE CAST(:stocked AS boolean)
        ON CONFLICT DO NOTHING)
       INSERT INTO stock_quota (channel_id, variant_id) VALUES (:child, :variant) ON CONFLICT DO NOTHING"""
)

_LOCK = sql.lock(
    """SELECT CAST(:variant AS uuid), p
         FROM unnest(ARRAY[CAST(:parent AS uuid), CAST(:child AS uuid)]) p""",
    """SELECT CAST(:variant AS uuid), p
         FROM unnest(ARRAY[CAST(:parent AS uuid), CAST(:child AS uuid)]) p""",
)

_COUNT = Statement(
    """UPDATE stock_level SET available = available
              + CAST(:quantity AS bigint) * CASE WHEN pool_id = :giver THEN -1 ELSE 1 END
        WHERE variant_id = :variant AND pool_id IN (:giver, :taker)"""
)

_GRANT = Statement(
    """UPDATE stock_quota SET granted = granted + CAST(:quantity AS bigint)
        WHERE channel_id = :child AND variant_id = :variant RETURNING id, granted, used"""
)

_END = Statement(
    "DELETE FROM stock_quota WHERE channel_id = :child AND variant_id = :variant AND granted = 0"
)


def _between_pools(step: CardStep, sellable: str = "") -> Statement:
    return transition(
        f"""SELECT c.id, c.state, c.ordinal, c.last_hash, c.variant_id, c.pool_id, c.seq,
                   CAST(:taker AS uuid) AS place, CAST(NULL AS uuid) AS order_of, CAST(:back AS text) AS back
              FROM card c JOIN stock_level s ON s.variant_id = c.variant_id AND s.pool_id = c.pool_id
             WHERE c.variant_id = CAST(:variant AS uuid) AND c.pool_id = CAST(:giver AS uuid)
               AND c.seq >= s.head AND c.state IN ('IN_STOCK', 'ALLOCATED') AND {guard(step)} {sellable}
             ORDER BY c.seq LIMIT CAST(:quantity AS bigint) FOR UPDATE OF c""",
        (step,),
        sets="pool_id = stepped.place",
        then="""
        sums AS (SELECT count(*) AS n, min(s.seq) AS first, max(s.seq) AS last
                   FROM stepped s JOIN moved m ON m.id = s.id),
        levels AS (
            UPDATE stock_level l
               SET available = l.available + CASE WHEN l.pool_id = CAST(:giver AS uuid) THEN -n ELSE n END,
                   head = CASE WHEN l.pool_id = CAST(:giver AS uuid) THEN greatest(l.head, last + 1)
                               ELSE least(l.head, first) END
              FROM sums WHERE l.variant_id = CAST(:variant AS uuid)
               AND l.pool_id IN (CAST(:giver AS uuid), CAST(:taker AS uuid)))""",
    )


_HAND_ON = _between_pools(
    CardStep.ALLOCATE, "AND (c.expires_at IS NULL OR c.expires_at > now() + CAST(:margin AS interval))"
)
_RECALL = _between_pools(CardStep.RECALL, "AND CAST(:margin AS interval) IS NOT NULL")


async def allocate(work: Work, wanted: Allocation, caller: Caller) -> StockQuotaView:
    """Move `wanted.quantity` from parent to child, or back where it is negative; raises QuotaExceeded."""
    on, count, gives = work.connection, abs(wanted.quantity), wanted.quantity > 0
    stock = kind_of(wanted.kind).stock
    if gives:
        await _MAKE_ROOM.run(
            on, variant=wanted.variant_id, child=wanted.child_id, stocked=stock is not Stock.NONE
        )
    locked = await _LOCK.all(on, variant=wanted.variant_id, parent=wanted.parent_id, child=wanted.child_id)
    giver, taker = (wanted.parent_id, wanted.child_id) if gives else (wanted.child_id, wanted.parent_id)
    left = await _movable(on, wanted, giver, stock, locked)
    if left is not None and wanted.at_most:
        count = max(min(count, left), 0)
    if left is not None and count > left:
        raise QuotaExceeded(wanted.sku, count, max(left, 0))
    if stock is Stock.CARDS:
        moved = await move(
            work,
            _HAND_ON if gives else _RECALL,
            caller,
            variant=wanted.variant_id,
            giver=giver,
            taker=taker,
            quantity=count,
            back="IN_STOCK" if wanted.parent_is_root else "ALLOCATED",
            margin=work.cards.terms.sell_margin,
        )
        if len(moved) < count:
            raise QuotaExceeded(wanted.sku, count, len(moved))
    elif stock is Stock.COUNT:
        await _COUNT.run(on, variant=wanted.variant_id, giver=giver, taker=taker, quantity=count)
    quota = await _granted(on, wanted, count if gives else -count)
    if count:
        _tell(work, quota, count if gives else -count)
    return quota


async def _granted(on: Any, wanted: Allocation, quantity: int) -> StockQuotaView:
    """A quota of nothing is none: the child sells from the stock above it again."""
    row = await _GRANT.one(on, child=wanted.child_id, variant=wanted.variant_id, quantity=quantity)
    if row is None:
        raise QuotaExceeded(wanted.sku, abs(wanted.quantity), 0)
    if row["granted"] == 0:
        await _END.run(on, child=wanted.child_id, variant=wanted.variant_id)
    return StockQuotaView(row["id"], wanted.sku, wanted.child_id, row["granted"], row["used"])


def _tell(work: Work, quota: StockQuotaView, quantity: int) -> None:
    work.record(
        StockAllocated(
            aggregate_id=quota.channel_id,
            channel_id=quota.channel_id,
            sku=quota.sku,
            quantity=quantity,
            granted=quota.granted,
        )
    )


async def _movable(
    on: Any, wanted: Allocation, giver: UUID, stock: Stock, locked: Sequence[asyncpg.Record]
) -> int | None:
    """How many the giver can let go; None where nothing limits it: headquarters' caps."""
    limits = []
    if stock in (Stock.CARDS, Stock.COUNT):
        limits.append(_of(locked, giver, "LEVEL"))
    if not (wanted.parent_is_root and giver == wanted.parent_id):
        handed = await sql.HANDED_ON.all(on, variants=[wanted.variant_id], holders=[giver])
        promised = sum(row["quantity"] for row in handed)
        limits.append(_of(locked, giver, "QUOTA") - promised)
    return min(limits) if limits else None


def _of(locked: Sequence[asyncpg.Record], holder: UUID, what: str) -> int:
    """A locked row's figure; a channel that was handed nothing has nothing to hand on."""
    for row in locked:
        if row["holder_id"] == holder and row["what"] == what:
            found: int = row["available"]
            return found
    return 0
