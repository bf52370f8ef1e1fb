"""A better price for those who find others to buy with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from domain.promotions.basket import Basket, Reduction
from domain.promotions.promotion import Phase, PromotionKind
from domain.promotions.replacing import replaced
from domain.promotions.scope import Occasion

MOST_MINUTES = 366 * 24 * 60


@dataclass(frozen=True)
class GroupBuy(PromotionKind):
    """Sells SKUs at `prices` (minor units) to groups of `seats` buyers, full within `open_minutes` (拼团)."""

    phase: ClassVar[Phase] = Phase.PRICE
    by_seat: ClassVar[bool] = True
    for_members: ClassVar[bool] = True

    prices: Mapping[str, int]
    seats: int = 2
    open_minutes: int = 24 * 60

    def __post_init__(self) -> None:
        if not self.prices or not 2 <= self.seats <= 100 or not 1 <= self.open_minutes <= MOST_MINUTES:
            raise ValueError("A group buy has prices, 2 to 100 seats, and a minute to a year to fill them.")

    def offer(self, basket: Basket, occasion: Occasion) -> Sequence[Reduction]:
        """The group's price for every piece."""
        return replaced(basket.lines, self.prices)

    @property
    def skus(self) -> frozenset[str]:
        """What it sells."""
        return frozenset(self.prices)
