"""A right to so many uses, for goods that are consumed one call at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from domain.catalog.fulfilment import Delivery, Goods, ProductKind, Progress, Refund


@dataclass(frozen=True)
class Metered(ProductKind):
    """An entitlement whose units are consumed one call at a time; the setting `units` says how many."""

    delivery: ClassVar[Delivery] = Delivery.ENTITLEMENT

    units: int = 1

    def __post_init__(self) -> None:
        if self.units < 1:
            raise ValueError("An entitlement has at least one unit.")

    def refund(self, progress: Progress) -> Refund:
        """Pro rata of the units that were not consumed."""
        left = progress.units - progress.used
        return Refund(left, progress.units, Goods.VOIDED, None if left else "All of it was consumed.")
