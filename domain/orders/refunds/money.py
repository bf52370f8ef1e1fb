"""The money of a refund at every level of the tree: as much of each part's sale as is paid back of the part.

Everything telescopes, as the buyer's amounts do: the share of all units paid back so far is rounded, and what
was booked before is taken off, so that the refunds of a part add up to its sale at every level.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from domain.ledger.returns import Return, returned
from domain.ledger.sales import Trade
from domain.money import half_up, split

if TYPE_CHECKING:
    from domain.ledger.transfers import Transfer
    from domain.orders.refunds.views import RefundView
    from domain.orders.trades import Levels

Given = Mapping[UUID, Mapping[UUID, int]]
"""Promotion → who pays for it → minor units of a discount."""


@dataclass(frozen=True, slots=True)
class PartSale:
    """A part of which something is paid back, with the sale of its whole line."""

    levels: Levels
    given: Given
    weights: tuple[int, ...]
    """What the line's parts have of its price; each has as much of all else."""
    place: int
    """Which of them it is."""
    before: int
    """Units paid back before."""
    units: int
    whole: int
    lost: int = 0
    """Units of these that nobody takes back."""

    def of_line(self, minor: int) -> int:
        """What of an amount of the line belongs to these units."""
        weights = self.weights if any(self.weights) else [1] * len(self.weights)
        mine = split(minor, weights)[self.place]
        until_now = half_up(mine * (self.before + self.units), self.whole)
        return until_now - half_up(mine * self.before, self.whole)


@dataclass(frozen=True, slots=True)
class Booked:
    """What a refund moves."""

    transfers: list[Transfer] = field(default_factory=list)
    discounts: Mapping[UUID, int] = field(default_factory=dict)
    """What each promotion gets back, in minor units."""


def booked(refund: RefundView, sales: Sequence[PartSale], vested: bool, by_headquarters: bool) -> Booked:
    """The transfers of a refund, and what its promotions get back.

    Goods that nobody takes back are a loss; of the others the supplier, or our stock, bears the cost again.
    """
    given = _given(sales)
    shares: dict[UUID | None, int] = defaultdict(int)
    for of_promotion in given.values():
        for funder, minor in of_promotion.items():
            shares[funder] += minor
    cost, lost = _costs(sales)
    trade = _trade(refund, sales, cost)
    back = returned(Return(refund.id, trade, vested, by_headquarters, dict(shares)), goods_back=True)
    nobody = Trade(trade.order_id, trade.path, (lost, *[0] * (len(trade.path) - 1)), 0, trade.currency)
    gone = returned(Return(refund.id, nobody, vested, by_headquarters=False), goods_back=False)
    return Booked([*back, *gone], {one: sum(of.values()) for one, of in given.items()})


def _trade(refund: RefundView, sales: Sequence[PartSale], cost: int) -> Trade:
    """Levels are put together from margins, so that none of them is ever divided below nothing."""
    path = sales[0].levels.path
    levels = [cost]
    for k in range(1, len(path)):
        below = 0 if k == 1 else levels[-1]
        levels.append(below + sum(sale.of_line(_step(sale.levels, k)) for sale in sales))
    return Trade(refund.order_id, path, tuple(levels), refund.amount.minor, refund.amount.currency)


def _step(levels: Levels, k: int) -> int:
    return levels.minor(k) - (levels.minor(k - 1) if k > 1 else 0)


def _costs(sales: Sequence[PartSale]) -> tuple[int, int]:
    """What it cost, of what comes back and of what does not."""
    back = lost = 0
    for sale in sales:
        kept, gone = split(sale.of_line(sale.levels.minor(0)), [sale.units - sale.lost, sale.lost])
        back, lost = back + kept, lost + gone
    return back, lost


def _given(sales: Sequence[PartSale]) -> dict[UUID, dict[UUID, int]]:
    found: dict[UUID, dict[UUID, int]] = defaultdict(lambda: defaultdict(int))
    for sale in sales:
        for promotion, funders in sale.given.items():
            for funder, minor in funders.items():
                found[promotion][funder] += sale.of_line(minor)
    return found
