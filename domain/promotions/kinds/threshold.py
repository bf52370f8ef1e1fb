"""Spend so much, save so much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from domain.promotions.basket import Basket, Reduction
from domain.promotions.promotion import Phase, PromotionKind
from domain.promotions.scope import Occasion


@dataclass(frozen=True)
class Threshold(PromotionKind):
    """Takes `off_minor` once the goods reach `reaches_minor` (满减); with `repeats` as often as they do."""

    phase: ClassVar[Phase] = Phase.THRESHOLD

    reaches_minor: int
    off_minor: int
    repeats: bool = False

    def __post_init__(self) -> None:
        if self.off_minor < 1 or self.reaches_minor < self.off_minor:
            raise ValueError(
                "A threshold takes something off, and not more than the sum that is to be reached."
            )

    def offer(self, basket: Basket, occasion: Occasion) -> Sequence[Reduction]:
        """Off the goods in its scope, in proportion to what is left to pay of them."""
        times = basket.total_minor // self.reaches_minor
        if not times:
            return ()
        return (Reduction.of(self.off_minor * (times if self.repeats else 1), basket.lines),)
