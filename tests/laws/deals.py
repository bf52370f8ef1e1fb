"""What happens to one order, and what the ledger must make of it: from the trade's terms, not its entries."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, auto
from uuid import UUID

from domain.ledger.sales import Shares, Trade

CLEARING, PREPAID, INCOME = "clearing", "prepaid", "income"
"""Headquarters': what it collected, what suppliers got, and all that makes its own margin."""

Place = UUID | str


class Stage(Enum):
    """Where an order is."""

    HELD = auto()
    PAID = auto()
    ENDED = auto()


@dataclass
class Deal:
    """An order in parts; parts that were refunded are gone, and lost where their goods did not come back."""

    trade: Trade
    shares: Shares
    by_headquarters: bool
    due: bool
    parts: list[tuple[Trade, Shares]]
    stage: Stage = Stage.HELD
    lost: list[Trade] = field(default_factory=list)

    def expected(self) -> Counter[Place]:
        """What its transfers leave with everybody, whatever account of theirs it lies in."""
        left: Counter[Place] = Counter()
        if self.stage is not Stage.PAID:
            return left
        for part, shares in self.parts:
            self._earned(part, shares, left)
        for part in self.lost:
            left[INCOME] -= part.levels[0]
            left[PREPAID] += part.levels[0]
        return left

    def _earned(self, part: Trade, shares: Shares, left: Counter[Place]) -> None:
        """Each pays the level above and is paid by the level below, and funders pay the seller."""
        payers: list[Place] = [INCOME, *part.path[1:]]
        for above, below, price in zip(payers[:-1], payers[1:], part.levels[1:], strict=True):
            left[above] += price
            left[below] -= price
        collected = self.by_headquarters or len(payers) == 1
        if collected:
            left[payers[-1]] += part.total_minor
            left[CLEARING] -= part.total_minor
        for funder, minor in shares.items():
            left[payers[-1]] += minor
            left[INCOME if funder is None or funder == part.path[0] else funder] -= minor
        left[INCOME] -= part.levels[0]
        left[PREPAID] += part.levels[0]

    def margins(self) -> int:
        """What all earn together by what is left of it, the seller's own takings included."""
        kept = sum(minor for place, minor in self.expected().items() if place not in (CLEARING, PREPAID))
        collected = self.by_headquarters or len(self.trade.path) == 1
        return kept + (0 if collected else sum(part.total_minor for part, _ in self.parts))
