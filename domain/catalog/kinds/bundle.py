"""Several products sold as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from domain.catalog.fulfilment import Asks, Delivery, Goods, ProductKind, Progress, Refund, Stock


@dataclass(frozen=True)
class Bundle(ProductKind):
    """Its components, each by its own kind (套餐); with `best_effort` what can be had is delivered."""

    delivery: ClassVar[Delivery] = Delivery.COMPONENTS
    stock: ClassVar[Stock] = Stock.COMPONENTS
    account: ClassVar[Asks] = Asks.MAY

    best_effort: bool = False

    def refund(self, progress: Progress) -> Refund:
        """The allocated price of the components that were not delivered; each goes by its own kind."""
        left = progress.units - progress.delivered
        return Refund(left, progress.units, Goods.BY_COMPONENT, None if left else "All of it was delivered.")
