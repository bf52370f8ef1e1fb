"""Several things together for one price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from domain.promotions.basket import Basket, Reduction
from domain.promotions.counting import picked, pieces_of
from domain.promotions.promotion import Phase, PromotionKind
from domain.promotions.scope import Occasion


@dataclass(frozen=True)
class BundlePrice(PromotionKind):
    """Sells `components` (SKU → pieces) together for `price_minor`, as often as they are complete (套餐)."""

    phase: ClassVar[Phase] = Phase.LINE

    components: Mapping[str, int]
    price_minor: int

    def __post_init__(self) -> None:
        if sum(self.components.values()) < 2 or not all(self.components.values()):
            raise ValueError("A bundle has at least two pieces, and at least one of each of its SKUs.")

    def offer(self, basket: Basket, occasion: Occasion) -> Sequence[Reduction]:
        """What the pieces of all complete sets cost more than the sets."""
        times = min(pieces_of(basket, sku) // count for sku, count in self.components.items())
        if not times:
            return ()
        pieces: dict[int, int] = {}
        for sku, count in self.components.items():
            pieces |= picked(list(basket.named(sku)), count * times)
        off = sum(pieces.values()) - self.price_minor * times
        return (Reduction(off, pieces),) if off > 0 else ()

    @property
    def skus(self) -> frozenset[str]:
        """What its sets consist of."""
        return frozenset(self.components)
