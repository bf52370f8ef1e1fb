"""A few pieces at a special price for a short time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from domain.promotions.basket import Basket, Reduction
from domain.promotions.promotion import Phase, PromotionKind
from domain.promotions.replacing import replaced
from domain.promotions.scope import Occasion


@dataclass(frozen=True)
class FlashSale(PromotionKind):
    """Sells SKUs at `prices` (minor units) while `stock` pieces last, `per_buyer` to each buyer (秒杀).

    `slices` reserves pieces for channels, by code; pieces that no slice reserves are for everybody else.
    """

    phase: ClassVar[Phase] = Phase.PRICE

    prices: Mapping[str, int]
    stock: int
    per_buyer: int = 1
    slices: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.prices or self.stock < 1 or self.per_buyer < 1:
            raise ValueError("A flash sale has prices, a stock and at least one piece for each buyer.")
        if sum(self.slices.values()) > self.stock:
            raise ValueError("The slices of a flash sale are not more than its stock.")

    def offer(self, basket: Basket, occasion: Occasion) -> Sequence[Reduction]:
        """The special price for as many pieces as one buyer may have."""
        return replaced(basket.lines, self.prices, self.per_buyer)
