"""A link that works once, as cinema tickets and coupons for drinks come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from domain.catalog.fulfilment import Delivery, ProductKind, Progress, Refund, Stock, refund_of_cards


@dataclass(frozen=True)
class Link(ProductKind):
    """A one-use link from stock (链接兑换)."""

    delivery: ClassVar[Delivery] = Delivery.CARDS
    stock: ClassVar[Stock] = Stock.CARDS

    def refund(self, progress: Progress) -> Refund:
        """As of all cards: a link that was shown counts as revealed."""
        return refund_of_cards(progress)
