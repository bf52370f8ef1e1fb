"""Orders as the ledger sees them: what every level of the tree pays for all of their lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from domain.ledger.sales import Trade

if TYPE_CHECKING:
    from domain.ledger.sales import Shares
    from domain.orders.records import OrderDraft, PartRecord


@dataclass(frozen=True, slots=True)
class Levels:
    """A line's T[0..n] of one piece along its path, in minor units."""

    path: tuple[UUID, ...]
    transfer_minor: tuple[int, ...]
    cost_minor: int | None
    """What it cost, where that is known better than T[0]."""
    quantity: int

    def minor(self, level: int) -> int:
        """All pieces at a level."""
        known = level == 0 and self.cost_minor is not None
        return self.quantity * (self.cost_minor or 0 if known else self.transfer_minor[level])


@dataclass(frozen=True, slots=True)
class Sold:
    """An order's trade and parts, and what the ledger has of it."""

    trade: Trade
    shares: Shares
    """Of its discount, by funder."""
    parts: tuple[PartRecord, ...]
    """By id."""
    held: bool
    """Whether its price was taken from the deposit; not so of orders from before there was a ledger."""
    posted: bool
    """Whether its sale is in the ledger."""


def trade_of(draft: OrderDraft) -> Trade:
    """The trade of an order that is to be placed."""
    lines = (Levels(line.path, line.transfer_minor, line.cost_minor, line.quantity) for line in draft.lines)
    return trade_over(lines, draft.id, draft.total_minor, draft.currency)


def trade_over(lines: Iterable[Levels], order_id: UUID, total_minor: int, currency: str) -> Trade:
    """The trade over an order's lines, of which there is at least one; all were sold along one path."""
    lines = list(lines)
    path = lines[0].path
    levels = tuple(sum(line.minor(level) for line in lines) for level in range(len(path)))
    return Trade(order_id, path, levels, total_minor, currency)
