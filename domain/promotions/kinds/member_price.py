"""A better price for members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from domain.money import FULL_BP, share
from domain.promotions.basket import Basket, Reduction
from domain.promotions.promotion import Phase, PromotionKind
from domain.promotions.replacing import replaced
from domain.promotions.scope import Occasion


@dataclass(frozen=True)
class MemberPrice(PromotionKind):
    """Sells to signed-in customers at `prices` (minor units), else at `pays_bp` of the price (会员折扣).

    Which customers is said by the segments of its scope. `pays_bp` is in basis points: 9,500 is 95 % (95 折).
    """

    phase: ClassVar[Phase] = Phase.PRICE
    for_members: ClassVar[bool] = True

    pays_bp: int = FULL_BP
    prices: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.pays_bp > FULL_BP or (self.pays_bp == FULL_BP and not self.prices):
            raise ValueError("A member price is a price of some SKU, or less than 10,000 basis points.")

    def offer(self, basket: Basket, occasion: Occasion) -> Sequence[Reduction]:
        """The member's price for every piece."""
        rated = {line.sku: share(line.line.unit_minor, self.pays_bp) for line in basket.lines}
        return replaced(basket.lines, rated | dict(self.prices))

    @property
    def skus(self) -> frozenset[str]:
        """What it names prices of."""
        return frozenset(self.prices)
