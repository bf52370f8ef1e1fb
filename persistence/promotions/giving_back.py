"""Giving back what orders took of promotions: all of it when they are closed, by parts when refunded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from domain.promotions.limits import BUDGET
from persistence.statements import Statement

if TYPE_CHECKING:
    from persistence.statements import Connection

_LOCK_USES = Statement(
    """SELECT u.promotion_id, u.subject FROM promotion_use u
        WHERE (u.promotion_id, u.subject) IN (
              SELECT k.promotion_id, n.subject FROM promotion_claim k, jsonb_object_keys(k.counts) n (subject)
               WHERE k.order_id = ANY (CAST(:orders AS uuid[])) AND k.state = 'HELD')
        ORDER BY u.promotion_id, u.subject FOR NO KEY UPDATE"""
)
_LOCK_COUPONS = Statement(
    """SELECT c.id FROM coupon c WHERE c.id IN (
              SELECT k.coupon_id FROM promotion_claim k
               WHERE k.order_id = ANY (CAST(:orders AS uuid[])) AND k.state = 'HELD')
        ORDER BY c.id FOR NO KEY UPDATE"""
)
_END = Statement(
    """WITH ended AS (
           UPDATE promotion_claim k
              SET state = CAST(:state AS text), ended_at = now(), returned_minor = k.minor
             FROM (SELECT id, returned_minor FROM promotion_claim
                    WHERE order_id = ANY (CAST(:orders AS uuid[])) AND state = 'HELD') b
            WHERE k.id = b.id AND k.state = 'HELD'
           RETURNING k.promotion_id, k.coupon_id, k.counts, b.returned_minor),
       sums AS (
           SELECT e.promotion_id, n.subject,
                  sum(CAST(n.by AS bigint) - CASE WHEN n.subject = :budget THEN e.returned_minor ELSE 0 END)
                      AS by
             FROM ended e, jsonb_each_text(e.counts) n (subject, by) GROUP BY 1, 2),
       uses AS (
           UPDATE promotion_use u SET used = u.used - s.by FROM sums s
            WHERE u.promotion_id = s.promotion_id AND u.subject = s.subject),
       coupons AS (
           UPDATE coupon c SET used = c.used - s.by
             FROM (SELECT coupon_id, CAST(count(*) AS integer) AS by FROM ended
                    WHERE coupon_id IS NOT NULL GROUP BY 1) s
            WHERE c.id = s.coupon_id)
       SELECT count(*) FROM ended"""
)
_RETURN = Statement(
    """WITH asked AS (
           SELECT * FROM unnest(CAST(:promotions AS uuid[]), CAST(:minors AS bigint[])) AS a (id, minor)),
       room AS (
           SELECT k.id, k.promotion_id, k.minor - k.returned_minor AS room, a.minor AS wanted,
                  sum(k.minor - k.returned_minor) OVER (PARTITION BY k.promotion_id ORDER BY k.id)
                      - (k.minor - k.returned_minor) AS before
             FROM promotion_claim k JOIN asked a ON a.id = k.promotion_id
            WHERE k.order_id = :order_id AND k.state = 'HELD'),
       given AS (
           SELECT id, promotion_id, greatest(0, least(room, wanted - before)) AS minor FROM room),
       claims AS (
           UPDATE promotion_claim k SET returned_minor = k.returned_minor + g.minor FROM given g
            WHERE k.id = g.id RETURNING k.promotion_id, g.minor)
       UPDATE promotion_use u SET used = u.used - s.minor
         FROM (SELECT promotion_id, CAST(sum(minor) AS bigint) AS minor FROM claims GROUP BY 1) s
        WHERE u.promotion_id = s.promotion_id AND u.subject = :budget"""
)


async def lock_claims(on: Connection, order_ids: Sequence[UUID]) -> None:
    """Lock what orders count in promotions, by key, and then their coupons."""
    await _LOCK_USES.all(on, orders=list(order_ids))
    await _LOCK_COUPONS.all(on, orders=list(order_ids))


async def give_back_all(on: Connection, order_ids: Sequence[UUID], state: str) -> None:
    """End the claims of locked orders: counters go down and coupons can be used again."""
    orders = list(order_ids)
    await lock_claims(on, orders)
    await _END.value(on, orders=orders, state=state, budget=BUDGET)


async def give_back(on: Connection, order_id: UUID, minor: Mapping[UUID, int]) -> None:
    """Only what a promotion has cost becomes less: the turn that was had, and the coupon, stay used."""
    wanted = {promotion: amount for promotion, amount in minor.items() if amount > 0}
    if wanted:
        await _LOCK_USES.all(on, orders=[order_id])
        await _RETURN.run(
            on,
            order_id=order_id,
            promotions=list(wanted),
            minors=list(wanted.values()),
            budget=BUDGET,
        )
