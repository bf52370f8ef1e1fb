"""Discounts that a quote has promised: what its token says of them, and what an order makes of that again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.promotions.evaluate import Adjustment, Evaluation
from domain.promotions.spreading import SpreadMode, fund, spread

if TYPE_CHECKING:
    from domain.promotions.basket import Line
    from domain.promotions.promotion import Promotion


@dataclass(frozen=True, slots=True)
class PromisedDiscount:
    """What one promotion, or one coupon of it, takes off each SKU, in minor units.

    Who pays for it is not said: the buyer reads the token, and need not know.
    """

    promotion_id: UUID
    coupon_id: UUID | None
    coupon: str | None
    minor: Mapping[str, int]

    def facts(self) -> list[Any]:
        """As it is written into a token."""
        coupon = [self.coupon_id.hex, self.coupon] if self.coupon_id else None
        return [self.promotion_id.hex, coupon, dict(self.minor)]

    @classmethod
    def read(cls, facts: Sequence[Any]) -> PromisedDiscount:
        """What `facts` has written."""
        promotion, coupon, minor = facts
        coupon_id, code = (UUID(coupon[0]), coupon[1]) if coupon else (None, None)
        return cls(UUID(promotion), coupon_id, code, minor)


def promised(evaluation: Evaluation, lines: Sequence[Line]) -> list[PromisedDiscount]:
    """An evaluation as it is promised: by SKU, for lines of one SKU may be split otherwise in the order."""
    found = []
    for one in evaluation.adjustments:
        by_sku: dict[str, int] = {}
        for at, minor in one.lines.items():
            by_sku[lines[at].sku] = by_sku.get(lines[at].sku, 0) + minor
        found.append(PromisedDiscount(one.promotion.id, one.coupon_id, one.coupon, by_sku))
    return found


def given_again(
    discounts: Sequence[PromisedDiscount],
    lines: Sequence[Line],
    promotions: Mapping[UUID, Promotion],
    mode: SpreadMode,
) -> Evaluation:
    """The adjustments of a promise, over the lines of the order: what was promised is given, floors or not.

    Floors were kept when it was promised, and a promise of prices holds whatever was decided since.
    """
    taken = [0] * len(lines)
    found = []
    for one in discounts:
        promotion = promotions[one.promotion_id]
        parts: dict[int, int] = {}
        for sku, minor in one.minor.items():
            rooms = {at: line.total_minor - taken[at] for at, line in enumerate(lines) if line.sku == sku}
            parts |= spread(minor, rooms, rooms, mode)
        for at, part in parts.items():
            taken[at] += part
        found.append(Adjustment(promotion, one.coupon, one.coupon_id, parts, fund(parts, promotion.funding)))
    return Evaluation(tuple(taken), tuple(found))
