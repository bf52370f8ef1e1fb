"""The more, the cheaper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from domain.money import FULL_BP, share
from domain.promotions.basket import Basket, Open, Reduction
from domain.promotions.promotion import Phase, PromotionKind
from domain.promotions.scope import Occasion


@dataclass(frozen=True)
class QuantityTiers(PromotionKind):
    """Takes basis points off from a number of pieces on: `{"3": 500, "10": 1000}` (多件多折).

    Each SKU counts for itself, or with `together` all goods in the scope count as one.
    """

    phase: ClassVar[Phase] = Phase.LINE

    tiers: Mapping[str, int]
    together: bool = False

    def __post_init__(self) -> None:
        right = all(name.isascii() and name.isdigit() and int(name) > 0 for name in self.tiers)
        if not self.tiers or not right or not all(0 < rate <= FULL_BP for rate in self.tiers.values()):
            raise ValueError("Tiers are numbers of pieces with 1 to 10,000 basis points each.")

    def offer(self, basket: Basket, occasion: Occasion) -> Sequence[Reduction]:
        """Off each line by the highest tier that is reached."""
        found = []
        for line in basket.lines:
            rate_bp = self._rate(basket.pieces if self.together else _pieces(basket, line))
            if rate_bp:
                found.append(Reduction(share(line.left_minor, rate_bp), {line.at: 1}))
        return found

    def _rate(self, pieces: int) -> int:
        reached = [int(least) for least in self.tiers if int(least) <= pieces]
        return max(rate for least, rate in self.tiers.items() if int(least) == max(reached)) if reached else 0


def _pieces(basket: Basket, line: Open) -> int:
    return sum(one.quantity for one in basket.lines if one.sku == line.sku)
