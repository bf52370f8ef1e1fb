"""What promotions ask about buyers, coupons and counters: read once for all who share a transaction.

Nothing is locked here: who decides by it is held to it at the claims, or is refused there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from persistence.promotions.loading import load_by_ids
from persistence.sharing.stops import Asked, Turn, stop
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.promotions.promotion import Promotion
    from domain.refusals import Refusal
    from persistence.statements import Connection

Key = tuple[UUID, str]
"""A promotion, and what is counted of it."""

KEYS = "unnest(CAST(:promotions AS uuid[]), CAST(:subjects AS text[])) AS w (promotion_id, subject)"
VALID = (
    """(b.valid_from IS NULL OR b.valid_from <= now()) AND (b.valid_until IS NULL OR b.valid_until > now())"""
)
_USED = Statement(
    f"""SELECT u.promotion_id, u.subject, u.used FROM promotion_use u
          JOIN {KEYS} USING (promotion_id, subject)"""
)
_SEGMENTS = Statement("SELECT id, segments FROM customer WHERE id = ANY (CAST(:customers AS uuid[]))")
_HAVE_BOUGHT = Statement(
    """SELECT w.id FROM unnest(CAST(:customers AS uuid[])) AS w (id)
        WHERE EXISTS (SELECT FROM orders WHERE customer_id = w.id
                       AND status NOT IN ('CANCELLED', 'EXPIRED'))"""
)
_SHOWN = Statement(
    f"""SELECT c.code_hmac, c.id, c.promotion_id, c.customer_id
          FROM coupon c JOIN coupon_batch b ON b.id = c.batch_id
         WHERE c.code_hmac = ANY (CAST(:hmacs AS bytea[])) AND c.used < c.uses AND {VALID}"""
)


@dataclass(frozen=True, slots=True)
class Codes:
    """Codes as they are looked up, and who shows them."""

    hmacs: tuple[bytes, ...]
    customer_id: UUID | None


@dataclass(frozen=True, slots=True)
class FoundCoupon:
    """A coupon that can be used, and whose promotion it gives."""

    id: UUID
    promotion_id: UUID


def columns(keys: Sequence[Key]) -> dict[str, list[UUID] | list[str]]:
    """Keys as `KEYS` takes them."""
    return {"promotions": [key for key, _ in keys], "subjects": [subject for _, subject in keys]}


@stop(Turn.OFFERS)
async def used(on: Connection, asked: Sequence[Asked[Sequence[Key]]]) -> list[dict[Key, int] | Refusal]:
    """What is counted now, without waiting for anybody; nothing is said of what never was."""
    rows = await _USED.all(on, **columns(list({key for one in asked for key in one.what})))
    found = {(row["promotion_id"], row["subject"]): row["used"] for row in rows}
    return [{key: found[key] for key in one.what if key in found} for one in asked]


@stop(Turn.OFFERS)
async def segments(on: Connection, asked: Sequence[Asked[UUID]]) -> list[frozenset[str] | Refusal]:
    """The segments of customers."""
    rows = await _SEGMENTS.all(on, customers=[one.what for one in asked])
    found = {row["id"]: frozenset(row["segments"] or ()) for row in rows}
    return [found.get(one.what, frozenset()) for one in asked]


@stop(Turn.OFFERS)
async def have_bought(on: Connection, asked: Sequence[Asked[UUID]]) -> list[bool | Refusal]:
    """Whether customers have orders that were not given up."""
    rows = await _HAVE_BOUGHT.all(on, customers=[one.what for one in asked])
    found = {row["id"] for row in rows}
    return [one.what in found for one in asked]


@stop(Turn.OFFERS)
async def shown(on: Connection, asked: Sequence[Asked[Codes]]) -> list[dict[bytes, FoundCoupon] | Refusal]:
    """Coupons that are valid and not used up; one in a wallet is shown by its owner alone."""
    rows = await _SHOWN.all(on, hmacs=list({code for one in asked for code in one.what.hmacs}))
    found = {row["code_hmac"]: row for row in rows}
    return [
        {
            code: FoundCoupon(found[code]["id"], found[code]["promotion_id"])
            for code in one.what.hmacs
            if code in found and found[code]["customer_id"] in (None, one.what.customer_id)
        }
        for one in asked
    ]


@stop(Turn.OFFERS)
async def promised(
    on: Connection, asked: Sequence[Asked[Sequence[UUID]]]
) -> list[dict[UUID, Promotion] | Refusal]:
    """Promotions whatever has become of them."""
    loaded = await load_by_ids(on, list({own for one in asked for own in one.what}))
    found = {one.id: one for one in loaded}
    return [{own: found[own] for own in one.what if own in found} for one in asked]
