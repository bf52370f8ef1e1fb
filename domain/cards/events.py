"""What happens to cards, for feeds and webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from domain.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CardStatusChanged(Event):
    """A sold card took a step; the channel is the one that sold it, the customer the one who owns it.

    Steps in stock are in the card's trace only: a card that is not sold is nobody's yet, and may go back.
    """

    kind: ClassVar[str] = "card.status"

    from_state: str | None
    to_state: str
    sku: str
    order_id: UUID | None = None

    def payload(self) -> dict[str, Any]:
        """The two states, and what and whose it is."""
        return {
            "from": self.from_state,
            "to": self.to_state,
            "sku": self.sku,
            "order_id": None if self.order_id is None else str(self.order_id),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class StockAllocated(Event):
    """Stock went from a channel to its child, the aggregate, or back where the quantity is negative."""

    kind: ClassVar[str] = "stock.allocated"

    sku: str
    quantity: int
    granted: int

    def payload(self) -> dict[str, Any]:
        """What moved, and what the child was given in all."""
        return {"sku": self.sku, "quantity": self.quantity, "granted": self.granted}
