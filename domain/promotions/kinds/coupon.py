"""Something off for whoever shows a code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from domain.money import FULL_BP, share
from domain.promotions.basket import Basket, Reduction
from domain.promotions.promotion import Phase, PromotionKind
from domain.promotions.scope import Occasion


@dataclass(frozen=True)
class Coupon(PromotionKind):
    """Takes `off_minor`, or `off_bp` basis points up to `most_minor`, for a code (优惠券).

    The goods have to reach `reaches_minor`; 0 is no cap and no condition.
    """

    phase: ClassVar[Phase] = Phase.COUPON
    by_code: ClassVar[bool] = True

    off_minor: int = 0
    off_bp: int = 0
    most_minor: int = 0
    reaches_minor: int = 0

    def __post_init__(self) -> None:
        if (self.off_minor > 0) is (self.off_bp > 0) or self.off_bp > FULL_BP:
            raise ValueError("A coupon takes either an amount off or 1 to 10,000 basis points.")

    def offer(self, basket: Basket, occasion: Occasion) -> Sequence[Reduction]:
        """Off the goods in its scope, in proportion to what is left to pay of them."""
        total = basket.total_minor
        if not total or total < self.reaches_minor:
            return ()
        off = self.off_minor or share(total, self.off_bp)
        return (Reduction.of(min(off, self.most_minor or off), basket.lines),)
