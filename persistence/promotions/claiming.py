"""Counting what orders take of promotions: locked and decided first, written behind all that can refuse."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.ids import new_id
from domain.orders.refusals import CouponNotApplicable
from domain.promotions.claims import Claim, Claims
from domain.promotions.refusals import PromotionUsedUp
from persistence.promotions.asking import KEYS, Key, columns
from persistence.sharing.stops import Asked, Overtaken, Turn, stop
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.refusals import Refusal
    from persistence.statements import Connection

_LOCK = Statement(
    f"""SELECT u.promotion_id, u.subject, u.used FROM promotion_use u JOIN {KEYS}
           ON u.promotion_id = w.promotion_id AND u.subject = w.subject
         ORDER BY u.promotion_id, u.subject FOR NO KEY UPDATE OF u"""
)
_LOCK_COUPONS = Statement(
    """SELECT c.id, c.uses - c.used AS left, c.customer_id FROM coupon c
        WHERE c.id = ANY (CAST(:ids AS uuid[])) ORDER BY c.id FOR NO KEY UPDATE"""
)
_KEEP = Statement(
    """WITH asked AS (
           SELECT * FROM unnest(CAST(:promotions AS uuid[]), CAST(:subjects AS text[]),
                                CAST(:bys AS bigint[]), CAST(:mosts AS bigint[]))
                         AS w (promotion_id, subject, by, most)),
       counted AS (
           UPDATE promotion_use u SET used = u.used + w.by FROM asked w
            WHERE u.promotion_id = w.promotion_id AND u.subject = w.subject AND u.used + w.by <= w.most
           RETURNING 1),
       begun AS (
           INSERT INTO promotion_use (promotion_id, subject, used)
           SELECT promotion_id, subject, by FROM asked w
            WHERE by <= most AND NOT EXISTS (SELECT FROM promotion_use u WHERE u.promotion_id = w.promotion_id
                                                                           AND u.subject = w.subject)
            ORDER BY promotion_id, subject ON CONFLICT DO NOTHING RETURNING 1),
       used AS (
           UPDATE coupon c SET used = c.used + w.by
             FROM unnest(CAST(:coupons AS uuid[]), CAST(:coupon_bys AS int[])) AS w (id, by)
            WHERE c.id = w.id AND c.used + w.by <= c.uses RETURNING 1),
       kept AS (
           INSERT INTO promotion_claim (id, order_id, promotion_id, coupon_id, state, minor, counts)
           SELECT id, order_id, promotion_id, coupon_id, 'HELD', minor, counts
             FROM unnest(CAST(:ids AS uuid[]), CAST(:orders AS uuid[]), CAST(:of AS uuid[]),
                         CAST(:of_coupons AS uuid[]), CAST(:minors AS bigint[]), CAST(:counts AS jsonb[]))
                  AS w (id, order_id, promotion_id, coupon_id, minor, counts) RETURNING 1)
       SELECT (SELECT count(*) FROM counted) + (SELECT count(*) FROM begun) AS counted,
              (SELECT count(*) FROM used) AS used, (SELECT count(*) FROM kept) AS kept"""
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What an order that was written takes."""

    order_id: UUID
    claims: Claims


@stop(Turn.CLAIMS, holds=True)
async def hold_claims(on: Connection, asked: Sequence[Asked[Claims]]) -> list[Refusal | None]:
    """Whoever asks first gets first; nothing is written. What nobody has counted yet has no row to lock."""
    ledger = await _locked(on, [one.what for one in asked])
    return [ledger.meet(one.what) for one in asked]


@stop(Turn.CLAIMING, writes=True)
async def keep_claims(on: Connection, asked: Sequence[Asked[Taken]]) -> list[Refusal | None]:
    """Count and write what was held; every update is guarded by its limit once more.

    Where somebody else was the first to count something, the transaction is begun again.
    """
    taken = [one.what for one in asked]
    by: dict[Key, list[int]] = {}
    coupons: dict[UUID, int] = defaultdict(int)
    for claim in (claim for one in taken for claim in one.claims.claims):
        for count in claim.counts:
            so_far = by.setdefault((claim.promotion_id, count.subject), [0, count.most])
            so_far[0] += count.by
        if claim.coupon_id is not None:
            coupons[claim.coupon_id] += 1
    row = await _KEEP.one(
        on,
        **columns(list(by)),
        bys=[count for count, _ in by.values()],
        mosts=[most for _, most in by.values()],
        coupons=list(coupons),
        coupon_bys=list(coupons.values()),
        **_rows(taken),
    )
    if row is None or (row["counted"], row["used"]) != (len(by), len(coupons)):
        raise Overtaken("What was held of a promotion was not there any more.")
    return [None] * len(asked)


class _Counters:
    """What is left behind locked rows, while the claims of a transaction are met one after another."""

    def __init__(self, used: dict[Key, int], coupons: dict[UUID, tuple[int, UUID | None]]) -> None:
        self._used, self._coupons = used, coupons

    def meet(self, claims: Claims) -> Refusal | None:
        """Take all of them, or tell what there is not enough of."""
        refused = next(filter(None, (self._problem(one, claims.customer_id) for one in claims.claims)), None)
        if refused is not None:
            return refused
        for claim in claims.claims:
            for count in claim.counts:
                key = claim.promotion_id, count.subject
                self._used[key] = self._used.get(key, 0) + count.by
            if claim.coupon_id is not None:
                left, owner = self._coupons[claim.coupon_id]
                self._coupons[claim.coupon_id] = left - 1, owner
        return None

    def _problem(self, claim: Claim, customer_id: UUID | None) -> Refusal | None:
        if claim.coupon_id is not None:
            left, owner = self._coupons.get(claim.coupon_id, (0, None))
            if left < 1 or owner not in (None, customer_id):
                return CouponNotApplicable(claim.coupon or "", "couponCodes")
        used = ((self._used.get((claim.promotion_id, one.subject), 0), one) for one in claim.counts)
        if any(so_far + one.by > one.most for so_far, one in used):
            return PromotionUsedUp(claim.name)
        return None


async def _locked(on: Connection, all_claims: Sequence[Claims]) -> _Counters:
    claims = [claim for one in all_claims for claim in one.claims]
    keys = sorted({(claim.promotion_id, count.subject) for claim in claims for count in claim.counts})
    counters = await _LOCK.all(on, **columns(keys)) if keys else []
    found = {(row["promotion_id"], row["subject"]): row["used"] for row in counters}
    ids = sorted({claim.coupon_id for claim in claims if claim.coupon_id is not None})
    rows = await _LOCK_COUPONS.all(on, ids=ids) if ids else []
    return _Counters(found, {row["id"]: (row["left"], row["customer_id"]) for row in rows})


def _rows(taken: Sequence[Taken]) -> dict[str, list[Any]]:
    claims = [(one.order_id, claim) for one in taken for claim in one.claims.claims]
    return {
        "ids": [new_id() for _ in claims],
        "orders": [order_id for order_id, _ in claims],
        "of": [claim.promotion_id for _, claim in claims],
        "of_coupons": [claim.coupon_id for _, claim in claims],
        "minors": [claim.minor for _, claim in claims],
        "counts": [{one.subject: one.by for one in claim.counts} for _, claim in claims],
    }
