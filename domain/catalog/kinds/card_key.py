"""A code from stock: what most memberships are sold as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from domain.catalog.fulfilment import Asks, Delivery, ProductKind, Progress, Refund, Stock, refund_of_cards


@dataclass(frozen=True)
class CardKey(ProductKind):
    """One secret from stock (卡密直充): the buyer enters it at the brand, or we do for the account named."""

    delivery: ClassVar[Delivery] = Delivery.CARDS
    stock: ClassVar[Stock] = Stock.CARDS
    account: ClassVar[Asks] = Asks.MAY

    def refund(self, progress: Progress) -> Refund:
        """As of all cards."""
        return refund_of_cards(progress)
