"""Something for nothing with what is bought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from domain.promotions.basket import Basket, Reduction
from domain.promotions.counting import picked
from domain.promotions.promotion import Phase, PromotionKind
from domain.promotions.scope import Occasion


@dataclass(frozen=True)
class Gift(PromotionKind):
    """Gives `gives` (SKU → pieces) for every `buys` pieces of the goods in its scope (买赠).

    What is given lies in the basket, too: it is the buyer who takes it. `most` is how often in one order;
    0 is no limit.
    """

    phase: ClassVar[Phase] = Phase.LINE

    gives: Mapping[str, int]
    buys: int = 1
    most: int = 0

    def __post_init__(self) -> None:
        if not self.gives or not all(self.gives.values()) or self.buys < 1:
            raise ValueError("A gift is at least one piece, for at least one that is bought.")

    def offer(self, basket: Basket, occasion: Occasion) -> Sequence[Reduction]:
        """The price of the pieces that are given; what is given does not count as bought."""
        scoped = {line.sku for line in basket.lines}
        own = sum(count for sku, count in self.gives.items() if sku in scoped)
        # Of goods that are given with themselves, so many make one turn; others turn as often as is bought.
        times = basket.pieces // (self.buys + own)
        times = min(times, self.most) if self.most else times
        found = []
        for sku, count in self.gives.items():
            for at, minor in picked(list(basket.named(sku)), count * times).items():
                found.append(Reduction(minor, {at: 1}))
        return found

    @property
    def skus(self) -> frozenset[str]:
        """What it gives."""
        return frozenset(self.gives)
