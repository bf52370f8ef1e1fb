"""A number and its key from stock, as game cards and shop cards come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from domain.catalog.fulfilment import Delivery, ProductKind, Progress, Refund, Stock, refund_of_cards


@dataclass(frozen=True)
class CardNumberKey(ProductKind):
    """A number and a secret from stock (卡号卡密)."""

    delivery: ClassVar[Delivery] = Delivery.CARDS
    stock: ClassVar[Stock] = Stock.CARDS
    numbered: ClassVar[bool] = True

    def refund(self, progress: Progress) -> Refund:
        """As of all cards."""
        return refund_of_cards(progress)
