"""A few pieces at a special price for a short time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from domain.promotions.basket import Basket, Line, Reduction
from domain.promotions.limits import Meter, Unit
from domain.promotions.promotion import Phase, PromotionKind
from domain.promotions.replacing import pieces_for, replaced
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
        left = basket.pieces_left
        return replaced(
            basket.lines, self.prices, self.per_buyer if left is None else min(left, self.per_buyer)
        )

    def meters(self, occasion: Occasion) -> Sequence[Meter]:
        """The channel's slice, and what the buyer may have."""
        own = (Meter(f"pieces:{name}", self.per_buyer, Unit.PIECE) for name in occasion.buyers)
        return (self.slice_of(occasion.codes), *own)

    def slice_of(self, codes: Sequence[str]) -> Meter:
        """The slice of the nearest channel of a path that has one, else what no slice reserves."""
        mine = next((code for code in reversed(codes) if code in self.slices), None)
        free = self.stock - sum(self.slices.values())
        most = free if mine is None else self.slices[mine]
        return Meter("stock" if mine is None else f"stock:{mine}", most, Unit.PIECE)

    def pieces(self, line: Line, minor: int) -> int:
        """The pieces that a discount of a line was given for."""
        return pieces_for(self.prices, line, minor)

    @property
    def skus(self) -> frozenset[str]:
        """What it sells."""
        return frozenset(self.prices)

    @property
    def channels(self) -> frozenset[str]:
        """The channels that have slices."""
        return frozenset(self.slices)
