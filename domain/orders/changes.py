"""How what would be bought now differs from what was quoted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.money import Money


class ChangeKind(StrEnum):
    """What about a SKU is not as it was quoted."""

    PRICE = "PRICE"
    QUANTITY = "QUANTITY"
    NOT_QUOTED = "NOT_QUOTED"
    NOT_ORDERED = "NOT_ORDERED"
    NOT_AVAILABLE = "NOT_AVAILABLE"


@dataclass(frozen=True, slots=True)
class QuoteChange:
    """One difference; what does not concern its kind is None."""

    sku: str
    kind: ChangeKind
    quoted_price: Money | None = None
    current_price: Money | None = None
    quoted_quantity: int | None = None
    ordered_quantity: int | None = None
