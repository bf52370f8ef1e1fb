"""What a sale moves: held while it waits for payment, then divided among those through whose hands it goes.

The transfers and their sides are those of the trade's worked example: a sale through headquarters, a
province, a city and a shop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.ledger.accounts import (
    COST_OF_GOODS,
    PAYMENT_CLEARING,
    PROMOTION_EXPENSE,
    REVENUE,
    SUPPLIER_PREPAID,
    Account,
    deposit,
    hold,
    pending,
)
from domain.ledger.transfers import Entry, Reach, Transfer, TransferType, credit, debit, transfers
from domain.money import split

Shares = Mapping[UUID | None, int]
"""Who pays how much of a discount, in minor units: channels, and None for headquarters."""


@dataclass(frozen=True, slots=True)
class Trade:
    """An order, or a part of one, as the ledger sees it; amounts are minor units of `currency`."""

    order_id: UUID
    path: tuple[UUID, ...]
    """From headquarters to the seller."""
    levels: tuple[int, ...]
    """T[0..n]: what it cost, and what each channel of the path pays for it; as long as the path."""
    total_minor: int
    """What the buyer pays, discounts taken off."""
    currency: str

    @property
    def seller(self) -> UUID:
        """Who sells to the buyer."""
        return self.path[-1]

    @property
    def price_minor(self) -> int:
        """What the seller pays for it; headquarters, as a seller, pays nobody."""
        return self.levels[-1] if len(self.path) > 1 else 0

    @property
    def purse(self) -> Account:
        """Where the seller's money lies: its deposit, or headquarters' revenue."""
        return deposit(self.seller) if len(self.path) > 1 else REVENUE

    def margins(self) -> dict[UUID, int]:
        """What each channel between headquarters and the seller earns by it."""
        between = range(1, len(self.path) - 1)
        return {self.path[k]: self.levels[k + 1] - self.levels[k] for k in between}

    def portions(self, weights: Sequence[int]) -> list[Trade]:
        """Parts of it in proportion to weights, at every level; they always add up to the whole."""
        levels = [split(level, weights) for level in self.levels]
        return [
            Trade(self.order_id, self.path, tuple(level[n] for level in levels), total, self.currency)
            for n, total in enumerate(split(self.total_minor, weights))
        ]


def placed(trade: Trade, reach: Reach = Reach.CREDIT) -> list[Transfer]:
    """Hold the seller's price; BalanceTooLow refuses the order when it is posted."""
    entries = [
        debit(deposit(trade.seller), trade.price_minor, reach),
        credit(hold(trade.seller), trade.price_minor),
    ]
    return _of(TransferType.HOLD, trade, entries)


def release(trade: Trade) -> list[Transfer]:
    """Give back what was held for an order that ends unpaid."""
    entries = [debit(hold(trade.seller), trade.price_minor), credit(deposit(trade.seller), trade.price_minor)]
    return _of(TransferType.RELEASE, trade, entries)


def paid(trade: Trade, shares: Shares, vests_at: datetime, by_headquarters: bool) -> list[Transfer]:
    """What was held becomes revenue and margins, and funders pay the discount.

    `by_headquarters` says that it took the buyer's money; a seller that did has it already.
    """
    collected = [debit(PAYMENT_CLEARING, trade.total_minor), credit(trade.purse, trade.total_minor)]
    cost = [debit(COST_OF_GOODS, trade.levels[0]), credit(SUPPLIER_PREPAID, trade.levels[0])]
    taken = by_headquarters or len(trade.path) == 1  # headquarters as a seller takes it in any case
    return [
        *_of(TransferType.COLLECTED, trade, collected if taken else []),
        *_of(TransferType.SALE, trade, _sale(trade), vests_at),
        *_of(TransferType.COST, trade, cost),
        *_of(TransferType.PROMOTION, trade, _promotion(trade, shares)),
    ]


def _sale(trade: Trade) -> list[Entry]:
    if len(trade.path) == 1:
        return []
    margins = [credit(pending(channel), minor) for channel, minor in trade.margins().items() if minor]
    return [debit(hold(trade.seller), trade.price_minor), *margins, credit(REVENUE, trade.levels[1])]


def _promotion(trade: Trade, shares: Shares) -> list[Entry]:
    """A seller that funds its own discount has it in what it takes from the buyer."""
    others = {
        funder: minor
        for funder, minor in shares.items()
        if funder != trade.seller or trade.seller == trade.path[0]
    }
    paying = [debit(funding(funder, trade), minor) for funder, minor in others.items() if minor]
    return [*paying, credit(trade.purse, sum(others.values()))]


def funding(funder: UUID | None, trade: Trade) -> Account:
    """Where a funder's share comes from: its margins, or headquarters' expenses."""
    return PROMOTION_EXPENSE if funder is None or funder == trade.path[0] else pending(funder)


def _of(
    type: TransferType, trade: Trade, entries: list[Entry], vests_at: datetime | None = None
) -> list[Transfer]:
    kept = [entry for entry in entries if entry.minor]
    return transfers(type, trade.order_id, trade.currency, kept, trade.order_id, vests_at)
