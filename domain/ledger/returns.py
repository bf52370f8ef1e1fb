"""What a refund moves: money goes back along the path that it came, from where each share of it lies now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from domain.ledger.accounts import (
    COST_OF_GOODS,
    LOSSES,
    PAYMENT_CLEARING,
    PROMOTION_EXPENSE,
    SALES_RETURNS,
    SUPPLIER_PREPAID,
    Account,
    deposit,
    pending,
)
from domain.ledger.transfers import Entry, Reach, Transfer, TransferType, credit, debit, transfers
from domain.money import split

if TYPE_CHECKING:
    from domain.ledger.sales import Shares, Trade


@dataclass(frozen=True, slots=True)
class Return:
    """A paid order, or a part of one (`Trade.portions`), that is taken back."""

    id: UUID
    """The refund's: it is posted once."""
    trade: Trade
    vested: bool
    """Whether the order's margins have vested (`LedgerBook.pending_of`)."""
    by_headquarters: bool
    """Whether headquarters took the buyer's money, and so gives it back."""
    shares: Shares = field(default_factory=dict)
    """Of the discount: as much as each funder gets back."""


def returned(ret: Return, goods_back: bool) -> list[Transfer]:
    """Undo a sale; `goods_back` says whether the supplier, or our stock, has the goods again.

    An agent whose deposit does not cover its margin owes the rest; later earnings pay that first.
    """
    cost = ret.trade.levels[0]
    lost = [debit(SUPPLIER_PREPAID if goods_back else LOSSES, cost), credit(COST_OF_GOODS, cost)]
    return [
        *_of(TransferType.REFUND, ret, _sale_back(ret)),
        *_of(TransferType.PROMOTION_BACK, ret, _promotion_back(ret)),
        *_of(TransferType.MONEY_BACK, ret, _money_back(ret)),
        *_of(TransferType.COST_BACK if goods_back else TransferType.LOSS, ret, lost),
    ]


def damaged(id: UUID, order_id: UUID, cost_minor: int, currency: str) -> list[Transfer]:
    """Goods that were booked as come back are a loss after all; `id` is what found that out."""
    entries = [debit(LOSSES, cost_minor), credit(SUPPLIER_PREPAID, cost_minor)]
    return transfers(TransferType.LOSS, id, currency, entries, order_id)


def _sale_back(ret: Return) -> list[Entry]:
    trade = ret.trade
    if len(trade.path) == 1:
        return []
    margins = [_take(ret, channel, minor) for channel, minor in trade.margins().items()]
    back = credit(deposit(trade.seller), trade.price_minor)
    return [debit(SALES_RETURNS, trade.levels[1]), *margins, back]


def _promotion_back(ret: Return) -> list[Entry]:
    root, seller = ret.trade.path[0], ret.trade.seller
    others = {who: minor for who, minor in ret.shares.items() if who != seller or seller == root}
    back = [
        credit(PROMOTION_EXPENSE, minor) if who is None or who == root else _take(ret, who, -minor)
        for who, minor in others.items()
    ]
    return [debit(_purse(ret), sum(others.values()), Reach.OWED), *back]


def _money_back(ret: Return) -> list[Entry]:
    total = ret.trade.total_minor
    if not ret.by_headquarters and len(ret.trade.path) > 1:
        return []
    return [debit(_purse(ret), total, Reach.OWED), credit(PAYMENT_CLEARING, total)]


def _purse(ret: Return) -> Account:
    return deposit(ret.trade.seller) if len(ret.trade.path) > 1 else SALES_RETURNS


def _take(ret: Return, channel: UUID, minor: int) -> Entry:
    """A share comes from where it lies: pending, or the deposit once it has vested."""
    return debit(deposit(channel), minor, Reach.OWED) if ret.vested else debit(pending(channel), minor)


def _of(type: TransferType, ret: Return, entries: list[Entry]) -> list[Transfer]:
    return transfers(type, ret.id, ret.trade.currency, entries, ret.trade.order_id)


def shares_of(shares: Shares, weights: Sequence[int]) -> list[Mapping[UUID | None, int]]:
    """What each part of an order has of its discount, as `Trade.portions` divides the order itself."""
    divided = {funder: split(minor, weights) for funder, minor in shares.items()}
    return [{funder: parts[n] for funder, parts in divided.items()} for n in range(len(weights))]
