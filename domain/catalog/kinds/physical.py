"""A thing in a parcel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from domain.catalog.fulfilment import SEND_BACK, Delivery, Goods, ProductKind, Progress, Refund, Stock


@dataclass(frozen=True)
class Physical(ProductKind):
    """A shipment with carrier and tracking number (实物); the setting `weight_grams` is one item's weight."""

    delivery: ClassVar[Delivery] = Delivery.SHIPMENT
    stock: ClassVar[Stock] = Stock.COUNT
    needs_address: ClassVar[bool] = True

    weight_grams: int = 0

    def __post_init__(self) -> None:
        if self.weight_grams < 0:
            raise ValueError("A weight is not negative.")

    def refund(self, progress: Progress) -> Refund:
        """In full before shipping; after it, what came back."""
        if not progress.delivered:
            return Refund(progress.units, progress.units, Goods.BACK_TO_STOCK)
        share = progress.units - progress.delivered + progress.returned
        return Refund(share, progress.units, Goods.RETURNED, None if share else SEND_BACK)
