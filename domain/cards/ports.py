"""What use cases of cards write and read, and what other areas ask of the stock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.cards.terms import CardTerms


@dataclass(frozen=True, slots=True)
class Demand:
    """What one fulfilment takes out of stock."""

    fulfilment_id: UUID
    order_id: UUID
    order_line_id: UUID
    variant_id: UUID
    sku: str
    kind: str
    pool_id: UUID | None
    """The channel whose stock it comes from; None for kinds without stock."""
    quantity: int
    channel_id: UUID
    """The selling channel."""
    customer_id: UUID | None


class CardStock(Protocol):
    """Stock in one transaction. The gate: stock levels are locked in key order, then quotas, then cards."""

    @property
    def terms(self) -> CardTerms:
        """The settings that dealing with cards follows."""

    async def reserve(self, demands: Sequence[Demand], caller: Caller) -> None:
        """Take what an order needs: cards become RESERVED, counts go down, quotas on the path are used.

        Kinds without stock only use quotas. Raises StockExhausted, for the first demand that cannot be met.
        """

    async def deliver(self, fulfilment_ids: Sequence[UUID], caller: Caller) -> None:
        """The reserved cards are sold and the buyer's: RESERVED → SOLD → DELIVERED."""

    async def release(self, fulfilment_ids: Sequence[UUID], caller: Caller, reason: str) -> None:
        """Everything reserved goes back to where it was: cards, counts and quotas. Once for a fulfilment."""

    async def assign_customer(self, order_ids: Sequence[UUID], customer_id: UUID) -> None:
        """The cards of guest orders become a customer's."""
