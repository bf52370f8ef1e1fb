"""Credit that a supplier puts on the buyer's account, with nothing of it in stock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from domain.catalog.fulfilment import Asks, Delivery, Goods, ProductKind, Progress, Refund


@dataclass(frozen=True)
class DirectTopup(ProductKind):
    """An upstream supplier credits the account that the buyer names (直充); `supplier` says which one."""

    delivery: ClassVar[Delivery] = Delivery.SUPPLIER
    account: ClassVar[Asks] = Asks.MUST

    supplier: str = "sandbox"

    def refund(self, progress: Progress) -> Refund:
        """Pro rata of what was not charged."""
        left = progress.units - progress.delivered
        return Refund(left, progress.units, Goods.NOTHING, None if left else "All of it was credited.")
